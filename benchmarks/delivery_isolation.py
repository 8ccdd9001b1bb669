"""Latency of webhooks to healthy receivers while half of 200 never answer, against all healthy.

Each side has a database, a follower and a sender of its own, and stays warm for the whole run: they
take turns at having events. Black holes are what they are to the product: requests to them run into
its timeout, two at a time, until their circuits open, and probes do from then on. That goes on all
the time, also while another side has its turn.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median
from typing import NamedTuple

from benchmarks.figures import Figure
from benchmarks.rounds import Run
from benchmarks.testbed import scratch_database
from benchmarks.webhook_processes import running
from benchmarks.webhook_receiver import Received, receiving
from benchmarks.webhook_stage import Scene, scene
from store.books import open_books
from store.database import open_pool
from store.secrets import Keyring
from workers.breaker import FAILURES

NAME = "delivery_isolation"
ENDPOINTS = 200
HEALTHY = ENDPOINTS // 2
EVENTS = 30
EVENTS_PER_SECOND = 10
ROUNDS = 11
_SETTLE_SECONDS = 0.3


class Side:
    """A stage whose first endpoints are healthy, and what they received."""

    def __init__(self, stage: Scene, received: Received) -> None:
        self.stage = stage
        self.received = received


class Round(NamedTuple):
    """Neighbours in time. ``tripped`` is how many circuits had opened by then."""

    holed: Run
    usual: Run
    alone: Run
    tripped: int

    @property
    def ratio(self) -> float:
        """The p99 with black holes by that of when they answer."""
        return _p99([self.holed]) / _p99([self.usual])

    @property
    def stricter(self) -> float:
        """The p99 with black holes by that of when there is only the healthy half."""
        return _p99([self.holed]) / _p99([self.alone])


async def measure(database_url: str) -> Figure:
    """The healthy half gets each event; how long after its commit, with and without black holes.

    Both sides plan for 200 endpoints; they differ in what half of those answer. What the healthy
    half takes when there is no other, which is half of the work, is told beside it. A first round,
    in which connections are made, is not counted. Raises ``WrongAnswer``.
    """
    key = Keyring.new_key()
    async with AsyncExitStack() as stack:

        async def side(others: str) -> Side:
            url = await stack.enter_async_context(scratch_database(database_url))
            return await stack.enter_async_context(_side(url, key, others))

        usual, alone, holed = [await side(others) for others in ("answering", "none", "silent")]
        rounds = [await _turns(holed, usual, alone, number) for number in range(ROUNDS + 1)]
        unanswered = await _unanswered(holed)
    return _figure(rounds[1:], unanswered)


async def _turns(holed: Side, usual: Side, alone: Side, number: int) -> Round:
    """Each side's turn, in another order each time."""
    runs: dict[Side, Run] = {}
    sides = [holed, usual, alone]
    first = number % len(sides)
    for side in sides[first:] + sides[:first]:
        runs[side] = await _run(side)
    return Round(runs[holed], runs[usual], runs[alone], await _tripped(holed))


@asynccontextmanager
async def _side(database_url: str, key: str, others: str) -> AsyncIterator[Side]:
    """A side and its processes. ``others``: what the other half is, if it is there at all."""
    async with (
        open_pool(database_url, name="daybook benchmark", size=4) as pool,
        open_books(pool) as books,
        receiving() as received,
    ):
        half = ENDPOINTS - HEALTHY
        other_ports = {
            "answering": [received.idle_port] * half,
            "silent": [received.hole_port] * half,
            "none": [],
        }
        ports = [received.port] * HEALTHY + other_ports[others]
        urls = [f"http://127.0.0.1:{port}/{number}" for number, port in enumerate(ports)]
        stage = await scene(pool, books, Keyring([key]), urls=urls, events=0)
        async with running("follow", database_url, key), running("send", database_url, key):
            yield Side(stage, received)


async def _run(side: Side) -> Run:
    """Let events happen, and see how long each takes to the healthy receivers.

    They come at the same instants in each round, one in each tenth of a second but not at an even
    pace: that would meet whatever happens at intervals always or never.
    """
    received = side.received
    chance = random.Random(NAME)  # noqa: S311 - not a secret
    instants = [(number + chance.random()) / EVENTS_PER_SECOND for number in range(EVENTS)]
    received.reset()
    received.sampling = 1
    started = time.time()
    async with asyncio.TaskGroup() as happening:
        for instant in instants:
            await asyncio.sleep(started + instant - time.time())
            happening.create_task(side.stage.happen())
        await received.wait_for(EVENTS * HEALTHY)
    run = Run(time.time() - started, received.latencies())
    await asyncio.sleep(_SETTLE_SECONDS)  # so that what is left to do does not fall to the next
    return run


async def _tripped(side: Side) -> int:
    """How many of the side's circuits have opened."""
    count: int = await side.stage.pool.fetchval(
        "select count(*) from store.endpoint_leases where failures >= $1", FAILURES
    )
    return count


async def _unanswered(side: Side) -> int:
    """How many requests got no answer."""
    count: int = await side.stage.pool.fetchval(
        "select count(*) from store.attempts where status is null"
    )
    return count


def _figure(rounds: Sequence[Round], unanswered: int) -> Figure:
    by_ratio = sorted(rounds, key=lambda one: one.ratio)
    middle = by_ratio[len(rounds) // 2]
    closed = [one for one in rounds if one.tripped < ENDPOINTS - HEALTHY]
    opened = [one for one in rounds if one.tripped >= ENDPOINTS - HEALTHY]
    holed = [one.holed for one in rounds]
    usual, alone = _p99([one.usual for one in rounds]), _p99([one.alone for one in rounds])
    latencies = _latencies(holed)
    return Figure(
        name=NAME,
        ours=1000 * _p99([middle.holed]),
        baseline=1000 * _p99([middle.usual]),
        unit="ms, p99",
        p50_ms=1000 * latencies[len(latencies) // 2],
        p99_ms=1000 * _p99(holed),
        notes=(
            f"{ENDPOINTS} endpoints, {EVENTS_PER_SECOND} events/s for all of them",
            "a ratio of 1.25 means that the p99 of the healthy ones rises by a quarter",
            f"ratios from {by_ratio[0].ratio:.2f} to {by_ratio[-1].ratio:.2f} in {ROUNDS} rounds",
            f"median before all circuits were open: {_median([it.ratio for it in closed])}",
            f"median after: {_median([it.ratio for it in opened])}",
            f"p99 of all rounds: {1000 * _p99(holed):.1f} ms; without holes {1000 * usual:.1f} ms",
            f"the healthy half alone, half of the work: {1000 * alone:.1f} ms",
            f"median of the ratios to that: {_median([it.stricter for it in rounds])}",
            f"{unanswered:,} requests to black holes ran into the timeout",
        ),
    )


def _median(ratios: Sequence[float]) -> str:
    return f"{median(ratios):.2f} in {len(ratios)} rounds" if ratios else "there was no round"


def _latencies(runs: Sequence[Run]) -> list[float]:
    return sorted(latency for run in runs for latency in run.latencies)


def _p99(runs: Sequence[Run]) -> float:
    latencies = _latencies(runs)
    return latencies[len(latencies) * 99 // 100]
