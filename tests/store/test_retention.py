import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from store import retention
from store.database import Connection, Pool
from store.migrate import migrations
from store.retention import DAYS_AHEAD, keep_attempts

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY = NOON.date()
DAY = timedelta(days=1)


async def insert(connection: Connection | Pool, at: datetime, position: int = 1) -> None:
    await connection.execute(
        "insert into store.attempts (book_id, endpoint_id, position, number, at, status,"
        " duration_ms, response, epoch) values ('bok_1', 'whe_1', $1, 1, $2, 200, 1, '', 1)",
        position,
        at,
    )


async def placed(pool: Pool) -> dict[int, str]:
    """Which partition holds which position."""
    rows = await pool.fetch(
        "select position, tableoid::regclass::text as place from store.attempts"
    )
    return {row["position"]: row["place"].removeprefix("store.") for row in rows}


async def sweep(
    pool: Pool, *, now: datetime = NOON, days: int = 30
) -> tuple[list[date], list[date]]:
    async with pool.acquire() as connection:
        return await keep_attempts(connection, now=now, days=days)


async def test_the_next_days_get_partitions_and_another_sweep_finds_nothing_to_do(
    pool: Pool,
) -> None:
    made, dropped = await sweep(pool)
    assert made == [TODAY + days * DAY for days in range(1, DAYS_AHEAD + 1)]
    assert dropped == []
    assert await sweep(pool) == ([], [])
    await insert(pool, NOON, 1)
    await insert(pool, NOON + DAY, 2)
    assert await placed(pool) == {1: "attempts_default", 2: "attempts_20261122"}


async def test_each_day_makes_one_more(pool: Pool) -> None:
    await sweep(pool)
    made, _ = await sweep(pool, now=NOON + DAY)
    assert made == [TODAY + (DAYS_AHEAD + 1) * DAY]


async def test_attempts_from_the_future_are_moved_when_their_day_gets_its_partition(
    pool: Pool,
) -> None:
    await insert(pool, NOON + 4 * DAY)
    await sweep(pool)
    assert await placed(pool) == {1: "attempts_default"}
    await sweep(pool, now=NOON + DAY)
    assert await placed(pool) == {1: "attempts_20261125"}


async def test_days_beyond_the_setting_are_dropped_whole_and_the_others_stay(pool: Pool) -> None:
    await sweep(pool)
    for ahead in range(1, 4):
        await insert(pool, NOON + ahead * DAY, ahead)
    _, dropped = await sweep(pool, now=NOON + 5 * DAY, days=3)
    assert dropped == [TODAY + DAY]
    assert sorted(await placed(pool)) == [2, 3]


async def test_old_attempts_without_a_partition_go_too(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_DELETED_AT_ONCE", 2)
    for age in range(28, 36):
        await insert(pool, NOON - age * DAY, age)
    await sweep(pool)
    assert sorted(await placed(pool)) == [28, 29, 30]


async def test_several_sweeps_at_a_time_do_the_work_once(pool: Pool) -> None:
    swept = await asyncio.gather(*(sweep(pool) for _ in range(5)))
    assert sum(bool(made) for made, _ in swept) == 1


async def test_no_attempt_of_today_is_refused_while_a_sweep_runs(pool: Pool) -> None:
    async def write() -> None:
        for position in range(200):
            await insert(pool, NOON, position)

    async def swept() -> None:
        for days in range(20):
            await sweep(pool, now=NOON + days * DAY)

    await asyncio.gather(write(), swept())
    assert await pool.fetchval("select count(*) from store.attempts") == 200


async def test_what_was_there_before_partitions_stays_and_grows_old_with_its_last_day(
    database_url: str,
) -> None:
    """Migrate a database that holds attempts, as an older version left them."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("drop table store.attempts")
        creation = next(it.sql for it in migrations() if it.name.startswith("0003"))
        table = creation[creation.index("create table store.attempts") :].partition(");")[0]
        await connection.execute(f"{table});")
        await insert(connection, datetime.now(UTC) - 3 * DAY)
        partitioning = next(it.sql for it in migrations() if it.name.startswith("0007"))
        await connection.execute(partitioning)
        await insert(connection, datetime.now(UTC), 2)
        assert await connection.fetchval("select count(*) from store.attempts") == 2

        now = datetime.now(UTC)
        made, dropped = await keep_attempts(connection, now=now, days=30)
        assert made == [now.date() + days * DAY for days in range(1, DAYS_AHEAD + 1)]
        assert dropped == []
        later = now + 32 * DAY
        _, dropped = await keep_attempts(connection, now=later, days=30)
        assert now.date() in dropped
        assert await connection.fetchval("select count(*) from store.attempts") == 0
    finally:
        await connection.close()
