"""The sums of an invoice, by the rules of EN 16931.

A line's net is rounded once (BR-CO-10); tax is computed per rate on the *sum* of that rate's lines
and rounded once (BR-CO-14, BR-CO-17); a tax summed from rounded lines often differs by cents.
"""

from collections.abc import Sequence
from decimal import Decimal

from domain.facts.invoice import Line, TaxTotal, Totals
from domain.invoice import Invoice
from domain.money import ZERO, product, rounded, total

_PERCENT = Decimal("0.01")


def line_net(line: Line, currency: str | None) -> Decimal:
    """Quantity times price, rounded once; zero while a draft lacks either."""
    if line.quantity is None or line.unit_price is None:
        return rounded(ZERO, currency)
    return rounded(product(line.quantity, line.unit_price), currency)


def line_nets(invoice: Invoice) -> list[Decimal]:
    """The net of each line, in order."""
    return [line_net(line, invoice.currency) for line in invoice.lines]


def totals(invoice: Invoice, nets: Sequence[Decimal] | None = None) -> Totals:
    """The sums as posted; for a draft, the sums of what is there so far.

    ``nets`` are the invoice's ``line_nets``, for those who have computed them already.
    """
    if invoice.posted_totals is not None:
        return invoice.posted_totals
    bases: dict[Decimal, list[Decimal]] = {}
    for line, net in zip(invoice.lines, nets or line_nets(invoice), strict=True):
        bases.setdefault(line.tax_rate or ZERO, []).append(net)
    taxes = tuple(_tax(rate, bases[rate], invoice.currency) for rate in sorted(bases))
    base = rounded(total([tax.base for tax in taxes]), invoice.currency)
    tax = rounded(total([tax.amount for tax in taxes]), invoice.currency)
    return Totals(net=base, tax=tax, gross=total([base, tax]), taxes=taxes)


def _tax(rate: Decimal, nets: list[Decimal], currency: str | None) -> TaxTotal:
    base = total(nets)
    return TaxTotal(rate=rate, base=base, amount=rounded(product(base, rate, _PERCENT), currency))
