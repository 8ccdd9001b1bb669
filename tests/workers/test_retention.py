import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from store.database import Pool
from store.leases import lost_leases
from store.pings import Ping, list_pings, record_ping
from tests.workers.webhooks import until
from workers import retention
from workers.retention import retaining, sweep

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def ping(pool: Pool, ping_id: str, age: timedelta) -> None:
    made = Ping(
        ping_id=ping_id,
        at=NOW - age,
        status=200,
        error=None,
        duration_ms=1,
        peer=None,
        response=b"",
        request_headers=b"{}",
        body_sha256=b"",
    )
    await record_ping(pool, "bok_1", "whe_1", made)


async def test_old_pings_and_lost_leases_go_with_the_attempts_of_their_time(pool: Pool) -> None:
    for epoch, days in enumerate((29, 31)):
        await ping(pool, f"png_{days}", timedelta(days=days))
        lost_at = NOW - timedelta(days=days)
        await pool.execute(
            "insert into store.lost_leases values ('bok_1', 'whe_1', $1, $2, $2)", epoch, lost_at
        )
    await sweep(pool, now=NOW, days=30)
    assert [it.ping_id for it in await list_pings(pool, "bok_1", "whe_1")] == ["png_29"]
    assert [it.epoch for it in await lost_leases(pool, "bok_1", "whe_1")] == [0]


async def test_a_worker_sweeps_at_once_and_a_failure_is_tried_again(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[int] = []

    async def fails_first(_pool: Pool, *, now: datetime, days: int) -> None:
        assert now == NOW
        swept.append(days)
        if len(swept) == 1:
            raise OSError

    monkeypatch.setattr(retention, "sweep", fails_first)
    monkeypatch.setattr(retention, "_PAUSE_AFTER_FAILURE_SECONDS", 0.0)

    async def twice() -> bool:
        return len(swept) == 2

    async with retaining(pool, days=7, clock=lambda: NOW):
        await until(twice)
    await asyncio.sleep(0)
    assert swept == [7, 7]
