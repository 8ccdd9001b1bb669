"""Connections to PostgreSQL."""

import asyncio

import asyncpg
import msgspec
import pytest

from store import database
from store.database import DATABASE_ERRORS, Pool, heed_cancellation, open_pool


async def test_a_connection_that_is_never_given_back_does_not_hold_up_the_end(
    database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "_CLOSING_SECONDS", 0.05)
    async with asyncio.timeout(60), open_pool(database_url, name="test") as pool:
        kept = await pool.acquire()
    assert "cut off" in caplog.text
    with pytest.raises(asyncpg.InterfaceError):
        await kept.execute("select 1")


async def test_what_is_at_work_when_a_pool_is_closed_comes_to_its_end(database_url: str) -> None:
    async with open_pool(database_url, name="test") as pool:
        at_work = asyncio.create_task(pool.fetchval("select pg_sleep(0.05)::text"))
        await asyncio.sleep(0)
    assert await at_work == ""


async def test_a_task_that_was_told_to_end_does_so_whatever_it_raises_instead() -> None:
    begun, reached = asyncio.Event(), []

    async def going_on_after_errors() -> None:
        while True:
            try:
                try:
                    begun.set()
                    await asyncio.Event().wait()
                finally:
                    raise asyncpg.InterfaceError("the connection is lost")
            except DATABASE_ERRORS:
                reached.append("error")
                heed_cancellation()

    task = asyncio.create_task(going_on_after_errors())
    await begun.wait()
    task.cancel()
    await asyncio.wait([task], timeout=60)
    assert task.cancelled()
    assert reached == ["error"]


async def test_a_task_that_nobody_cancelled_has_nothing_to_heed() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.sleep(1)
    heed_cancellation()


async def test_a_report_is_computed_by_one_process_and_in_memory(pool: Pool) -> None:
    sums = "select n, sum(n) from generate_series(1, 60000) n group by n"
    plan = await pool.fetchval(f"explain (analyze, format json) {sums}")
    top = msgspec.json.decode(plan)[0]["Plan"]
    assert (top["Node Type"], top.get("HashAgg Batches")) == ("Aggregate", 1)
    for name, value in (("max_parallel_workers_per_gather", "0"), ("jit", "off")):
        assert await pool.fetchval("select current_setting($1)", name) == value
