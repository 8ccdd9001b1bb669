"""An event that cannot be taken in is set aside, and everything else goes on."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from daybook.retry_parked import retry_parked
from domain.customer import CUSTOMER
from domain.facts.customer import CustomerArchived, CustomerCreated
from projections import customer_list, invoice_list
from projections.progress import caught_up
from projections.projection import News
from projections.tables import FOLLOWER, project, project_carefully
from store.books import Book, Books
from store.cache import Cache
from store.database import Connection, Pool
from store.parked import ALL, list_parked
from store.recorded import Recorded
from tests.projections.test_rebuild import write, write_customers
from workers import fan_out as fanning
from workers.follower import TRIES, Follower


class Poisoned(Exception):
    """What a read model raises that cannot cope."""


def poison(monkeypatch: pytest.MonkeyPatch, module: Any, *positions: int) -> None:
    """Let a read model stumble over the events at these positions."""
    project_well = module.project

    async def stumble(connection: Connection, news: News) -> None:
        await project_well(connection, news)
        if any(event.position in positions for event in news.events):
            # It has written something already, which must not stay.
            raise Poisoned("cannot cope\0")

    monkeypatch.setattr(module, "project", stumble)


def follower_of(pool: Pool, tries: list[int]) -> Follower:
    cache = Cache(100)

    async def apply(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        tries.append(len(events))
        await project(connection, News(connection, book_id, events, cache))

    async def rescue(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        await project_carefully(connection, book_id, events, cache)

    return Follower(pool, FOLLOWER, apply, rescue=rescue, pause_seconds=0.001)


async def follow_to_the_end(pool: Pool, book: Book, books: Books) -> list[int]:
    tries: list[int] = []
    following = asyncio.create_task(follower_of(pool, tries).run())
    head = await books.head(book.book_id)
    reached = await caught_up(pool, book.book_id, FOLLOWER, head, within_seconds=60)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert reached == head
    return tries


async def test_a_poison_event_is_parked_after_some_tries_and_the_rest_goes_on(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        await write(books, book.book_id, str(number), CustomerCreated(name=str(number)))
    poison(monkeypatch, customer_list, 4, 7)

    tries = await follow_to_the_end(pool, book, books)

    assert tries == [10] * TRIES
    parked = await list_parked(pool)
    assert [(it.follower, it.read_model, it.position) for it in parked] == [
        (FOLLOWER, "customers", 4),
        (FOLLOWER, "customers", 7),
    ]
    assert parked[0].reason == "Poisoned: cannot cope"
    rows = await pool.fetch("select id from customer_list_v2 order by id")
    assert [row["id"] for row in rows] == ["0", "1", "2", "4", "5", "7", "8", "9"]


async def test_what_one_read_model_cannot_take_in_the_others_do(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_customers(books, book.book_id, 3)
    poison(monkeypatch, invoice_list, 1, 2, 3)
    await follow_to_the_end(pool, book, books)
    assert await pool.fetchval("select count(*) from customer_list_v2") == 3
    assert {it.read_model for it in await list_parked(pool)} == {"invoices"}


async def test_parked_events_are_taken_in_once_the_reason_is_mended(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(books, book.book_id, "A", CustomerCreated(name="A"))
    await write(books, book.book_id, "A", CustomerArchived())
    await write(books, book.book_id, "B", CustomerCreated(name="B"))
    with monkeypatch.context() as patched:
        poison(patched, customer_list, 1, 2)
        await follow_to_the_end(pool, book, books)
        still = await retry_parked(pool, book.book_id)
        assert [it.error for it in still] == ["Poisoned: cannot cope\0"] * 2
    assert [it.error for it in await retry_parked(pool, None)] == [None, None]
    assert await list_parked(pool) == []
    rows = await pool.fetch("select id, active from customer_list_v2 order by id")
    assert [tuple(row) for row in rows] == [("A", False), ("B", True)]


async def test_an_event_that_cannot_even_be_read_is_parked_for_all(
    books: Books, book: Book, pool: Pool, database_url: str
) -> None:
    await write_customers(books, book.book_id, 3)
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "alter table store.events disable trigger all;"
        "update store.events set topic = 'customer.from_the_future' where position = 2"
    )
    await connection.close()
    await follow_to_the_end(pool, book, books)
    (parked,) = await list_parked(pool, book.book_id)
    assert (parked.read_model, parked.position) == (ALL, 2)
    assert "customer.from_the_future" in parked.reason
    assert await pool.fetchval("select count(*) from customer_list_v2") == 2
    (outcome,) = await retry_parked(pool, book.book_id)
    assert outcome.error is not None


async def test_a_lost_database_parks_nothing(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_customers(books, book.book_id, 2)
    events = await books.events(book.book_id, after=0, limit=10)

    async def lose(_connection: Connection, _news: News) -> None:
        raise asyncpg.ConnectionDoesNotExistError

    monkeypatch.setattr(customer_list, "project", lose)
    async with pool.acquire() as connection:
        with pytest.raises(asyncpg.ConnectionDoesNotExistError):
            await project_carefully(connection, book.book_id, events, Cache(10))
    assert await list_parked(pool) == []


async def test_the_fan_out_parks_what_it_cannot_fan_out(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_customers(books, book.book_id, 4)
    well = fanning.fan_out

    async def stumble(connection: Connection, book_id: str, events: Sequence[Recorded]) -> set[str]:
        if any(event.position == 2 for event in events):
            raise Poisoned("no")
        return await well(connection, book_id, events)

    monkeypatch.setattr(fanning, "fan_out", stumble)
    events = await books.events(book.book_id, after=0, limit=10)
    async with pool.acquire() as connection:
        await fanning.fan_out_carefully(connection, book.book_id, events)
    (parked,) = await list_parked(pool)
    assert (parked.follower, parked.read_model, parked.position) == (
        "fan-out",
        "webhook-endpoints",
        2,
    )


# ---------------------------------------------------------------- two processes

_STUCK = """
import asyncio, os, sys
from store.database import open_pool
from workers.follower import Follower

