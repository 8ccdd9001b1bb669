"""Signed webhooks on the record, by two senders, against two that claim, send and commit each.

Both sides have two processes for two cores, the same database that syncs every commit to disk, and
the same receiver, which shares the cores with them and so counts against both. The baseline is one
worker for each process; what five each come to, which share the waits for the disk, is told beside
it. See ``naive_sender`` for what they do.
"""

import asyncio
from contextlib import AsyncExitStack
from typing import NamedTuple

import msgspec

from benchmarks.figures import Figure, figure
from benchmarks.http_load import WrongAnswer
from benchmarks.rounds import Run, alternate
from benchmarks.webhook_processes import running
from benchmarks.webhook_receiver import Received, receiving
from benchmarks.webhook_stage import Scene, scene
from store.books import open_books
from store.database import open_pool
from store.secrets import Keyring

NAME = "deliveries_vs_naive"
SENDERS = 2
ENDPOINTS = 20
MANY_ENDPOINTS = 1000
EVENTS = 1000
NAIVE_EVENTS = 75
MANY_EVENTS = 20
LATENCY_ENDPOINTS = 4
LATENCY_EVENTS = 1000
EVENTS_PER_SECOND = 200
ROUNDS = 5


class Bench(NamedTuple):
    """What every part of the benchmark needs."""

    url: str
    key: str
    received: Received


async def measure(database_url: str) -> Figure:
    """Twenty endpoints of one book; every request is verified to have come once.

    The latencies are those from the commit of an event to the arrival of its webhook, at 200 events
    a second. Raises ``WrongAnswer``.
    """
    key = Keyring.new_key()
    async with (
        open_pool(database_url, name="daybook benchmark", size=8) as pool,
        open_books(pool) as books,
        receiving() as received,
    ):
        bench = Bench(database_url, key, received)

        async def stage(endpoints: int, events: int) -> Scene:
            urls = [f"http://127.0.0.1:{received.port}/{number}" for number in range(endpoints)]
            return await scene(pool, books, Keyring([key]), urls=urls, events=events)

        few = await stage(ENDPOINTS, EVENTS)
        ours, naive = await alternate(
            lambda: _deliver(bench, few, "send", EVENTS),
            lambda: _deliver(bench, few, "naive-1", NAIVE_EVENTS),
            rounds=ROUNDS,
        )
        crowd = await _deliver(bench, few, "naive-5", NAIVE_EVENTS)
        many = await stage(MANY_ENDPOINTS, MANY_EVENTS)
        wide = [await _deliver(bench, many, "send", MANY_EVENTS) for _ in range(2)][-1]
        await pool.execute("truncate store.attempts, store.deliveries")
        latencies = await _latencies(bench, await stage(LATENCY_ENDPOINTS, 0))
    made = figure(NAME, "webhooks/s", ours, naive)
    crowded = f"{crowd.rate:,.0f} webhooks/s, a ratio of {made.ours / crowd.rate:.2f}"
    latencies.sort()
    return msgspec.structs.replace(
        made,
        p50_ms=1000 * latencies[len(latencies) // 2],
        p99_ms=1000 * latencies[len(latencies) * 99 // 100],
        notes=(
            *made.notes,
            f"{SENDERS} senders, {ENDPOINTS} endpoints; all webhooks came once and are on record",
            f"the naive ones with five workers each: {crowded}",
            f"{MANY_ENDPOINTS:,} endpoints with {MANY_EVENTS} each: {wide.rate:,.0f} webhooks/s",
            f"latencies: from commit to arrival at {EVENTS_PER_SECOND} events/s, one sender",
        ),
    )


async def _deliver(bench: Bench, stage: Scene, mode: str, events: int) -> Run:
    """Deliver so many events to every endpoint, from the first request to the last."""
    received = bench.received
    async with AsyncExitStack() as processes:
        for _ in range(SENDERS):
            await processes.enter_async_context(running(mode, bench.url, bench.key))
        received.reset()
        count = await stage.plan(events=events)
        stage.notify()
        await received.wait_for(count)
        received.check(list(stage.secrets))
        await _on_record(stage, count)
    first = min(received.times)
    return Run(max(received.times) - first, [time - first for time in received.times])


async def _on_record(stage: Scene, count: int) -> None:
    """Wait for the last of so many to be written down. Raises ``WrongAnswer``."""
    async with asyncio.timeout(10):
        while (recorded := await stage.recorded()) < count:  # noqa: ASYNC110 - another process writes
            await asyncio.sleep(0.05)
    if recorded != count:
        raise WrongAnswer(f"{count} webhooks came, but {recorded} are on the record.")


async def _latencies(bench: Bench, stage: Scene) -> list[float]:
    """Seconds from each commit to each arrival of its webhook, at a steady pace."""
    received = bench.received
    async with (
        running("follow", bench.url, bench.key),
        running("send", bench.url, bench.key),
        asyncio.TaskGroup() as happening,
    ):
        received.reset()
        received.sampling = 1
        loop = asyncio.get_running_loop()
        started = loop.time()
        for number in range(LATENCY_EVENTS):
            await asyncio.sleep(started + number / EVENTS_PER_SECOND - loop.time())
            happening.create_task(stage.happen())
        await received.wait_for(LATENCY_EVENTS * len(stage.endpoints))
    return received.latencies()
