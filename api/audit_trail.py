"""The audit trail over HTTP: who did what when, in words."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.caller import Caller
from api.commands import Ask
from api.list_contract import CONSISTENCY, list_operation
from api.list_routes import followed, members_of, wanted_position
from api.lists import page_of, parse_list
from api.report_request import Format, as_csv, as_page, moment_of, wants_csv
from api.report_schemas import AuditOut, AuditPage
from projections.audit_trail import LISTING, events_at
from projections.filters import Condition
from projections.moment import position_at
from projections.page import fetch_page
from projections.sentences import sentence

Since = Annotated[
    str | None,
    QueryParameter(
        name="from",
        max_length=40,
        description="Only what was recorded at this instant (RFC 3339), or position, or later.",
    ),
]
Until = Annotated[
    str | None,
    QueryParameter(
        name="to",
        max_length=40,
        description="Only what was recorded up to this instant (RFC 3339) or position.",
    ),
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
    opt={"scope": "audit", "streams": "text/csv"},
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
        also=("from", "to", "format", CONSISTENCY),
    )
    _, shown = await followed(caller, wanted=wanted_position(request, asked))
    within = [
        *await _bound(caller, "gte", moment_of("from", since)),
        *await _bound(caller, "lte", moment_of("to", until)),
    ]
    query = msgspec.structs.replace(asked.query, where=(*asked.query.where, *within))
    found = await fetch_page(doors.pool, LISTING, caller.book_id, query)
    events = await events_at(doors.pool, caller.book_id, [it["position"] for it in found.rows])
    items = [
        AuditOut.of(event, sentence(event.fact))
        for event in (events[it["position"]] for it in found.rows)
    ]
    if wants_csv(request, format_):
        return as_csv("audit-trail", AuditOut, items)
    page: Any = page_of(asked, items, found.last, doors.cursors, as_of=shown)
    return as_page(request, page, page.next_cursor)


async def _bound(
    caller: Caller, operator: Literal["gte", "lte"], moment: int | datetime | None
) -> list[Condition]:
    """The events from a moment on, or up to it, by their positions."""
    if moment is None:
        return []
    if isinstance(moment, datetime):
        first = operator == "gte" and moment > _FIRST
        # What was recorded from an instant on begins behind what had been recorded just before it.
        seen = await position_at(
            caller.doors.pool, caller.book_id, moment - _TICK if first else moment
        )
        moment = seen + 1 if first else seen
    return [Condition(_POSITION, operator, (moment,))]
