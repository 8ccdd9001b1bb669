"""Latency of webhooks to healthy receivers while half of 200 never answer, against all healthy."""

import asyncio
import time
from functools import partial

from benchmarks.figures import Figure
from benchmarks.rounds import Run, alternate
from benchmarks.webhook_processes import running
from benchmarks.webhook_receiver import Received, receiving
from benchmarks.webhook_stage import Scene, scene
from store.books import open_books
from store.database import open_pool
from store.secrets import Keyring

NAME = "delivery_isolation"
ENDPOINTS = 200
EVENTS = 100
EVENTS_PER_SECOND = 10
ROUNDS = 3


async def measure(database_url: str) -> Figure:
    """The healthy half gets each event; how long after its commit, with and without the others.

    Both sides plan and send for 200 endpoints; they differ in what half of those answer. What the
    healthy half takes when there is no other, which is half of the work, is told beside it. Raises
    ``WrongAnswer``.
    """
    key = Keyring.new_key()
    async with (
        open_pool(database_url, name="daybook benchmark", size=8) as pool,
        open_books(pool) as books,
        receiving() as received,
    ):
        healthy = [f"http://127.0.0.1:{received.port}/{number}" for number in range(ENDPOINTS // 2)]
        silent = [
            f"http://127.0.0.1:{received.hole_port}/{number}" for number in range(len(healthy))
        ]
        idle = [f"http://127.0.0.1:{received.idle_port}/{number}" for number in range(len(healthy))]

        async def side(others: list[str]) -> Run:
            stage = await scene(pool, books, Keyring([key]), urls=healthy + others, events=0)
            async with running("follow", database_url, key), running("send", database_url, key):
                run = await _pace(stage, received, len(healthy))
            await pool.execute("truncate store.attempts, store.deliveries")
            return run

        with_holes, without = await alternate(
            partial(side, silent), partial(side, idle), rounds=ROUNDS
        )
        alone = [await side([])]
    slow, usual = _p99(with_holes), _p99(without)
    return Figure(
        name=NAME,
        ours=1000 * slow,
        baseline=1000 * usual,
        unit="ms, p99",
        p50_ms=1000 * sorted(_latencies(with_holes))[len(_latencies(with_holes)) // 2],
        p99_ms=1000 * slow,
        notes=(
            f"{ENDPOINTS} endpoints, {EVENTS_PER_SECOND} events/s for all of them",
            "a ratio of 1.25 means that the p99 of the healthy ones rises by a quarter",
            f"without any others, half of the work: {1000 * _p99(alone):.1f} ms",
        ),
    )


async def _pace(stage: Scene, received: Received, healthy: int) -> Run:
    """Let events happen at a steady pace, and see how long each takes to the healthy receivers."""
    received.reset()
    received.sampling = 1
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with asyncio.TaskGroup() as happening:
        for number in range(EVENTS):
            await asyncio.sleep(started + number / EVENTS_PER_SECOND - loop.time())
            happening.create_task(stage.happen())
        await received.wait_for(EVENTS * healthy)
    return Run(time.time() - started, received.latencies())


def _latencies(runs: list[Run]) -> list[float]:
    return [latency for run in runs for latency in run.latencies]


def _p99(runs: list[Run]) -> float:
    latencies = sorted(_latencies(runs))
    return latencies[len(latencies) * 99 // 100]
