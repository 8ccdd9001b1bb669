"""The deliveries' summary over HTTP: how each webhook endpoint does, now and over some days."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.caller import Caller
from api.commands import Ask
from api.list_routes import followed
from api.report_request import (
    ALL_ROWS,
    Cursor,
    Format,
    PageSize,
    as_csv,
    as_page,
    cursor_after,
    page_and_rest,
    place_of,
    wants_csv,
    wrong,
)
from api.wire import Reply
from projections.delivery_report import Endpoint, Sent, summary
from projections.webhook_endpoints import FOLLOWER

FromDay = Annotated[
    date | None,
    QueryParameter(
        name="from",
        description="The first day (UTC) whose attempts count. Without it: six days before `to`.",
    ),
]
ToDay = Annotated[
    date | None,
    QueryParameter(
        name="to", description="The last day (UTC) whose attempts count. Without it: today."
    ),
]
OfEndpoint = Annotated[
    str | None,
    QueryParameter(name="endpointId", max_length=64, description="Only this endpoint."),
]

_DAYS = 7


class SentOut(Reply):
    """What waits and what failed by now, and what the attempts of the days of the report come to.

    `pending` deliveries wait to be sent or sent again; `failed` ones were given up. Of `attempts`,
    `delivered` were accepted. `successRatio` is their share, rounded down to four digits: 1.0000
    only if every attempt was accepted, null if there was none. Durations are in milliseconds.
    """

    pending: int
    failed: int
    attempts: int
    delivered: int
    failed_attempts: int
    success_ratio: Decimal | None
    mean_duration_ms: float | None
    max_duration_ms: int | None

    @classmethod
    def of(cls, sent: Sent) -> "SentOut":
        """The sums as clients see them."""
        return cls(
            pending=sent.pending,
            failed=sent.failed,
            attempts=sent.attempts,
            delivered=sent.delivered,
            failed_attempts=sent.attempts - sent.delivered,
            success_ratio=sent.success_ratio,
            mean_duration_ms=sent.mean_duration_ms,
            max_duration_ms=sent.duration_ms_max,
        )


class EndpointSentOut(Reply):
    """How a webhook endpoint does now, and how it did on the days of the report.

    `oldestPendingAt`: when the event that waits longest was recorded; of what a replay sends again,
    when that was started. `nextAttemptAt`: when something is due, at the earliest; null while
    nothing waits or nothing is sent. `failures` are those in a row, since `failingSince`; until
    `openUntil` nothing is sent because of them. `lastAttemptAt` and `lastDeliveredAt` are of any
    day. Of an endpoint that is deleted only its figures are left. For the others see the totals.
    """

    endpoint_id: str
    url: str | None
    status: Literal["Enabled", "Disabled", "Deleted"]
    disabled_reason: str | None
    pending: int
    failed: int
    oldest_pending_at: datetime | None
    next_attempt_at: datetime | None
    failures: int
    failing_since: datetime | None
    open_until: datetime | None
    last_attempt_at: datetime | None
    last_delivered_at: datetime | None
    attempts: int
    delivered: int
    failed_attempts: int
    success_ratio: Decimal | None
    mean_duration_ms: float | None
    max_duration_ms: int | None

    @classmethod
    def of(cls, endpoint: Endpoint) -> "EndpointSentOut":
        """The endpoint as clients see it."""
        sent = SentOut.of(endpoint)
        counted = {name: getattr(sent, name) for name in SentOut.__struct_fields__}
        alike = set(cls.__struct_fields__) - counted.keys() - {"endpoint_id"}
        own = {name: getattr(endpoint, name) for name in alike}
        return cls(endpoint_id=endpoint.id, **own, **counted)


class DeliveryReport(Reply):
    """Webhook endpoints, in the order in which they were made, from day to day, both included.

    `totals` are over all of them, whatever page this is. `asOf` is the position of the log up to
    which events were planned for endpoints.
    """

    from_: date = msgspec.field(name="from")
    to: date
    as_of: int
    items: list[EndpointSentOut]
    totals: SentOut
    next_cursor: str | None


@get(
    "/api/reports/deliveries",
    operation_id="getDeliveryReport",
    summary="Deliveries' summary",
    tags=["Reports"],
    opt={"scope": "read", "streams": "text/csv"},
)
async def delivery_report(
    request: Ask,
    caller: NamedDependency[Caller],
    first: FromDay = None,
    last: ToDay = None,
    endpoint_id: OfEndpoint = None,
    limit: PageSize = 200,
    cursor: Cursor = None,
    format_: Format = None,
) -> Response[DeliveryReport]:
    """What waits, what failed and how webhooks were received, by endpoint.

    Days are those of UTC, and of the world also where a sandbox's clock was set. Figures stay when
    the attempts themselves are no longer kept.
    """
    everything = wants_csv(request, format_)
    size = ALL_ROWS if everything else limit
    place = place_of(cursor, tuple[str])
    days = _days(first, last)
    _, reached = await followed(caller, FOLLOWER)
    found = await summary(
        caller.doors.pool,
        caller.book_id,
        days,
        endpoint_id=endpoint_id,
        after=place[0] if place else "",
        limit=size + 1,
    )
    rows, end = page_and_rest(found.endpoints, size)
    items = [EndpointSentOut.of(it) for it in rows]
    if everything:
        return as_csv(f"deliveries-{days[0]}-{days[1]}", EndpointSentOut, items)
    following = cursor_after(end.id) if end else None
    report = DeliveryReport(
        from_=days[0],
        to=days[1],
        as_of=reached,
        items=items,
        totals=SentOut.of(found.totals),
        next_cursor=following,
    )
    return as_page(request, report, following)


def _days(first: date | None, last: date | None) -> tuple[date, date]:
    """The days of the report.

    Raises:
        Problem: 400 when the last day is before the first.
    """
    to = last or datetime.now(UTC).date()
    before = min(_DAYS - 1, (to - date.min).days)
    start = first or to - timedelta(days=before)
    if to < start:
        raise wrong("to", "out-of-range", f"It must not be before the first day, {start}.")
    return start, to
