"""The feed: every event of the book, in order, in pages or as they happen."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream

from api.caller import Caller
from api.history import Limit
from api.problems import Problem
from api.wire import Reply
from domain.facts import TOPICS
from store.public import PublicEvent, public_event, render
from store.recorded import Recorded

HEARTBEAT_SECONDS = 15.0
"""So long nothing may happen on a stream before a comment shows that it is alive.

Whether its key is still good is looked up as often.
"""

_EVENT_STREAM = "text/event-stream"
_MAX_POSITION = 2**53 - 1

AfterPosition = Annotated[
    int,
    QueryParameter(
        name="after", ge=0, le=_MAX_POSITION, description="Only events after this position."
    ),
]
Types = Annotated[
    str | None,
    QueryParameter(
        name="type.in",
        max_length=4000,
        description="Only these types, or families such as invoice.*, separated by commas.",
    ),
]
LastEventId = Annotated[
    str | None,
    HeaderParameter(
        name="Last-Event-ID",
        max_length=20,
        description="Of a stream that broke off: the id seen last. It counts instead of `after`.",
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
    opt={"scope": "audit", "streams": _EVENT_STREAM},
    response_headers=[
        ResponseHeader(
            name="Vary", description="Accept: a page or a stream.", documentation_only=True
        )
    ],
)
async def list_events(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    after: AfterPosition = 0,
    types: Types = None,
    last_event_id: LastEventId = None,
    limit: Limit = 50,
) -> Response[Feed]:
    """Every event of the book after a position: the same bodies that webhooks deliver.

    Who has seen position 41 and asks with `after=41` gets 42 next, or has missed nothing. With
    `type.in` some positions are left out; `nextAfter` tells how far the page has looked.

    With `Accept: text/event-stream` the answer does not end: what is there comes first, then what
    happens, each as a server-sent event whose id is its position. A broken stream goes on where it
    was, by `Last-Event-ID`.
    """
    topics = _topics(types)
    if _EVENT_STREAM in request.headers.get("accept", ""):
        start = after if last_event_id is None else _position(last_event_id)
        # Found out before the answer begins, while there can still be a problem document.
        await caller.books.head(caller.book_id)
        return _stream(caller, request.headers["authorization"], start, topics)
    head = await caller.books.head(caller.book_id)
    events = await caller.books.events(caller.book_id, after=after, limit=limit)
    reached = events[-1].position if events else after
    page = Feed(
        items=[public_event(it) for it in events if topics is None or it.topic in topics],
        next_after=reached,
        head=max(head, reached if events else 0),
    )
    return Response(page, headers={"Vary": "Accept"})


def _stream(
    caller: Caller, authorization: str, after: int, topics: frozenset[str] | None
) -> Response[Any]:
    text = authorization.partition(" ")[2].strip()
    headers = {"Cache-Control": "no-store", "Vary": "Accept", "X-Accel-Buffering": "no"}
    return Stream(_events(caller, text, after, topics), media_type=_EVENT_STREAM, headers=headers)


async def _events(
    caller: Caller, key: str, after: int, topics: frozenset[str] | None
) -> AsyncIterator[bytes]:
    """What goes over the wire, until the client leaves, its key is revoked or the server stops.

    Between two pages no connection to the database is held, however slowly the client reads.
    """
    # Something at once, so that the client knows that it is connected.
    yield b": events after %d\n\n" % after
    clock = asyncio.get_running_loop().time
    good_until = clock() + HEARTBEAT_SECONDS
    pages = caller.books.tail(caller.book_id, after=after, idle_seconds=HEARTBEAT_SECONDS)
    async with aclosing(pages):
        async for page in pages:
            if clock() >= good_until:
                if await caller.doors.keys.find(key) is None:
                    return
                good_until = clock() + HEARTBEAT_SECONDS
            yield _page(page, topics) or b": still here\n\n"


def _page(page: Sequence[Recorded], topics: frozenset[str] | None) -> bytes:
    wanted = [it for it in page if topics is None or it.topic in topics]
    parts = [b"id: %d\ndata: %b\n\n" % (it.position, render(it)) for it in wanted]
    if page and (not wanted or wanted[-1] is not page[-1]):
        # What was left out counts as seen: the id alone moves the place to resume from.
        parts.append(b"id: %d\n\n" % page[-1].position)
    return b"".join(parts)


def _topics(types: str | None) -> frozenset[str] | None:
    if types is None:
        return None
    wanted: set[str] = set()
    for named in types.split(","):
        family = named.removesuffix("*")
        some = {it for it in TOPICS if it == named or (named == f"{family}*" and _in(it, family))}
        if not some:
            detail = (
                f"No event is called {named[:60]!r}. Name types such as invoice.posted, or "
                "families such as invoice.*, separated by commas."
            )
            raise Problem("invalid-parameter", detail)
        wanted |= some
    return frozenset(wanted)


def _in(topic: str, family: str) -> bool:
    return family.endswith(".") and topic.startswith(family)


def _position(text: str) -> int:
    if text.isascii() and text.isdecimal() and int(text) <= _MAX_POSITION:
        return int(text)
    raise Problem("invalid-parameter", "Last-Event-ID is the id of an event of this stream.")
