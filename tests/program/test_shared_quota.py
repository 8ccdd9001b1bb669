"""Quotas that several processes share."""

import asyncio
import time

import pytest
from redis.asyncio import Redis

import daybook.shared_quota
from api.problems import Problem
from api.quota import Policy, Quotas
from daybook.shared_quota import Shared

POLICY = Policy(quota=200, window=600.0)


async def test_processes_share_a_quota_to_the_last_request(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daybook.shared_quota, "_PATIENCE", 60)
    async with Redis.from_url(redis_url) as one, Redis.from_url(redis_url) as two:
        processes = [Quotas(POLICY, Shared(POLICY, it), time.monotonic) for it in (one, two)]
        tasks = [processes[n % 2].spend("shared") for n in range(300)]
        results = await asyncio.gather(*tasks, return_exceptions=True)

    assert len([it for it in results if isinstance(it, Problem)]) == 100
    assert not [it for it in results if isinstance(it, BaseException) and type(it) is not Problem]


async def test_the_script_forgets_keys_that_are_whole_again(redis_url: str) -> None:
    policy = Policy(quota=10, window=2.0)
    async with Redis.from_url(redis_url) as redis:
        granted = await Shared(policy, redis).grant("short", 25)
        life = await redis.pttl("daybook:quota:short")

    assert (granted.count, granted.remaining, granted.retry_after) == (10, 0, 0.0)
    assert granted.reset == pytest.approx(2.0, abs=0.01)
    assert 2_000 < life <= 3_100


async def test_without_redis_each_process_counts_alone(caplog: pytest.LogCaptureFixture) -> None:
    async with Redis.from_url("redis://127.0.0.1:1/0") as nowhere:
        quotas = Quotas(POLICY, Shared(POLICY, nowhere), time.monotonic)
        for _ in range(200):
            await quotas.spend("key")
        with pytest.raises(Problem):
            await quotas.spend("key")

    assert [record.message for record in caplog.records] == [
        "Redis does not answer; quotas of keys are counted per process"
    ]
