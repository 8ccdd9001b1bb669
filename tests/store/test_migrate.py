import asyncio

import asyncpg
import pytest

from store import migrate as module
from store.database import Pool
from store.migrate import Migration, MigrationRefused, migrate, migrations, missing


@pytest.fixture
async def empty(database_url: str) -> asyncpg.Connection:
    """A connection to a database without any of our schemas."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("drop schema store cascade; drop schema projections cascade")
    return connection


async def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [int(migration.name[:4]) for migration in migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_every_migration_is_applied_once_and_in_order(empty: asyncpg.Connection) -> None:
    names = [migration.name for migration in migrations()]
    assert await missing(empty) == names

    reported: list[str] = []
    assert await migrate(empty, reported.append) == names

    assert reported == names
    assert await migrate(empty) == []
    assert await missing(empty) == []
    await empty.close()


async def test_two_that_migrate_at_once_apply_everything_once(
    empty: asyncpg.Connection, database_url: str
) -> None:
    other = await asyncpg.connect(database_url)

    applied = await asyncio.gather(migrate(empty), migrate(other))

    assert sorted(map(len, applied)) == [0, len(migrations())]
    await empty.close()
    await other.close()


async def test_an_edited_migration_is_refused(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *rest = migrations()
    edited = [Migration(first.name, first.sql + "-- edited"), *rest]
    monkeypatch.setattr(module, "migrations", lambda: edited)

    async with pool.acquire() as connection:
        with pytest.raises(MigrationRefused, match="edited after it had been applied"):
            await migrate(connection)


async def test_a_database_of_a_newer_version_is_refused(pool: Pool) -> None:
    await pool.execute(
        "insert into store.migrations (name, checksum) values ('9999_future.sql', 'x')"
    )
    async with pool.acquire() as connection:
        with pytest.raises(MigrationRefused, match="newer Daybook"):
            await migrate(connection)


async def test_a_migration_that_fails_leaves_nothing(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Migration("0099_broken.sql", "create table store.half (id int); select 1 / 0;")
    monkeypatch.setattr(module, "migrations", lambda: [*migrations(), broken])

    async with pool.acquire() as connection:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await migrate(connection)
        assert await connection.fetchval("select to_regclass('store.half')") is None
        assert await missing(connection) == [broken.name]
