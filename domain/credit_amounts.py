"""The amounts of a credit note, so that crediting in any number of steps sums to the invoice.

``credit_amounts(invoice, wanted)`` gives the sums and the line nets of a credit note over lines of
a posted invoice. What earlier credit notes took back stands in ``invoice.credits``; those without
lines (flat ones) are left out of account. ``flat_totals(flat, currency)`` are the sums of a flat
credit.
"""

from collections.abc import Sequence

import msgspec

from domain.facts.credit_note import CreditLine, FlatAmount
from domain.facts.invoice_life import Credited
from domain.facts.invoice_parts import Totals
from domain.invoice import Invoice


class CreditAmounts(msgspec.Struct, frozen=True):
    """What a credit note comes to: its sums, and each wanted line with its net, in that order."""

    totals: Totals
    lines: tuple[Credited, ...]


def credit_amounts(invoice: Invoice, wanted: Sequence[CreditLine]) -> CreditAmounts:
    """The amounts of crediting these quantities of these lines now."""
    raise NotImplementedError


def flat_totals(flat: FlatAmount, currency: str | None) -> Totals:
    """The sums of a flat credit: its amount, and tax on it."""
    raise NotImplementedError
