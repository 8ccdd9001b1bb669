"""The audit trail over HTTP: who did what when, in words."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.caller import Caller
from api.clock import instant_of
from api.commands import Ask
from api.list_contract import list_operation
from api.list_routes import members_of
from api.lists import page_of, parse_list
from api.report_request import Format, as_csv, as_page, known_at, wants_csv
from api.report_schemas import AuditOut, AuditPage
from projections.audit_trail import LISTING, events_at
from projections.filters import Condition
from projections.moment import position_at
from projections.page import fetch_page
from projections.sentences import sentence

Since = Annotated[
    datetime | None,
    QueryParameter(name="from", description="Only what was recorded at this instant or later."),
]
Until = Annotated[
    datetime | None,
    QueryParameter(name="to", description="Only what was recorded up to this instant."),
]

_POSITION = LISTING.fields["position"]
_TICK = timedelta(microseconds=1)
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing was recorded before; the calendar itself ends soon before the year 1."""


@get(
    "/api/reports/audit-trail",
    operation_id="getAuditTrail",
    summary="Audit trail",
    tags=["Reports"],
    opt={"scope": "audit"},
    operation_class=list_operation(LISTING, members_of(AuditOut)),
)
async def audit_trail(
    request: Ask,
    caller: NamedDependency[Caller],
    since: Since = None,
    until: Until = None,
    format_: Format = None,
) -> Response[AuditPage]:
    """Who did what when, the latest first; filtered by actor, entity, type and time.

    `type.startswith=invoice.` gives all facts of invoices, `entityId.eq=` those of one entity.
    """
    doors = caller.doors
    asked = parse_list(
        request.scope["query_string"],
        LISTING,
        book_id=caller.book_id,
        cursors=doors.cursors,
        selectable=members_of(AuditOut),
        also=("from", "to", "format"),
    )
    known = await known_at(caller, None)
    since, until = instant_of("from", since), instant_of("to", until)
    within: list[Condition] = []
    if since is not None:
        before = await position_at(doors.pool, caller.book_id, max(since, _FIRST) - _TICK)
        within.append(Condition(_POSITION, "gt", (before,)))
    if until is not None:
        last = await position_at(doors.pool, caller.book_id, until)
        within.append(Condition(_POSITION, "lte", (last,)))
    query = msgspec.structs.replace(asked.query, where=(*asked.query.where, *within))
    found = await fetch_page(doors.pool, LISTING, caller.book_id, query)
    events = await events_at(doors.pool, caller.book_id, [it["position"] for it in found.rows])
    items = [
        AuditOut.of(event, sentence(event.fact))
        for event in (events[it["position"]] for it in found.rows)
    ]
    if wants_csv(request, format_):
        return as_csv("audit-trail", AuditOut, items)
    page: Any = page_of(asked, items, found.last, doors.cursors, as_of=known.shown)
    return as_page(request, page, page.next_cursor)
