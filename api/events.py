"""The feed: every event of the book, in order."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.caller import Caller
from api.history import Limit
from api.wire import Reply
from store.public import PublicEvent, public_event

AfterPosition = Annotated[
    int,
    QueryParameter(
        name="after", ge=0, le=2**53 - 1, description="Only events after this position."
    ),
]


class Feed(Reply):
    """Events in order of ``position``, which has no gaps. Ask on with ``after=nextAfter``.

    ``head`` is the book's latest position: when ``nextAfter`` has reached it, nothing is left.
    """

    items: list[PublicEvent]
    next_after: int
    head: int


@get(
    "/api/events",
    operation_id="listEvents",
    summary="Feed",
    tags=["Events"],
    opt={"scope": "audit"},
)
async def list_events(
    caller: NamedDependency[Caller], after: AfterPosition = 0, limit: Limit = 50
) -> Feed:
    """Every event of the book after a position: the same form that webhooks deliver.

    Who has seen position 41 and asks with ``after=41`` gets 42 next, or has missed nothing.
    """
    head = await caller.books.head(caller.book_id)
    events = await caller.books.events(caller.book_id, after=after, limit=limit)
    return Feed(
        items=[public_event(event) for event in events],
        next_after=events[-1].position if events else after,
        head=max(head, events[-1].position if events else 0),
    )
