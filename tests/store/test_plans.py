"""What a question costs must not grow with its book: it reads by index what it answers, no more."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import pytest

from store import deliveries, leases
from store.books import Book
from store.database import Connection, Pool
from store.ids import uuid7
from store.lanes import Lane, read_remembered
from store.log import KeyedCommand, append, position_of, read_book, read_commands, read_stream
from store.news import read_runs, read_tails
from store.turns import Moved
from tests.store.tailing import events_after

_STREAMS = 100
_EVENTS = 20_000
_LAST = _EVENTS // _STREAMS


class Explaining:
    """Looks like a connection, but counts the pages of 8 kB that each query has to look at."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.pages = 0

    async def fetch(self, query: str, *values: object) -> list[Any]:
        explain = "explain (analyze, buffers, format json) "
        plan = await self._connection.fetchval(explain + query, *values)
        top = msgspec.json.decode(plan)[0]["Plan"]
        self.pages += top["Shared Hit Blocks"] + top["Shared Read Blocks"]
        return []

    async def fetchrow(self, query: str, *values: object) -> None:
        await self.fetch(query, *values)


def streams(count: int) -> list[str]:
    return [f"invoice/{number}" for number in range(count)]


def lane(stream: str) -> Lane:
    return Lane(stream, "key_1", "ses_0001")


Question = Callable[[Any, str], Awaitable[object]]
ASKED: dict[str, tuple[Question, int]] = {
    "one stream that did not move": (lambda c, b: read_tails(c, b, {"invoice/7": _LAST}), 10),
    "64 streams that did not move": (
        lambda c, b: read_tails(c, b, dict.fromkeys(streams(64), _LAST)),
        64 * 6,
    ),
    "64 streams that moved": (
        lambda c, b: read_tails(c, b, dict.fromkeys(streams(64), _LAST - 1)),
        64 * 8,
    ),
    "the end of a stream": (
        lambda c, b: read_stream(c, b, "invoice/7", limit=2, descending=True),
        12,
    ),
    "the middle of a stream": (
        lambda c, b: read_stream(c, b, "invoice/7", after=50, until=60, limit=5),
        20,
    ),
    "a stream as of an instant": (
        lambda c, b: read_stream(c, b, "invoice/7", until=datetime.now(UTC), limit=5),
        20,
    ),
    "the end of a book": (lambda c, b: read_book(c, b, after=_EVENTS - 5, limit=100), 12),
    "a page from the middle, backwards": (
        lambda c, b: read_book(c, b, until=_EVENTS // 2, limit=5, descending=True),
        12,
    ),
    "keys": (lambda c, b: read_commands(c, b, [str(number) for number in range(64)]), 64 * 4),
    "where 64 lanes stand": (
        lambda c, b: read_remembered(c, b, [lane(stream) for stream in streams(64)]),
        64 * 6,
    ),
    "who wrote the end of a stream": (
        lambda c, b: read_runs(c, b, "invoice/7", after=_LAST - 5, until=_LAST),
        12,
    ),
    "where an event is": (lambda c, b: position_of(c, b, uuid7(), ("invoice/7", 3)), 10),
}


@pytest.mark.parametrize("known", ["no statistics yet", "statistics"])
async def test_a_question_reads_what_it_answers_and_not_the_book(
    pool: Pool, book: Book, known: str
) -> None:
    async with pool.acquire() as connection:
        for stream in streams(_STREAMS):
            events, moved = events_after(stream, 0, _LAST), [Moved(lane(stream), 0, 1, b"{}")]
            await append(connection, book.book_id, {stream: 0}, events, moved=moved)
        if known == "statistics":
            await connection.execute("analyze store.events, store.lanes")
        pages = {}
        for name, (ask, _) in ASKED.items():
            explaining = Explaining(connection)
            await ask(cast("Connection", explaining), book.book_id)
            pages[name] = explaining.pages

    assert all(pages.values())
    assert {n: count for n, count in pages.items() if count > ASKED[n][1]} == {}


async def test_an_append_reads_no_book_whole_even_if_it_was_planned_when_the_book_was_small(
    pool: Pool, book: Book
) -> None:
    async with pool.acquire() as connection:
        before = await _tables_read_whole(connection)
        for number, stream in enumerate(streams(20)):
            if number == 1:
                await connection.execute("vacuum analyze store.events, store.commands, store.lanes")
            keyed = [KeyedCommand(stream, b"", stream, 1, 1)]
            events, moved = events_after(stream, 0, 1), [Moved(lane(stream), 0, 1, b"{}")]
            await append(connection, book.book_id, {stream: 0}, events, keyed, moved=moved)
            await append(connection, book.book_id, {stream: 1}, events_after(stream, 1, 1))
        assert await _tables_read_whole(connection) == before


async def _tables_read_whole(connection: Connection) -> dict[str, int]:
    """How often each table was."""
    await connection.execute("select pg_stat_force_next_flush()")
    rows = await connection.fetch(
        "select relname, seq_scan from pg_stat_user_tables where schemaname = 'store'"
        " and relname in ('books', 'events', 'commands', 'lanes')"
    )
    return {row["relname"]: row["seq_scan"] for row in rows}


@pytest.mark.parametrize("known", ["no statistics yet", "statistics"])
async def test_a_lease_reads_little_of_what_waits_at_endpoints_that_take_nothing(
    pool: Pool, book: Book, known: str
) -> None:
    now = datetime.now(UTC)
    endpoints = [f"whe_{number}" for number in range(20)]
    waiting = [(id_, position, now) for id_ in endpoints for position in range(1000)]
    async with pool.acquire() as connection:
        await deliveries.plan(connection, book.book_id, waiting)
        if known == "statistics":
            await connection.execute("analyze store.deliveries")
        explaining = Explaining(connection)
        asking = cast("Connection", explaining)
        await leases.lease(asking, book.book_id, endpoints[:10], now=now, seconds=30)
    assert 0 < explaining.pages < 10 * 20
