"""Followers take turns fairly, and several processes share the books without doing work twice."""

import asyncio
import os
import random
import signal
from collections.abc import Sequence

import pytest

import workers.follower
from benchmarks.lives import append_lives
from domain.customer import CUSTOMER
from domain.facts.customer import CustomerCreated
from store.books import Book, Books, create_book
from store.database import Connection, Pool
from store.recorded import Recorded
from tests.projections.doomed import start
from tests.store.listeners import noted
from tests.workers import following
from tests.workers.webhooks import tell, until
from workers.follower import BATCH, Follower

BOOKS = 40
EVENTS = 120
KILLS = 12


async def test_a_book_of_many_events_delays_the_event_of_another_by_a_batch_at_most(
    books: Books, book: Book, pool: Pool
) -> None:
    quiet = await create_book(pool, name="Quiet", mode="sandbox")
    async with pool.acquire() as connection:
        await append_lives(connection, book.book_id, 20_000, customers=50)
    applied: list[tuple[str, int]] = []
    written_after: list[int] = []

    async def apply(_connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        applied.append((book_id, len(events)))
        # While the busy book is dealt with, something happens in the quiet one, time and again.
        if book_id == book.book_id and len(applied) % 5 == 0:
            written_after.append(len(applied))
            created = CustomerCreated(name="A")
            await tell(books, quiet.book_id, CUSTOMER, str(len(applied)), created)

    assert await Follower(pool, "fair", apply).catch_up() == 20_000 + len(written_after)

    assert len(written_after) >= 5
    for turn in written_after:
        assert applied[turn : turn + 2].count((quiet.book_id, 1)) == 1, applied[turn : turn + 2]
    assert max(count for _, count in applied) == BATCH


async def test_processes_share_many_books_and_apply_each_event_once_whichever_is_killed(
    pool: Pool, database_url: str
) -> None:
    await pool.execute(following.TABLE)
    ids = [(await create_book(pool, name="Book", mode="sandbox")).book_id for _ in range(BOOKS)]
    fate = random.Random(KILLS)  # noqa: S311 - no secrets
    running = [start(following.count, database_url) for _ in range(2)]
    try:
        for number in range(KILLS):
            async with pool.acquire() as connection:
                for book_id in ids[number::KILLS]:
                    await append_lives(connection, book_id, EVENTS, customers=10)
            before = await counted(pool)

            async def moved(before: int = before) -> bool:
                return await counted(pool) > before

            await until(moved, 120)
            victim = running[number % 2]
            assert victim.pid is not None
            if number % 3 == 2:
                os.kill(victim.pid, signal.SIGSTOP)
                await asyncio.sleep(fate.uniform(0, 0.05))
                os.kill(victim.pid, signal.SIGCONT)
                continue
            os.kill(victim.pid, signal.SIGKILL)
            await asyncio.to_thread(victim.join, 10)
            running[number % 2] = start(following.count, database_url)

        async def done() -> bool:
            return await counted(pool) >= BOOKS * EVENTS

        await until(done, 120)
    finally:
        for process in running:
            process.kill()
            process.join(10)
    assert await pool.fetchval("select count(*) from counted") == BOOKS * EVENTS
    rows = await pool.fetch(
        "select book_id, count(*), count(distinct position), min(position), max(position)"
        " from counted group by book_id"
    )
    assert {tuple(row) for row in rows} == {(it, EVENTS, EVENTS, 1, EVENTS) for it in ids}


async def counted(pool: Pool) -> int:
    """How many events were applied, however often."""
    count: int = await pool.fetchval("select count(*) from counted")
    return count


async def test_a_follower_whose_connection_is_lost_listens_on_another(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    backends = noted(monkeypatch, workers.follower)

    async def apply(*_: object) -> None:
        pass

    following = asyncio.create_task(Follower(pool, "listens", apply).run())
    async with asyncio.timeout(60):
        first = await backends.get()
        await pool.fetchval("select pg_terminate_backend($1)", first)
        second = await backends.get()

    following.cancel()
    await asyncio.wait([following])
    assert first != second
