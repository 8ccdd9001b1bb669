"""What can happen to an accounting period. The storage format: see ``domain.aggregate.Fact``."""

from decimal import Decimal

import msgspec

from domain.aggregate import Fact


class PeriodTotals(msgspec.Struct, frozen=True, kw_only=True):
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


class PeriodOpened(Fact, frozen=True, kw_only=True):
    """The period was set up; documents can be dated in it."""

    TOPIC = "period.opened"


class PeriodSalesLocked(Fact, frozen=True, kw_only=True):
    """No invoice or credit note can be dated in the period any more; payments still can."""

    TOPIC = "period.sales_locked"

    reason: str | None = None


class PeriodLocked(Fact, frozen=True, kw_only=True):
    """Nothing can be dated in the period any more."""

    TOPIC = "period.locked"

    reason: str | None = None


class PeriodReopened(Fact, frozen=True, kw_only=True):
    """The lock was taken off."""

    TOPIC = "period.reopened"

    reason: str


class PeriodClosed(Fact, frozen=True, kw_only=True):
    """The period is closed for good. ``drafts_left`` are drafts dated in it, which cannot post.

    ``as_of`` is the book's position up to which ``totals`` were computed, after the lock.
    """

    TOPIC = "period.closed"

    totals: tuple[PeriodTotals, ...]
    as_of: int
    drafts_left: tuple[str, ...] = ()
