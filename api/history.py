"""Histories: the recorded events of one entity, for auditors."""

from typing import Annotated, Any, Literal

from litestar.params import QueryParameter

from api.caller import Caller
from api.wire import Reply
from domain.aggregate import Stream
from domain.errors import NotFound
from store.public import AuditedEvent, audited_event

After = Annotated[
    int,
    QueryParameter(
        name="after",
        ge=0,
        le=2**53 - 1,
        description="Go on after this RowVersion, in the order asked for; 0 begins.",
    ),
]
Order = Annotated[
    Literal["asc", "desc"],
    QueryParameter(name="order", description="Oldest first, or newest first (`desc`)."),
]
Limit = Annotated[
    int,
    QueryParameter(name="limit", ge=1, le=200, description="At most so many events."),
]


class EventPage(Reply):
    """Events in the order asked for. ``nextAfter`` continues; null when nothing follows."""

    items: list[AuditedEvent]
    next_after: int | None


async def history(
    caller: Caller,
    stream: Stream[Any],
    after: int,
    limit: int,
    order: Order = "asc",
    *,
    always: bool = False,
) -> EventPage:
    """The events of an entity after a RowVersion. It works for deleted drafts too.

    ``always``: it is there from the start, so that it may have no events yet.
    """
    bounds = {"until": after - 1} if order == "desc" and after else {"after": after}
    events = await caller.books.history(
        caller.book_id, stream, **bounds, limit=limit + 1, descending=order == "desc"
    )
    if not events and after == 0 and not always:
        raise NotFound(stream.aggregate.name, stream.id)
    page = events[:limit]
    following = page[-1].version if len(events) > limit else None
    return EventPage(items=[audited_event(event) for event in page], next_after=following)


async def refuse_unknown(caller: Caller, stream: Stream[Any]) -> None:
    """Raise ``NotFound`` for an entity that never was. Of one that was deleted, the record stays.

    A list asks for this when it has nothing to show, so that a mistyped id is not taken for "none".
    """
    if not await caller.books.history(caller.book_id, stream, after=0, limit=1):
        raise NotFound(stream.aggregate.name, stream.id)
