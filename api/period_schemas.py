"""Accounting periods on the wire."""

from datetime import date, datetime
from decimal import Decimal

import msgspec

from api.wire import Reply
from domain.facts.period import PeriodTotals
from domain.period import Period, available_actions
from store.recorded import Versioned


class PeriodTotalsOut(Reply):
    """What was posted in one currency: sums of invoices, and of credit notes (positive)."""

    currency: str
    invoices: int
    net: Decimal
    tax: Decimal
    gross: Decimal
    credit_notes: int
    credited_net: Decimal
    credited_tax: Decimal
    credited_gross: Decimal

    @classmethod
    def of(cls, totals: PeriodTotals) -> "PeriodTotalsOut":
        """The sums as clients see them."""
        return cls(**msgspec.structs.asdict(totals))


class PeriodOut(Reply):
    """A month of the books: Unlocked, SalesLocked, Locked or Closed.

    A month that nobody touched yet is Unlocked, at RowVersion 0. Closing puts down ``totals``, up
    to which position of the book they were summed up, and the drafts that were left.
    """

    id: str
    status: str
    reason: str | None
    totals: list[PeriodTotalsOut]
    closed_as_of: int | None
    drafts_left: list[str]
    row_version: int
    available_actions: list[str]

    @classmethod
    def of(cls, entity: Versioned[Period]) -> "PeriodOut":
        """The period as clients see it."""
        period = entity.state
        return cls(
            id=entity.id,
            status=period.status,
            reason=period.reason,
            totals=[PeriodTotalsOut.of(it) for it in period.totals],
            closed_as_of=period.as_of,
            drafts_left=list(period.drafts_left),
            row_version=entity.version,
            available_actions=list(available_actions(period if entity.version else None)),
        )


class PeriodListed(Reply):
    """A month that was touched. ``draftsLeft`` counts the drafts that closing put down."""

    id: str
    status: str
    reason: str | None
    starts_on: date | None
    closed_as_of: int | None
    drafts_left: int
    row_version: int
    created_at: datetime
    updated_at: datetime


class PeriodPage(Reply):
    """One page of periods. ``asOf`` is the book's position that the list shows."""

    items: list[PeriodListed]
    next_cursor: str | None
    as_of: int
