"""Whatever is killed when, read models and checkpoints equal a clean replay, row for row."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator

import pytest

from benchmarks.lives import append_lives
from projections.building import CONNECTIONS
from projections.rebuild import BESIDE, rebuild
from projections.tables import FOLLOWER, PROJECTIONS
from projections.verify import SCRATCH, verify
from store import checkpoints
from store.books import Book, create_book
from store.database import Pool, open_pool
from tests.projections import doomed
from tests.projections.test_rebuild import TABLES, contents, follower_of, silent
from tests.workers.webhooks import until

KILLS = 20
EVENTS = 2_500


@pytest.fixture
async def two_books(pool: Pool, book: Book) -> tuple[str, str]:
    """Two books of invoices that were posted, and mostly paid."""
    other = await create_book(pool, name="Other", mode="sandbox")
    ids = (book.book_id, other.book_id)
    async with pool.acquire() as connection:
        for book_id in ids:
            await append_lives(connection, book_id, EVENTS, customers=20, paid_later=30)
    return ids


async def position(pool: Pool) -> int:
    """How far the follower has come in all books."""
    reached: int = await pool.fetchval(
        "select coalesce(sum(position), 0)::integer from store.checkpoints where follower = $1",
        FOLLOWER,
    )
    return reached


async def check_against_a_clean_replay(pool: Pool, database_url: str) -> None:
    """Compare with a rebuild, and row by row with what a follower makes of the log at one go."""
    assert await position(pool) == 2 * EVENTS
    async with open_pool(
        database_url, name="verify", size=CONNECTIONS, schema=SCRATCH, patient=True
    ) as scratch:
        _, difference = await verify(scratch, PROJECTIONS, silent)
    assert difference is None
    found = await contents(pool)
    await pool.execute(f"truncate {', '.join(TABLES)}")
    await pool.execute("delete from store.checkpoints where follower = $1", FOLLOWER)
    assert await follower_of(pool).catch_up() == 2 * EVENTS
    clean = await contents(pool)
    for table in TABLES:
        assert found[table] == clean[table], table


async def test_a_follower_that_is_killed_at_random_leaves_what_a_clean_replay_gives(
    two_books: tuple[str, str], pool: Pool, database_url: str
) -> None:
    fate = random.Random(KILLS)  # noqa: S311 - no secrets
    stopped_at = []
    for _ in range(KILLS):
        before = await position(pool)
        process = doomed.start(doomed.follow, database_url, None)

        async def moved(before: int = before) -> bool:
            return await position(pool) > before

        await until(moved, 120)
        await asyncio.sleep(fate.uniform(0, 0.03))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        await asyncio.to_thread(process.join, 10)
        assert process.exitcode == -signal.SIGKILL
        stopped_at.append(await position(pool))
    assert stopped_at[-2] < 2 * EVENTS, "all but the last one died at work"
    await follower_of(pool).catch_up()
    for book_id in two_books:
        assert await checkpoints.position(pool, book_id, FOLLOWER) == EVENTS
    await check_against_a_clean_replay(pool, database_url)


@pytest.mark.usefixtures("two_books")
async def test_a_follower_that_is_killed_at_any_point_leaves_what_a_clean_replay_gives(
    pool: Pool, database_url: str
) -> None:
    for point in doomed.FOLLOWING:
        process = doomed.start(doomed.follow, database_url, point)
        await asyncio.to_thread(process.join, 20)
        assert process.exitcode == -signal.SIGKILL, point
    assert 0 < await position(pool) < 2 * EVENTS
    await follower_of(pool).catch_up()
    await check_against_a_clean_replay(pool, database_url)


@pytest.fixture
async def beside(database_url: str) -> AsyncIterator[Pool]:
    async with open_pool(
        database_url, name="rebuild", size=CONNECTIONS, schema=BESIDE, patient=True
    ) as pool:
        yield pool


@pytest.mark.usefixtures("two_books")
async def test_a_rebuild_that_is_killed_at_any_point_changes_nothing_and_goes_on(
    pool: Pool, beside: Pool, database_url: str
) -> None:
    await follower_of(pool).catch_up()
    before = await contents(pool)
    for point in doomed.REBUILDING:
        process = doomed.start(doomed.rebuild, database_url, point)
        await asyncio.to_thread(process.join, 20)
        assert process.exitcode == -signal.SIGKILL, point
        assert await contents(pool) == before, point
    seen: list[int] = []
    assert await rebuild(beside, PROJECTIONS, lambda done, _of: seen.append(done)) is True
    assert seen == [], "there was nothing left to take in"
    assert await contents(pool) == before
    await check_against_a_clean_replay(pool, database_url)
