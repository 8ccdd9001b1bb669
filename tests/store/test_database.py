"""Connections to PostgreSQL."""

import asyncio

import asyncpg
import pytest

from store import database
from store.database import open_pool


async def test_a_connection_that_is_never_given_back_does_not_hold_up_the_end(
    database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "_CLOSING_SECONDS", 0.05)
    async with asyncio.timeout(10), open_pool(database_url, name="test") as pool:
        kept = await pool.acquire()
    assert "cut off" in caplog.text
    with pytest.raises(asyncpg.InterfaceError):
        await kept.execute("select 1")


async def test_what_is_at_work_when_a_pool_is_closed_comes_to_its_end(database_url: str) -> None:
    async with open_pool(database_url, name="test") as pool:
        at_work = asyncio.create_task(pool.fetchval("select pg_sleep(0.05)::text"))
        await asyncio.sleep(0)
    assert await at_work == ""
