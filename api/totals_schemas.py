"""Sums of documents on the wire."""

from datetime import date
from decimal import Decimal
from operator import attrgetter

from api.wire import Reply
from domain.facts.invoice_parts import Totals


class TaxOut(Reply):
    """Tax of one category, rate and exemption, computed on the sum of its lines, rounded once.

    ``override`` is the reason why it was set by hand instead, or null.
    """

    category: str
    rate: Decimal
    base: Decimal
    amount: Decimal
    exemption_code: str | None
    exemption_text: str | None
    override: str | None


class BaseTotalsOut(Reply):
    """The sums in the book's currency, each converted once at ``rate``."""

    currency: str
    rate: Decimal
    rate_date: date
    net: Decimal
    tax: Decimal
    gross: Decimal


class TotalsOut(Reply):
    """``lines`` - ``discount`` + ``charge`` = ``net``; ``net`` + ``tax`` = ``gross``.

    All are in the document's currency; ``base`` has them in the book's, where that is another one.
    """

    lines: Decimal
    discount: Decimal
    charge: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    taxes: list[TaxOut]
    base: BaseTotalsOut | None


_tax_values = attrgetter(*TaxOut.__struct_fields__)
_base_values = attrgetter(*BaseTotalsOut.__struct_fields__)


def totals_out(sums: Totals) -> TotalsOut:
    """The sums as clients see them."""
    return TotalsOut(
        sums.lines,
        sums.discount,
        sums.charge,
        sums.net,
        sums.tax,
        sums.gross,
        [TaxOut(*_tax_values(it)) for it in sums.taxes],
        None if sums.base is None else BaseTotalsOut(*_base_values(sums.base)),
    )
