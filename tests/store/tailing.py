"""A race of writers and readers over one book.

The readers are what every follower is: ``read_book`` after a checkpoint, again and again. Whether
they see everything, once and in order, depends on one thing only: that no event becomes visible
below a position that was visible before.
"""

import asyncio
import random
from contextlib import AsyncExitStack

import asyncpg
import msgspec

from domain.facts.invoice import InvoiceDrafted
from store.database import DATABASE_ERRORS, Connection, Pool, open_pool
from store.ids import id_of, uuid7
from store.log import Appended, Appending, append, read_book
from store.mapper import encode
from tests.workers.webhooks import until

WRITERS = 12
READERS = 3

_POLL_SECONDS = 0.002
_KILL_SECONDS = 0.02
_DEADLINE_SECONDS = 30
_PAGE = 50
_FACT = InvoiceDrafted(memo="x")


class Missed(AssertionError):
    """A reader never saw an event that is in the book."""


Place = tuple[int, str]
"""Position and id of an event."""


class Race(msgspec.Struct):
    """What the writers were told, what the readers saw, and what is in the book in the end."""

    acknowledged: list[list[str]] = []
    refused: list[list[str]] = []
    unsure: list[list[str]] = []
    tails: list[list[Place]] = []
    book: list[Place] = []
    killed: int = 0
    writing: bool = True


def prove(race: Race) -> None:
    """Every reader saw the whole book, once and in order; the book is what the writers were told.

    Raises:
        Missed: A reader skipped an event.
    """
    ids = {id_ for _, id_ in race.book}
    assert all(ids.issuperset(events) for events in race.acknowledged), "lost after its answer"
    assert not any(ids.intersection(events) for events in race.refused), "written but refused"
    assert not [e for e in race.unsure if 0 < len(ids.intersection(e)) < len(e)], "half written"
    for tail in race.tails:
        missed = sorted({*race.book} - {*tail})
        if missed:
            raise Missed(f"{len(missed)} of {len(race.book)} events were skipped: {missed[:3]} ...")
        assert tail == race.book, "something was seen twice, or in another order"


async def race(url: str, book_id: str, *, appends: int) -> Race:
    """Let every writer append so many times while readers poll and backends are killed."""
    result = Race(tails=[[] for _ in range(READERS)])
    async with AsyncExitStack() as stack:
        writers, others = [
            await stack.enter_async_context(open_pool(url, name=name, size=size))
            for name, size in (("writer", WRITERS), ("other", READERS + 1))
        ]
        await stack.enter_async_context(asyncio.timeout(_DEADLINE_SECONDS))
        async with asyncio.TaskGroup() as around:
            for tail in result.tails:
                around.create_task(_read(others, book_id, result, tail))
            around.create_task(_kill(others, result))
            async with asyncio.TaskGroup() as group:
                for number in range(WRITERS):
                    group.create_task(_write(writers, book_id, number, appends, result))
            result.writing = False
        rows = await others.fetch(
            "select position, event_id from store.events where book_id = $1 order by position",
            book_id,
        )
    result.book = [(row["position"], id_of("evt", row["event_id"])) for row in rows]
    return result


def events_after(stream: str, version: int, number: int) -> list[Appending]:
    """So many events that continue the stream after this version."""
    state = encode(_FACT)
    return [
        Appending(uuid7(), stream, v, _FACT.TOPIC, state, b'{"actor":"writer"}')
        for v in range(version + 1, version + number + 1)
    ]


async def _write(pool: Pool, book_id: str, number: int, appends: int, result: Race) -> None:
    """Two writers share a stream. Every eighth append is stale on purpose."""
    chance = random.Random(number)  # noqa: S311 - the same choices in every run, not a secret
    stream = f"invoice/inv_{number // 2}"
    version = 0
    done = 0
    while done < appends:
        stale = version > 0 and chance.random() < 1 / 8
        expected = version - stale
        events = events_after(stream, expected, chance.randint(1, 5))
        ids = [id_of("evt", event.event_id) for event in events]
        try:
            async with pool.acquire() as connection:
                appended = await append(connection, book_id, {stream: expected}, events)
            accepted = not appended.refused
        except asyncpg.UniqueViolationError:  # how the broken ways refuse
            accepted = False
        except DATABASE_ERRORS:
            result.unsure.append(ids)
            version = await _version(pool, book_id, stream)
            continue
        (result.acknowledged if accepted else result.refused).append(ids)
        done += accepted
        version = expected + len(ids) if accepted else await _version(pool, book_id, stream)


async def _version(pool: Pool, book_id: str, stream: str) -> int:
    while True:
        try:
            version: int | None = await pool.fetchval(
                "select max(version) from store.events where book_id = $1 and stream = $2",
                book_id,
                stream,
            )
        except DATABASE_ERRORS:
            continue  # killed again
        return version or 0


async def _read(pool: Pool, book_id: str, result: Race, tail: list[Place]) -> None:
    async with pool.acquire() as connection:
        while True:
            writing = result.writing
            checkpoint = tail[-1][0] if tail else 0
            page = await read_book(connection, book_id, after=checkpoint, limit=_PAGE)
            tail.extend((event.position, event.event_id) for event in page)
            if not page and not writing:
                return
            await asyncio.sleep(_POLL_SECONDS)


async def _kill(pool: Pool, result: Race) -> None:
    while result.writing:
        result.killed += await pool.fetchval(
            "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity"
            " where datname = current_database() and application_name = 'writer'"
            " and state = 'active' order by random() limit 1) as active"
        )
        await asyncio.sleep(_KILL_SECONDS)


async def overtake(pool: Pool, book_id: str) -> tuple[list[int], list[int]]:
    """Keep one append open, let another one follow, and answer what a reader saw of them.

    The positions that it saw come first, then those in the book.
    """
    seen: list[int] = []
    async with pool.acquire() as early, pool.acquire() as late, pool.acquire() as reader:

        async def look() -> None:
            after = seen[-1] if seen else 0
            page = await read_book(reader, book_id, after=after, limit=_PAGE)
            seen.extend(event.position for event in page)

        async with early.transaction():
            await append(early, book_id, {"invoice/a": 0}, events_after("invoice/a", 0, 1))
            following = asyncio.create_task(
                append(late, book_id, {"invoice/b": 0}, events_after("invoice/b", 0, 1))
            )
            await until(lambda: _done_or_waiting(following, late, reader))
            await look()
        await following
        await look()
        rows = await reader.fetch(
            "select position from store.events where book_id = $1 order by position", book_id
        )
    return seen, [row["position"] for row in rows]


async def _done_or_waiting(
    following: asyncio.Task[Appended], late: Connection, reader: Connection
) -> bool:
    query = "select cardinality(pg_blocking_pids($1)) > 0"
    return following.done() or bool(await reader.fetchval(query, late.get_server_pid()))
