"""What was sent to webhook endpoints: which delivery failed, and why."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from api.caller import Caller
from api.clock import instant_of
from api.delivery_schemas import (
    AttemptOut,
    AttemptPage,
    AttemptsFound,
    DeliveryOut,
    DeliveryPage,
    EventDeliveries,
    LostLeaseOut,
    LostLeases,
)
from api.history import Limit, refuse_unknown
from api.problems import Problem
from api.wire import IdInPath
from domain.errors import NotFound
from domain.facts import TOPICS
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from store.attempt_log import Asked, Place, StatusClass, find_attempts, list_attempts
from store.delivery_log import deliveries_of_event, find_delivery, list_deliveries
from store.leases import lost_leases

By = NamedDependency[Caller]
READ = {"scope": "read"}

_MAX_POSITION = 2**53
_MAX_NUMBER = 2**31

State = Annotated[
    Literal["pending", "delivered", "failed"] | None,
    QueryParameter(name="state.eq", description="Only deliveries in this state."),
]
EventType = Annotated[
    str | None,
    QueryParameter(
        name="type.eq",
        max_length=100,
        description="Only events of this type, or of a family such as invoice.*.",
    ),
]
Before = Annotated[
    int | None,
    QueryParameter(name="before", ge=1, le=2**53 - 1, description="Only positions below this."),
]
AfterNumber = Annotated[
    int,
    QueryParameter(name="after", ge=0, le=2**31 - 1, description="Only attempts after this one."),
]
AfterEndpoint = Annotated[
    str | None,
    QueryParameter(name="after", max_length=64, description="`nextAfter` of the page before."),
]
OfEndpoint = Annotated[
    str | None,
    QueryParameter(name="endpointId.eq", max_length=64, description="Only those to this endpoint."),
]
Status = Annotated[
    StatusClass | None,
    QueryParameter(name="statusClass.eq", description="Only those; none: there was no answer."),
]
Since = Annotated[
    datetime | None,
    QueryParameter(name="since", description="Only what was made at this instant or later."),
]
Until = Annotated[
    datetime | None, QueryParameter(name="until", description="Only what was made before this.")
]
PositionInPath = Annotated[
    int,
    PathParameter(ge=1, le=_MAX_POSITION - 1, description="The position of an event in its book."),
]
Cursor = Annotated[
    str | None,
    QueryParameter(name="cursor", max_length=300, description="`nextCursor` of the page before."),
]
Topics: TypeAlias = tuple[str, ...] | None


class DeliveryController(Controller):
    """The record of deliveries; an attempt is kept whether it succeeded or not."""

    path = "/api"
    tags = ["Webhooks"]  # noqa: RUF012 - Litestar reads it from the class

    @get(
        "/webhook-endpoints/{endpoint_id:str}/deliveries",
        operation_id="listDeliveries",
        summary="List deliveries",
        opt=READ,
    )
    async def list_of_endpoint(
        self,
        caller: By,
        endpoint_id: IdInPath,
        in_state: State = None,
        of_type: EventType = None,
        before: Before = None,
        limit: Limit = 50,
    ) -> DeliveryPage:
        """Deliveries to an endpoint, the newest event first."""
        found = await list_deliveries(
            caller.doors.pool,
            caller.book_id,
            endpoint_id,
            state=in_state,
            topics=_topics(of_type),
            before=before,
            limit=limit + 1,
        )
        if not found:
            await refuse_unknown(caller, WEBHOOK_ENDPOINT(endpoint_id))
        page = found[:limit]
        following = page[-1].position if len(found) > limit else None
        return DeliveryPage(items=[DeliveryOut.of(it) for it in page], next_before=following)

    @get(
        "/events/{position:int}/deliveries",
        operation_id="listDeliveriesOfEvent",
        summary="List deliveries of an event",
        opt=READ,
    )
    async def list_of_event(
        self,
        caller: By,
        position: PositionInPath,
        after: AfterEndpoint = None,
        limit: Limit = 50,
    ) -> EventDeliveries:
        """Which endpoints the event at this position was for, and what became of that."""
        head = await caller.books.head(caller.book_id)
        if not 0 < position <= head:
            raise NotFound("event", str(position))
        found = await deliveries_of_event(
            caller.doors.pool, caller.book_id, position, after=after, limit=limit + 1
        )
        page = found[:limit]
        following = page[-1].endpoint_id if len(found) > limit else None
        return EventDeliveries(items=[DeliveryOut.of(it) for it in page], next_after=following)

    @get(
        "/webhook-endpoints/{endpoint_id:str}/deliveries/{position:int}/attempts",
        operation_id="listAttempts",
        summary="List attempts",
        opt=READ,
    )
    async def list_of_delivery(
        self,
        caller: By,
        endpoint_id: IdInPath,
        position: PositionInPath,
        after: AfterNumber = 0,
        limit: Limit = 50,
    ) -> AttemptPage:
        """Every attempt of one delivery: when, what was answered, how fast, or why nothing was."""
        pool, book_id = caller.doors.pool, caller.book_id
        known = 0 < position < _MAX_POSITION and await find_delivery(
            pool, book_id, endpoint_id, position
        )
        if not known:
            raise NotFound("delivery", str(position))
        found = await list_attempts(
            pool, book_id, endpoint_id, position, after=after, limit=limit + 1
        )
        page = found[:limit]
        following = page[-1].number if len(found) > limit else None
        return AttemptPage(items=[AttemptOut.of(it) for it in page], next_after=following)

    @get(
        "/webhook-attempts",
        operation_id="findAttempts",
        summary="Find attempts",
        opt=READ,
    )
    async def find(
        self,
        caller: By,
        endpoint: OfEndpoint = None,
        status: Status = None,
        of_type: EventType = None,
        in_state: State = None,
        since: Since = None,
        until: Until = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> AttemptsFound:
        """Attempts of the whole book, the newest first, as long as they are kept."""
        asked = Asked(
            endpoint_id=endpoint,
            status_class=status,
            topics=_topics(of_type),
            state=in_state,
            since=instant_of("since", since),
            until=instant_of("until", until),
        )
        after = None if cursor is None else _place(cursor)
        found = await find_attempts(
            caller.doors.pool, caller.book_id, asked, after=after, limit=limit + 1
        )
        page = found[:limit]
        items = [AttemptOut.of(it) for it in page]
        return AttemptsFound(items=items, next_cursor=_cursor(items) if page != found else None)

    @get(
        "/webhook-endpoints/{endpoint_id:str}/lost-leases",
        operation_id="listLostLeases",
        summary="List lost leases",
        opt=READ,
    )
    async def list_lost_leases(
        self, caller: By, endpoint_id: IdInPath, limit: Limit = 50
    ) -> LostLeases:
        """When requests may have been made that are not among the attempts: see the members."""
        found = await lost_leases(caller.doors.pool, caller.book_id, endpoint_id, limit=limit)
        if not found:
            await refuse_unknown(caller, WEBHOOK_ENDPOINT(endpoint_id))
        return LostLeases(items=[LostLeaseOut(**it._asdict()) for it in found])


def _topics(of_type: str | None) -> Topics:
    """The topics that a type or a family names; none at all when nothing is called so."""
    if of_type is None:
        return None
    family, star = of_type[:-1], of_type.endswith(".*")
    return tuple(it for it in TOPICS if it == of_type or (star and it.startswith(family)))


def _cursor(items: list[AttemptOut]) -> str:
    last = items[-1]
    place = Place(last.at, last.endpoint_id, last.position, last.number)
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def _place(cursor: str) -> Place:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        place = msgspec.json.decode(text, type=Place)
    except (binascii.Error, ValueError):
        place = None
    if place is None or not _given_out(place):
        detail = "This is no cursor that this list has given. Start again without one."
        raise Problem("invalid-parameter", detail)
    return place


def _given_out(place: Place) -> bool:
    """Whether it could be a place: nothing that the database does not take."""
    small = 0 < place.number < _MAX_NUMBER and 0 < place.position < _MAX_POSITION
    return small and place.at.tzinfo == UTC and "\0" not in place.endpoint_id
