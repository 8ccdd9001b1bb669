"""What every list route does: read the query, wait for the read models, answer a page."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import msgspec
from litestar import Request, Response

from api.caller import Caller
from api.lists import page_of, parse_list
from api.paging import next_link
from projections.filters import Condition
from projections.page import Listing, fetch_page
from projections.progress import caught_up
from projections.tables import FOLLOWER

Complete: TypeAlias = Callable[[list[dict[str, Any]]], Awaitable[None]]
"""Puts further members into the rows of a page, which another table has."""


async def listed(
    request: Request[Any, Any, Any],
    caller: Caller,
    listing: Listing,
    item: type[msgspec.Struct],
    *,
    follower: str = FOLLOWER,
    where: Sequence[Condition] = (),
    complete: Complete | None = None,
) -> Response[Any]:
    """A page of a list that shows at least what was committed when the request came in.

    The wait for that is bounded; ``asOf`` says which position the page does show. ``where`` are
    conditions that the path stands for.
    """
    doors = caller.doors
    query_string = request.scope["query_string"]
    asked = parse_list(
        query_string,
        listing,
        book_id=caller.book_id,
        cursors=doors.cursors,
        selectable=members_of(item),
    )
    _, reached = await followed(caller, follower)
    query = msgspec.structs.replace(asked.query, where=(*where, *asked.query.where))
    rows = await fetch_page(doors.pool, listing, caller.book_id, query)
    if complete is not None:
        await complete(rows.rows)
    items = [item(**row) for row in rows.rows]
    page = page_of(asked, items, rows.last, doors.cursors, as_of=reached)
    headers = {}
    if page.next_cursor is not None:
        headers["Link"] = next_link(request.scope["path"], query_string, page.next_cursor)
    return Response(page, headers=headers)


async def followed(caller: Caller, follower: str = FOLLOWER) -> tuple[int, int]:
    """Wait, for a bounded time, until the read models show what is committed now.

    Answers the book's head, and the position that they show: less, when the time was up.
    """
    doors = caller.doors
    head = await caller.books.head(caller.book_id)
    reached = await caught_up(
        doors.pool, caller.book_id, follower, head, within_seconds=doors.list_wait_seconds
    )
    return head, reached


def members_of(item: type[msgspec.Struct]) -> tuple[str, ...]:
    """The names of an item's members on the wire, for ``fields=``."""
    return tuple(field.encode_name for field in msgspec.structs.fields(item))
