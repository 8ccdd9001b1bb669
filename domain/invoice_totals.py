"""The sums of an invoice, by the rules of EN 16931.

A line's net is rounded once (BR-CO-10); tax is computed per group on the *sum* of that group's
lines and rounded once (BR-CO-14, BR-CO-17); a tax summed from rounded lines often differs by cents.
Where prices include tax, what is to be paid is fixed, and the tax is computed out of it.
"""

from decimal import Decimal

import msgspec

from domain.amounts.buckets import buckets
from domain.amounts.document import Amounts, Document, Memo
from domain.amounts.plain import plain_amounts
from domain.amounts.portions import portions
from domain.amounts.summing import converted, fixed_taxes, group_sums, summed
from domain.facts.invoice_parts import Totals
from domain.money import EXPONENTS, of_minor_units


def totals(invoice: Document, base_currency: str | None = None) -> Totals:
    """The sums as posted; for a draft, the sums of what is there so far: see ``amounts``."""
    if invoice.posted_totals is not None:
        return invoice.posted_totals
    return amounts(invoice, base_currency).totals


def line_nets(invoice: Document) -> tuple[Decimal, ...]:
    """The net of each line as posted, or so far; of comments and inside of packages, zero."""
    return invoice.posted_nets or amounts(invoice).nets


def amounts(invoice: Document, base_currency: str | None = None) -> Amounts:
    """Line nets and sums at once: as posted; for a draft, of what is there so far.

    A draft never fails: without a valid currency it has two digits, and lines that lack quantity
    or price count nothing yet. With ``base_currency``, the book's, the sums of a document in
    another currency are given in it too, as soon as the rate and its day are known.
    """
    if invoice.posted_totals is not None and len(invoice.posted_nets) == len(invoice.lines):
        return Amounts(invoice.posted_nets, invoice.posted_totals)
    computed = _computed(invoice)
    if invoice.posted_totals is not None:
        return Amounts(computed.nets, invoice.posted_totals)
    rate, rate_date = invoice.exchange_rate, invoice.exchange_date or invoice.issue_date
    if base_currency not in EXPONENTS or base_currency == invoice.currency:
        return computed
    if rate is None or rate_date is None:
        return computed
    base = converted(computed.totals, base_currency, rate, rate_date)
    return Amounts(computed.nets, msgspec.structs.replace(computed.totals, base=base))


def _computed(invoice: Document) -> Amounts:
    """The amounts, or those that were computed before of the same."""
    memo: Memo | None = getattr(invoice, "remembered", None)
    rest = (
        invoice.currency,
        invoice.price_includes_tax,
        invoice.discount_percent,
        invoice.discount_amount,
        invoice.charge_percent,
        invoice.charge_amount,
        invoice.overrides,
    )
    known = memo is not None and memo.lines is invoice.lines and memo.rest == rest
    if memo is not None and memo.amounts is not None and known:
        return memo.amounts
    computed = plain_amounts(invoice) or any_amounts(invoice)
    if memo is not None:
        memo.lines, memo.rest, memo.amounts = invoice.lines, rest, computed
    return computed


def any_amounts(invoice: Document) -> Amounts:
    """The amounts of any document, from its buckets."""
    found = buckets(invoice, portions(invoice))
    nets = [0] * len(invoice.lines)
    for bucket in found:
        for portion, net in zip(bucket.portions, bucket.nets, strict=True):
            nets[portion.line] += net
    sums = group_sums(found)
    return Amounts(
        tuple(of_minor_units(it, invoice.currency) for it in nets),
        summed(found, invoice, sums, fixed_taxes(sums, invoice)),
    )