async def main():
    async with open_pool(sys.argv[1], name="stuck") as pool:
        async def apply(connection, book_id, events):
            await connection.execute("create table if not exists public.applied (position bigint)")
            for event in events:
                await connection.execute("insert into public.applied values ($1)", event.position)
            print("inside", flush=True)
            await asyncio.sleep(3600 if sys.argv[2] == "stay" else 0)
        await Follower(pool, "shared", apply).run()

asyncio.run(main())
"""


async def test_a_process_that_stood_still_does_nothing_twice_when_it_goes_on(
    books: Books, book: Book, pool: Pool, database_url: str
) -> None:
    """It is stopped inside its transaction; the database gives up on it, another one goes on."""
    await write_customers(books, book.book_id, 3)
    stuck = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _STUCK, database_url, "stay"), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert stuck.stdout is not None
        assert await asyncio.wait_for(stuck.stdout.readline(), 20) == b"inside\n"
        os.kill(stuck.pid, signal.SIGSTOP)
        # What idle_in_transaction_session_timeout does by itself after half a minute.
        await pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'stuck' and state = 'idle in transaction'"
        )
        applied: list[int] = []

        async def apply(_connection: Connection, _book: str, events: Sequence[Recorded]) -> None:
            applied.extend(event.position for event in events)

        other = Follower(pool, "shared", apply)
        async with asyncio.timeout(60):
            while not applied:
                await other.catch_up()
        os.kill(stuck.pid, signal.SIGCONT)
        assert applied == [1, 2, 3]
        assert await pool.fetchval("select to_regclass('public.applied')") is None
        assert await other.catch_up() == 0
    finally:
        stuck.kill()
        await stuck.wait()


async def test_while_one_process_holds_a_book_another_leaves_it_alone(
    books: Books, book: Book, pool: Pool
) -> None:
    await write(books, book.book_id, "1", CustomerCreated())
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_connection: Connection, _book_id: str, _events: Sequence[Recorded]) -> None:
        inside.set()
        await go_on.wait()

    async def never(_connection: Connection, _book_id: str, _events: Sequence[Recorded]) -> None:
        raise AssertionError

    first = asyncio.create_task(Follower(pool, "shared", slow).catch_up())
    await inside.wait()
    assert await Follower(pool, "shared", never).catch_up() == 0
    go_on.set()
    assert await first == 1
    assert await Follower(pool, "shared", never).catch_up() == 0
    assert (await books.get(book.book_id, CUSTOMER("1"))).version == 1
