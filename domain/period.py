"""Accounting period: a calendar month. State, decisions, evolve.

A date in a period that is locked is refused and never moved: who locked it relies on that.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias, assert_never

import msgspec

from domain.aggregate import Aggregate, Change, Fact, Read, Stream
from domain.book_settings import settings_of
from domain.errors import NotAllowed, NotFound, RuleBroken, Violation
from domain.facts.period import (
    PeriodClosed,
    PeriodLocked,
    PeriodOpened,
    PeriodReopened,
    PeriodSalesLocked,
    PeriodTotals,
)

# ---------------------------------------------------------------- state


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A month of the books. What closing puts down is empty until then."""

    status: str = "Unlocked"
    reason: str | None = None
    totals: tuple[PeriodTotals, ...] = ()
    as_of: int | None = None
    drafts_left: tuple[str, ...] = ()


class Dated(Protocol):
    """A document as a period sees it: an invoice or a credit note."""

    @property
    def status(self) -> str:
        """Where it is in its life."""
        ...

    @property
    def issue_date(self) -> date | None:
        """The date on the document."""
        ...

    @property
    def accounting_date(self) -> date | None:
        """The date in the books; null: that of the document."""
        ...


STATUSES = ("Unlocked", "SalesLocked", "Locked", "Closed")

COMMANDS = MappingProxyType(
    {
        "open": (),
        "lockSales": ("Unlocked",),
        "lock": ("Unlocked", "SalesLocked"),
        "reopen": ("SalesLocked", "Locked"),
        "close": ("Locked",),
    }
)
"""In which status a command is allowed: the table behind refusals and ``availableActions``."""

_UNPOSTED = frozenset({"Draft", "Approved"})


def period_of(dated: date) -> str:
    """The id of the period in which a date lies, such as ``2026-11``."""
    return f"{dated.year:04d}-{dated.month:02d}"


def is_period(period_id: str) -> bool:
    """Whether this is the id of a month."""
    return re.fullmatch(r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])", period_id) is not None


def available_actions(period: Period | None) -> tuple[str, ...]:
    """The commands that the period accepts now; a month that was never set up is unlocked."""
    status = period.status if period else "Unlocked"
    allowed = tuple(command for command, statuses in COMMANDS.items() if status in statuses)
    return allowed if period else ("open", *allowed)


# ---------------------------------------------------------------- decisions


def open_period(period: Period | None) -> list[Fact]:
    """Set the period up, so that documents can be dated in it."""
    if period is not None:
        actions = available_actions(period)
        detail = f"The period is set up already and {period.status}."
        raise NotAllowed(detail, actions=actions)
    return [PeriodOpened()]


def lock_sales(period: Period | None, *, reason: str | None = None) -> list[Fact]:
    """Let no invoice or credit note be dated in the period any more; payments still can."""
    _guard(period, "lockSales")
    return [*_set_up(period), PeriodSalesLocked(reason=reason)]


def lock(period: Period | None, *, reason: str | None = None) -> list[Fact]:
    """Let nothing be dated in the period any more."""
    _guard(period, "lock")
    return [*_set_up(period), PeriodLocked(reason=reason)]


def reopen(period: Period | None, *, reason: str) -> list[Fact]:
    """Take the lock off. A closed period stays closed."""
    _guard(period, "reopen")
    return [PeriodReopened(reason=reason)]


def close(
    read: Read,
    period_id: str,
    *,
    totals: tuple[PeriodTotals, ...],
    as_of: int,
    drafts: Sequence[Stream[Any]] = (),
    list_drafts: bool = False,
) -> list[Change]:
    """Close a locked period for good, with the sums of what was posted in it.

    ``drafts`` are the documents that the caller found dated in the period and not posted. Each is
    looked at again: those that are posted, gone or dated elsewhere by now do not count. While any
    is left, closing is refused, unless ``list_drafts`` asks to put them down.
    ``as_of`` is the position up to which the caller summed up ``totals``, after the lock.

    Raises:
        NotFound: This is no month.
        NotAllowed: The period is not locked.
        RuleBroken: Drafts are left; all are named.
    """
    if not is_period(period_id):
        raise NotFound("period", period_id)
    _guard(read(PERIOD(period_id)), "close")
    left = tuple(draft for draft in drafts if _is_left(read(draft), period_id))
    if left and not list_drafts:
        raise RuleBroken(tuple(_left(draft, period_id) for draft in left))
    ids = tuple(draft.id for draft in left)
    return [(PERIOD(period_id), [PeriodClosed(totals=totals, as_of=as_of, drafts_left=ids)])]


def check(
    read: Read, dated: date, *, sales: bool, pointer: str = "/accountingDate"
) -> Iterator[Violation]:
    """P11: what is dated so stands in a period that is not locked; ``sales``: an invoice or credit.

    A month that was never set up is open, unless the book's settings require periods.
    """
    period_id = period_of(dated)
    period = read(PERIOD(period_id))
    if period is None:
        if settings_of(read).periods_required:
            detail = f"There is no period {period_id}: open it, or take a date in another one."
            yield Violation("P11", pointer, detail)
    elif period.status in {"Locked", "Closed"} or (sales and period.status == "SalesLocked"):
        detail = f"The period {period_id} is {period.status}: take a date in an open one."
        yield Violation("P11", pointer, detail)


def _guard(period: Period | None, command: str) -> None:
    actions = available_actions(period)
    if command in actions:
        return
    status = period.status if period else "not set up"
    detail = (
        f"The command {command!r} is not possible while the period is {status}. "
        f"Possible now: {', '.join(actions) or 'nothing, a closed period stays closed'}."
    )
    raise NotAllowed(detail, actions=actions)


def _set_up(period: Period | None) -> list[Fact]:
    return [] if period else [PeriodOpened()]


def _is_left(draft: Dated | None, period_id: str) -> bool:
    if draft is None or draft.status not in _UNPOSTED:
        return False
    dated = draft.accounting_date or draft.issue_date
    return dated is not None and period_of(dated) == period_id


def _left(draft: Stream[Any], period_id: str) -> Violation:
    detail = (
        f"{draft.id} is dated in {period_id} and not posted: post it, date it elsewhere, delete "
        "it, or ask to list the drafts that are left."
    )
    return Violation("P11", "/drafts", detail)


# ---------------------------------------------------------------- evolve

PeriodFact: TypeAlias = (
    PeriodOpened | PeriodSalesLocked | PeriodLocked | PeriodReopened | PeriodClosed
)


def evolve(period: Period | None, fact: PeriodFact) -> Period:
    """The period after the fact."""
    before = period or Period()
    match fact:
        case PeriodOpened():
            return before
        case PeriodSalesLocked():
            return Period(status="SalesLocked", reason=fact.reason)
        case PeriodLocked():
            return Period(status="Locked", reason=fact.reason)
        case PeriodReopened():
            return Period(status="Unlocked", reason=fact.reason)
        case PeriodClosed():
            return msgspec.structs.replace(
                before,
                status="Closed",
                totals=fact.totals,
                as_of=fact.as_of,
                drafts_left=fact.drafts_left,
            )
        case _:
            assert_never(fact)


PERIOD: Aggregate[Period] = Aggregate("period", evolve)
