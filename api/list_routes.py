"""What every list route does: read the query, wait for the read models, answer a page."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import msgspec
from litestar import Request, Response
from msgspec import UNSET

from api.caller import Caller
from api.expansion import EXPAND, Expandable, expand, expanded
from api.faults import Fault
from api.list_contract import CONSISTENCIES, CONSISTENCY, EVENTUAL, READ_AFTER
from api.lists import ListRequest, page_of, parse_list
from api.paging import next_link
from api.problems import Problem
from projections.filters import Condition
from projections.page import Listing, fetch_page
from projections.progress import caught_up
from projections.tables import FOLLOWER

_DIGITS = 15

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
    expandable: Expandable | None = None,
) -> Response[Any]:
    """A page of a list that shows at least what was committed when the request came in.

    The wait for that is bounded; ``asOf`` says which position the page does show. With
    ``Read-After``, the page need only show that position; ``consistency=eventual`` waits for
    nothing. ``where`` are conditions that the path stands for, and ``expandable`` is what
    ``expand=`` may name.
    """
    doors = caller.doors
    query_string = request.scope["query_string"]
    asked = parse_list(
        query_string,
        listing,
        book_id=caller.book_id,
        cursors=doors.cursors,
        selectable=members_of(item),
        also=(CONSISTENCY, EXPAND) if expandable else (CONSISTENCY,),
    )
    more = expanded(asked, expandable)
    _, reached = await followed(caller, follower, wanted=wanted_position(request, asked))
    query = msgspec.structs.replace(asked.query, where=(*where, *asked.query.where))
    rows = await fetch_page(doors.pool, listing, caller.book_id, query)
    if complete is not None:
        await complete(rows.rows)
    if expandable is not None and more:
        await expand(caller.books, caller.book_id, rows.rows, expandable, more)
        if asked.fields is not None:
            asked = msgspec.structs.replace(asked, fields=(*asked.fields, *more))
    items = [item(**row) for row in rows.rows]
    page = page_of(asked, items, rows.last, doors.cursors, as_of=reached)
    headers = {}
    if page.next_cursor is not None:
        headers["Link"] = next_link(request.scope["path"], query_string, page.next_cursor)
    return Response(page, headers=headers)


async def followed(
    caller: Caller, follower: str = FOLLOWER, *, wanted: int | None = None
) -> tuple[int, int]:
    """Wait, for a bounded time, until the read models show what is committed now.

    Answers the book's head, and the position that they show: less, when the time was up. With
    ``wanted``, that position is waited for and answered instead of the head.
    """
    doors = caller.doors
    head = await caller.books.head(caller.book_id) if wanted is None else wanted
    reached = await caught_up(
        doors.pool, caller.book_id, follower, head, within_seconds=doors.list_wait_seconds
    )
    return head, reached


def wanted_position(request: Request[Any, Any, Any], asked: ListRequest) -> int | None:
    """The position that the client waits for: 0 for none, ``None`` for all that is committed.

    Raises:
        Problem: 400, it is no position, or there is no such consistency.
    """
    consistency = asked.others.get(CONSISTENCY, CONSISTENCIES[0])
    if consistency not in CONSISTENCIES:
        detail = f"consistency is one of {', '.join(CONSISTENCIES)}."
        raise _invalid(CONSISTENCY, detail)
    if consistency == EVENTUAL:
        return 0
    position = request.headers.get(READ_AFTER)
    if position is None:
        return None
    if not (position.isascii() and position.isdigit() and len(position) <= _DIGITS):
        raise _invalid(READ_AFTER, "Read-After is a position of the book, such as 42.")
    return int(position)


def _invalid(parameter: str, detail: str) -> Problem:
    fault = Fault(code="wrong-format", detail=detail, parameter=parameter)
    return Problem("invalid-parameter", f"Not valid: {parameter}.", errors=[fault])


def members_of(item: type[msgspec.Struct]) -> tuple[str, ...]:
    """The names of an item's members on the wire, for ``fields=``: all that every item has."""
    fields = msgspec.structs.fields(item)
    return tuple(field.encode_name for field in fields if field.default is not UNSET)
