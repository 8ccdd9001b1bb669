"""What was sent to webhook endpoints: which delivery failed, and why."""

from typing import Annotated, Literal

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from api.caller import Caller
from api.history import Limit
from api.webhook_schemas import AttemptOut, AttemptPage, DeliveryOut, DeliveryPage
from api.wire import IdInPath
from domain.errors import NotFound
from store.delivery_log import find_delivery, list_attempts, list_deliveries

By = NamedDependency[Caller]
READ = {"scope": "read"}

State = Annotated[
    Literal["pending", "delivered", "failed"] | None,
    QueryParameter(name="state.eq", description="Only deliveries in this state."),
]
Before = Annotated[
    int | None,
    QueryParameter(name="before", ge=1, le=2**53 - 1, description="Only positions below this."),
]
AfterNumber = Annotated[
    int,
    QueryParameter(name="after", ge=0, le=2**31 - 1, description="Only attempts after this one."),
]


class DeliveryController(Controller):
    """The record of deliveries; an attempt is kept whether it succeeded or not."""

    path = "/api/webhook-endpoints/{endpoint_id:str}/deliveries"
    tags = ["Webhooks"]  # noqa: RUF012 - Litestar reads it from the class

    @get("/", operation_id="listDeliveries", summary="List deliveries", opt=READ)
    async def list_of_endpoint(
        self,
        caller: By,
        endpoint_id: IdInPath,
        in_state: State = None,
        before: Before = None,
        limit: Limit = 50,
    ) -> DeliveryPage:
        """Deliveries to an endpoint, the newest event first."""
        found = await list_deliveries(
            caller.doors.pool,
            caller.book_id,
            endpoint_id,
            state=in_state,
            before=before,
            limit=limit + 1,
        )
        page = found[:limit]
        following = page[-1].position if len(found) > limit else None
        return DeliveryPage(items=[DeliveryOut.of(it) for it in page], next_before=following)

    @get(
        "/{position:int}/attempts",
        operation_id="listAttempts",
        summary="List attempts",
        opt=READ,
    )
    async def list_of_delivery(
        self,
        caller: By,
        endpoint_id: IdInPath,
        position: FromPath[int],
        after: AfterNumber = 0,
        limit: Limit = 50,
    ) -> AttemptPage:
        """Every attempt of one delivery: when, what was answered, how fast, or why nothing was."""
        pool, book_id = caller.doors.pool, caller.book_id
        known = 0 < position < 2**53 and await find_delivery(pool, book_id, endpoint_id, position)
        if not known:
            raise NotFound("delivery", str(position))
        found = await list_attempts(
            pool, book_id, endpoint_id, position, after=after, limit=limit + 1
        )
        page = found[:limit]
        following = page[-1].number if len(found) > limit else None
        return AttemptPage(items=[AttemptOut.of(it) for it in page], next_after=following)
