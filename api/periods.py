"""Accounting periods over HTTP."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from api.allocation_schemas import OptionalReasonIn, ReasonIn
from api.caller import Caller
from api.commands import Ask
from api.customer_schemas import Transition
from api.editing import ADMINISTER, AUDIT, READ, By, Editing, shown
from api.history import After, EventPage, Limit, Order, history
from api.list_contract import list_operation
from api.list_routes import followed, listed, members_of
from api.period_schemas import PeriodListed, PeriodOut, PeriodPage
from api.problems import Problem
from api.row_version import AsOf
from domain import period as decisions
from domain.aggregate import Change, Read, Stream
from domain.credit_note import CREDIT_NOTE
from domain.errors import NotFound
from domain.facts.period import PeriodTotals
from domain.invoice import INVOICE
from domain.period import PERIOD, Period
from projections.period_list import LISTING
from projections.postings import drafts_dated_in, period_totals

_CLOSE = {**ADMINISTER, "problems": (*ADMINISTER["problems"], "read-model-behind")}
_KINDS = {it.name: it for it in (INVOICE, CREDIT_NOTE)}

PeriodInPath = Annotated[
    str,
    PathParameter(
        pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])(?![\s\S])",
        max_length=7,
        description="A month, such as 2026-11.",
    ),
]
ListDrafts = Annotated[
    bool,
    QueryParameter(
        name="listDrafts",
        description="Close although drafts are dated in the period, and put their ids down.",
    ),
]


class PeriodController(Controller):
    """Months of the books. A date in a month that is locked is refused, and never moved."""

    path = "/api/periods"
    tags = ["Periods"]  # noqa: RUF012 - Litestar reads it from the class

    @get(
        "/",
        operation_id="listPeriods",
        summary="List periods",
        opt=READ,
        operation_class=list_operation(LISTING, members_of(PeriodListed)),
    )
    async def list_periods(self, request: Ask, caller: By) -> Response[PeriodPage]:
        """Every month that was touched, the latest first unless ``sort`` says otherwise."""
        return await listed(request, caller, LISTING, PeriodListed)

    @get("/{period:str}", operation_id="getPeriod", summary="Get a period", opt=READ)
    async def get_period(
        self, caller: By, period: PeriodInPath, as_of: AsOf = None
    ) -> Response[PeriodOut]:
        """The month as it is now or was then; one that nobody touched yet is Unlocked."""
        return await shown(caller, PERIOD(period), as_of, PeriodOut.of, absent=Period())

    @post(
        "/{period:str}/open",
        operation_id="openPeriod",
        summary="Open",
        opt=ADMINISTER,
        status_code=200,
    )
    async def open_period(
        self, edit: Editing, period: PeriodInPath, data: JSONBody[Transition | None] = None
    ) -> Response[PeriodOut]:
        """Set the month up, where the settings require periods."""
        seen = (data or Transition()).row_version

        def decide(read: Read) -> list[Change]:
            return [(PERIOD(period), decisions.open_period(read(PERIOD(period))))]

        return await edit.change(PERIOD(period), decide, PeriodOut.of, seen=seen)

    @post(
        "/{period:str}/lock-sales",
        operation_id="lockSales",
        summary="Lock sales",
        opt=ADMINISTER,
        status_code=200,
    )
    async def lock_sales(
        self,
        edit: Editing,
        period: PeriodInPath,
        data: JSONBody[OptionalReasonIn | None] = None,
    ) -> Response[PeriodOut]:
        """Let no invoice or credit note be dated in the month any more; payments still can."""
        body = data or OptionalReasonIn()

        def decide(read: Read) -> list[Change]:
            facts = decisions.lock_sales(read(PERIOD(period)), reason=body.reason)
            return [(PERIOD(period), facts)]

        return await edit.change(PERIOD(period), decide, PeriodOut.of, seen=body.row_version)

    @post(
        "/{period:str}/lock",
        operation_id="lockPeriod",
        summary="Lock",
        opt=ADMINISTER,
        status_code=200,
    )
    async def lock_period(
        self,
        edit: Editing,
        period: PeriodInPath,
        data: JSONBody[OptionalReasonIn | None] = None,
    ) -> Response[PeriodOut]:
        """Let nothing be dated in the month any more."""
        body = data or OptionalReasonIn()

        def decide(read: Read) -> list[Change]:
            facts = decisions.lock(read(PERIOD(period)), reason=body.reason)
            return [(PERIOD(period), facts)]

        return await edit.change(PERIOD(period), decide, PeriodOut.of, seen=body.row_version)

    @post(
        "/{period:str}/reopen",
        operation_id="reopenPeriod",
        summary="Reopen",
        opt=ADMINISTER,
        status_code=200,
    )
    async def reopen_period(
        self, edit: Editing, period: PeriodInPath, data: JSONBody[ReasonIn]
    ) -> Response[PeriodOut]:
        """Take the lock off. A closed period stays closed."""

        def decide(read: Read) -> list[Change]:
            facts = decisions.reopen(read(PERIOD(period)), reason=data.reason)
            return [(PERIOD(period), facts)]

        return await edit.change(PERIOD(period), decide, PeriodOut.of, seen=data.row_version)

    @post(
        "/{period:str}/close",
        operation_id="closePeriod",
        summary="Close",
        opt=_CLOSE,
        status_code=200,
    )
    async def close_period(
        self,
        edit: Editing,
        period: PeriodInPath,
        data: JSONBody[Transition | None] = None,
        list_drafts: ListDrafts = False,  # noqa: FBT002 - Litestar calls by keyword
    ) -> Response[PeriodOut]:
        """Close a locked month for good, and put down what was posted in it.

        Drafts dated in it are named and hinder closing, unless ``listDrafts`` puts them down.
        """
        seen = edit.seen((data or Transition()).row_version)
        if seen is None:
            # The sums are those of the lock that is looked at now, whatever the client has seen.
            seen = await _version(edit.caller, period)
        totals, as_of, drafts = await _posted(edit.caller, period)

        def decide(read: Read) -> list[Change]:
            return decisions.close(
                read, period, totals=totals, as_of=as_of, drafts=drafts, list_drafts=list_drafts
            )

        pinned = msgspec.structs.replace(edit, if_match=f'"{seen}"')
        return await pinned.change(PERIOD(period), decide, PeriodOut.of)

    @get(
        "/{period:str}/events",
        operation_id="listPeriodEvents",
        summary="History",
        opt=AUDIT,
    )
    async def list_period_events(
        self,
        caller: By,
        period: PeriodInPath,
        after: After = 0,
        limit: Limit = 50,
        order: Order = "asc",
    ) -> EventPage:
        """Every event of the month, in order: who locked it and why."""
        return await history(caller, PERIOD(period), after, limit, order, always=True)


async def _version(caller: Caller, period: str) -> int:
    try:
        return (await caller.books.get(caller.book_id, PERIOD(period))).version
    except NotFound:
        return 0


async def _posted(
    caller: Caller, period: str
) -> tuple[tuple[PeriodTotals, ...], int, list[Stream[Any]]]:
    """The sums of what was posted in the month, up to which position, and the drafts in it.

    The lock stands before the book's head, so that nothing can come to the month after it.

    Raises:
        Problem: The read models do not show the head yet.
    """
    head, reached = await followed(caller)
    if reached < head:
        detail = f"The read models are at position {reached} of {head}: try again in a moment."
        raise Problem("read-model-behind", detail)
    pool, book_id = caller.doors.pool, caller.book_id
    totals = await period_totals(pool, book_id, period)
    drafts = await drafts_dated_in(pool, book_id, period)
    return totals, reached, [_KINDS[kind](id_) for kind, id_ in drafts]
