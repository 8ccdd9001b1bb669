"""No test finds what another one left: databases are used again only as migrations leave them."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from store.books import create_book
from store.database import DATABASE_ERRORS, open_pool
from tests.databases import Databases


@pytest.fixture
async def few(template: tuple[str, str]) -> AsyncIterator[Databases]:
    """Databases that no other test uses."""
    found = Databases(*template)
    yield found
    await found.drop()


async def run(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def test_a_database_is_used_again_without_its_rows(few: Databases) -> None:
    async with few.one() as first, open_pool(first, name="test") as pool:
        await create_book(pool, name="Left", mode="sandbox")
    async with few.one() as second, open_pool(second, name="test") as pool:
        assert second == first
        assert await pool.fetchval("select count(*) from store.books") == 0
        assert await pool.fetchval("select count(*) from store.migrations") > 0


@pytest.mark.parametrize(
    "sql",
    [
        "create table projections.mine (id int)",
        "alter table store.events disable trigger all",
        "alter table store.books add column mine int",
        "drop index projections.audit_trail_v1_actor",
        "create function store.mine() returns int language sql as 'select 1'",
        "analyze store.migrations",
        "delete from store.migrations",
    ],
)
async def test_a_database_in_which_more_than_rows_changed_is_not_used_again(
    few: Databases, sql: str
) -> None:
    async with few.one() as first:
        await run(first, sql)
    async with few.one() as second:
        assert second != first


async def test_a_database_that_somebody_still_writes_to_is_not_used_again(few: Databases) -> None:
    async with few.one() as first:
        left = await asyncpg.connect(first)
    async with few.one() as second:
        assert second != first
    with pytest.raises(DATABASE_ERRORS):
        await left.execute("select 1")
    left.terminate()


async def test_two_tests_at_once_have_two_databases(few: Databases) -> None:
    async with few.one() as first, few.one() as second:
        assert first != second
