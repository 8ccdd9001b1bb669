"""The amounts of credit notes. Crediting an invoice in any number of steps sums to the invoice.

``credit_amounts(invoice, wanted)`` gives the sums and the line nets of a credit note over lines of
a posted invoice. What earlier credit notes took back stands in ``invoice.credits``; those without
lines (flat ones) are left out of account. ``uncredited(invoice)`` is what is left to credit, and
``flat_totals(flat, currency)`` are the sums of a flat credit.

A credit note gets what all that is credited comes to so far, less what was credited before. So the
step that completes a line takes the rest of its net, and the one that completes the invoice takes
the rest of every tax and sum.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

import msgspec

from domain.amounts.document import Document, groups_of
from domain.amounts.packages import billed_lines
from domain.amounts.partial import Part, part_of
from domain.amounts.plain import sums_by_taxes
from domain.amounts.summing import converted, less
from domain.facts.credit_note import CreditLine, FlatAmount
from domain.facts.invoice_life import Credited
from domain.facts.invoice_parts import Totals
from domain.facts.lines import BilledLine
from domain.invoice_totals import line_nets
from domain.money import ZERO, difference, rounded, total

_NOTHING = Fraction(0)
_WHOLE = Fraction(1)


class EarlierCredit(Protocol):
    """A credit note over the same invoice that stands."""

    @property
    def lines(self) -> tuple[Credited, ...]:
        """What it took back of the lines; nothing if it is flat."""

    @property
    def totals(self) -> Totals | None:
        """Its sums."""


class CreditedDocument(Document, Protocol):
    """A posted invoice, and what credit notes took back of it."""

    @property
    def credits(self) -> Sequence[EarlierCredit]:
        """The credit notes that stand, in the order of their posting."""


class CreditAmounts(msgspec.Struct, frozen=True):
    """What a credit note comes to: its sums, and each wanted line with its net, in that order."""

    totals: Totals
    lines: tuple[Credited, ...]


def credit_amounts(invoice: CreditedDocument, wanted: Sequence[CreditLine]) -> CreditAmounts:
    """The amounts of crediting these quantities of these lines now.

    Lines that the invoice does not have count nothing. More than is left is not refused here.
    """
    before = [it for it in invoice.credits if it.lines]
    taken = [line for credit in before for line in credit.lines]
    taken_nets = _sums((it.line_id, it.net) for it in taken)
    asked = _sums((it.line_id, it.quantity) for it in wanted)
    quantities = _sums([*((it.line_id, it.quantity) for it in taken), *asked.items()])
    known = {id_: net for id_, net in taken_nets.items() if id_ not in asked}
    part = _so_far(invoice, quantities, known)
    nets = {line.id: part.nets.get(index) for index, line in enumerate(invoice.lines)}
    lines = tuple(
        Credited(
            line_id=id_,
            quantity=quantity,
            net=rounded(
                difference(nets.get(id_) or ZERO, taken_nets.get(id_, ZERO)), invoice.currency
            ),
        )
        for id_, quantity in asked.items()
    )
    touched = {
        group
        for index, groups in part.groups.items()
        if invoice.lines[index].id in asked
        for group in groups
    }
    return CreditAmounts(less(part.totals, [it.totals for it in before], touched), lines)


def uncredited(invoice: CreditedDocument) -> tuple[CreditLine, ...]:
    """What of each line no credit note took back yet."""
    taken = _sums((line.line_id, line.quantity) for it in invoice.credits for line in it.lines)
    left = (
        CreditLine(
            line_id=line.id, quantity=difference(line.quantity or ZERO, taken.get(line.id, ZERO))
        )
        for line in billed_lines(invoice.lines).values()
    )
    return tuple(it for it in left if it.quantity)


def flat_totals(flat: FlatAmount, currency: str | None) -> Totals:
    """The sums of a flat credit: its amount, and its taxes on top of it."""
    return sums_by_taxes({groups_of(flat.taxes): [rounded(flat.amount, currency)]}, currency)


def _so_far(
    invoice: CreditedDocument, quantities: Mapping[str, Decimal], known: Mapping[str, Decimal]
) -> Part:
    """What these quantities come to: of all lines, what was posted."""
    posted = invoice.posted_totals
    assert posted is not None, "only a posted invoice is credited"
    billed = billed_lines(invoice.lines)
    shares = {index: _share(line, quantities.get(line.id)) for index, line in billed.items()}
    nets = {index: known[line.id] for index, line in billed.items() if line.id in known}
    part = part_of(invoice, shares, nets)
    if all(it == _WHOLE for index, it in shares.items() if billed[index].quantity):
        return Part(dict(enumerate(line_nets(invoice))), part.groups, posted)
    if posted.base is None:
        return part
    base = converted(part.totals, posted.base.currency, posted.base.rate, posted.base.rate_date)
    return Part(part.nets, part.groups, msgspec.structs.replace(part.totals, base=base))


def _share(line: BilledLine, quantity: Decimal | None) -> Fraction:
    """How much of the line these are."""
    if not quantity or not line.quantity:
        return _NOTHING
    return Fraction(Fraction(quantity), Fraction(line.quantity))


def _sums(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for id_, amount in amounts:
        sums[id_] = total([sums.get(id_, ZERO), amount])
    return sums
