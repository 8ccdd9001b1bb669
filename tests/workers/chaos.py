"""Chaos between a commit and its receivers: kill whatever there is, and see what arrives.

``python -m tests.workers.chaos --kills 1000`` does it for longer than the test does.
"""

import argparse
import asyncio
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import msgspec
import redis

from daybook.embedded.stack import Stack, stack
from domain.customer import CUSTOMER
from domain.facts.customer import CustomerChanged, CustomerCreated
from domain.facts.webhook_endpoint import WebhookEndpointCreated
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from projections.tables import prepare_tables
from store.books import Books, create_book, open_books
from store.database import DATABASE_ERRORS, Pool, open_pool
from store.ids import id_of, new_id
from store.leases import lost_leases
from store.migrate import migrate
from store.secrets import Keyring, add_secret
from tests.workers import chaos_processes
from tests.workers.chaos_processes import TIMEOUT, Wiring
from tests.workers.receiver import Behaviour, Received, receiving, reply
from tests.workers.webhooks import prepare, tell
from workers.drain import UNRECORDED

ORDERS = ("none", "none", "aggregate", "aggregate", "strict")
WORKERS = ("work-1", "work-2")
CUSTOMERS = 25
PAUSE = 0.02
"""Seconds between one event and the next."""


@dataclass
class Arrivals:
    """What the receivers of one path got: when, what, and whether they accepted it."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    bodies: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    accepted: list[str] = field(default_factory=list)


@dataclass
class World:
    """Servers, processes, receivers, and a book in which things happen."""

    servers: Stack
    pool: Pool
    books: Books
    book_id: str
    endpoints: dict[str, str]  # the id of each, and its order
    wiring: Wiring
    fate: random.Random
    arrivals: dict[str, Arrivals] = field(default_factory=lambda: defaultdict(Arrivals))
    running: dict[str, ForkServerProcess] = field(default_factory=dict)
    flapping: bool = True
    kills: Counter[str] = field(default_factory=Counter)

    def start(self, name: str) -> None:
        """Start a process, as whoever looks after processes would."""
        mode = name.partition("-")[0]
        arguments = (mode, msgspec.json.encode(self.wiring))
        self.running[name] = _forks().Process(target=chaos_processes.run, args=arguments)
        self.running[name].start()

    def revive(self) -> None:
        """Start again what has ended by itself."""
        for name, process in list(self.running.items()):
            if process.exitcode is not None:
                process.close()
                self.start(name)

    async def stop(self, name: str, how: signal.Signals) -> bool:
        """End a process and wait for it; answers whether it was alive."""
        process = self.running.pop(name)
        assert process.pid is not None
        # One that could not reach its servers when it started has ended by itself.
        alive = process.exitcode is None
        with suppress(ProcessLookupError):
            os.kill(process.pid, how)
        await asyncio.to_thread(process.join, 15)
        assert process.exitcode is not None, f"{name} does not end"
        process.close()
        self.kills[f"{name} {how.name}"] += alive
        return alive

    async def happen(self) -> None:
        """Let customers come and change, until cancelled; whatever is refused did not happen."""
        ids = [new_id("cus") for _ in range(CUSTOMERS)]
        known: set[str] = set()
        while True:
            id_ = self.fate.choice(ids)
            fact = CustomerChanged(name=new_id("x")) if id_ in known else CustomerCreated(name="A")
            with suppress(*DATABASE_ERRORS, Exception):
                await tell(self.books, self.book_id, CUSTOMER, id_, fact)
                known.add(id_)
            await asyncio.sleep(PAUSE)

    async def behave(self, request: Received, writer: asyncio.StreamWriter) -> None:
        """Answer as a receiver does that comes and goes."""
        arrivals = self.arrivals[request.path.removeprefix("/")]
        id_ = request.headers["webhook-id"]
        arrivals.times[id_].append(time.time())
        arrivals.bodies[id_].add(request.body)
        # It is well for a second, then fails a lot for half of one.
        if self.flapping and time.time() % 1.5 > 1 and self.fate.random() < 0.6:
            await self.fate.choice(_TROUBLES)(request, writer)
            return
        arrivals.accepted.append(id_)
        await reply(200)(request, writer)

    @property
    def arrived(self) -> int:
        """How many requests came."""
        return sum(len(times) for it in self.arrivals.values() for times in it.times.values())

    async def happened(self) -> int:
        """How many events there are for each endpoint."""
        count: int = await self.pool.fetchval(
            "select count(*) from store.events where topic like 'customer.%'"
        )
        return count

    async def all_delivered(self) -> bool:
        """Whether every event has been delivered to every endpoint, by the record."""
        with suppress(*DATABASE_ERRORS):
            made: int = await self.pool.fetchval(
                "select count(*) from store.deliveries where book_id = $1 and state = 'delivered'",
                self.book_id,
            )
            return made == await self.happened() * len(self.endpoints)
        return False


async def _hang_up(_request: Received, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _say_nothing(_request: Received, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(2 * TIMEOUT)


_TROUBLES: tuple[Behaviour, ...] = (
    reply(500),
    reply(503, retry_after="30"),
    _hang_up,
    _say_nothing,
)


def _forks() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "tests.workers.chaos_processes"])
    return context


@asynccontextmanager
async def world(home: Path, *, seed: int) -> AsyncIterator[World]:
    """Servers of its own, endpoints of every kind, and receivers; no processes yet."""
    key = Keyring.new_key()
    with stack(home, mode="test", environ={}) as servers:
        url = servers.database_url
        async with (
            open_pool(url, name="chaos") as pool,
            open_books(pool) as books,
            receiving() as receiver,
        ):
            async with pool.acquire() as connection:
                await migrate(connection)
                await prepare_tables(connection)
            await prepare(pool)
            book = await create_book(pool, name="Chaos", mode="sandbox")
            endpoints = {}
            for order in ORDERS:
                id_ = new_id("whe")
                created = WebhookEndpointCreated(
                    url=f"http://127.0.0.1:{receiver.port}/{id_}",
                    events=("customer.*",),
                    category="standard",
                    order=order,
                )
                await tell(books, book.book_id, WEBHOOK_ENDPOINT, id_, created)
                await add_secret(pool, Keyring([key]), book.book_id, id_)
                endpoints[id_] = order
            wiring = Wiring(url, servers.redis_url, key, time.time())
            fate = random.Random(seed)  # noqa: S311 - chaos is no secret
            made = World(servers, pool, books, book.book_id, endpoints, wiring, fate)
            receiver.behave = made.behave
            try:
                yield made
            finally:
                for process in made.running.values():
                    process.kill()
                    process.join()


async def wreak_havoc(it: World, *, kills: int, seconds: float = 0.2) -> None:
    """Kill so many processes, one after the other, and the servers under them now and then."""
    for name in ("follow-1", *WORKERS):
        it.start(name)
    happening = asyncio.create_task(it.happen())
    servers = ["postgres", "valkey", "flush"]
    number = 0
    while number < kills:
        await asyncio.sleep(it.fate.uniform(0.3 * seconds, 1.7 * seconds))
        it.revive()
        name = it.fate.choice(["follow-1", *WORKERS])
        if await it.stop(name, signal.SIGKILL):
            if number % (kills // 6) == kills // 12:
                await trouble_a_server(it, servers[number * 6 // kills % 3])
            number += 1
        it.start(name)
    happening.cancel()
    await asyncio.gather(happening, return_exceptions=True)
    it.flapping = False
    await settle(it)


async def settle(it: World) -> None:
    """Let everything be delivered, and stop."""
    async with asyncio.timeout(60):
        while not await it.all_delivered():
            it.revive()
            await asyncio.sleep(PAUSE)
    for name in list(it.running):
        await it.stop(name, signal.SIGTERM)


async def trouble_a_server(it: World, which: str) -> None:
    """Restart PostgreSQL, kill Redis, or let it forget everything."""
    it.kills[which] += 1
    if which == "flush":
        with (
            suppress(redis.exceptions.RedisError),
            redis.Redis.from_url(it.wiring.redis_url) as known,
        ):
            known.flushall()
        return
    pid = it.servers.processes()[which]
    os.kill(pid, signal.SIGINT if which == "postgres" else signal.SIGKILL)


async def judge(it: World) -> str:
    """Hold what arrived against what happened. Raises ``AssertionError``; answers a summary."""
    rows = await it.pool.fetch("select * from store.events where topic like 'customer.%'")
    happened = {_evt(row["event_id"]): row for row in rows}
    again, unrecorded = 0, 0
    for id_, order in it.endpoints.items():
        arrivals = it.arrivals[id_]
        assert set(arrivals.accepted) == set(happened), "nothing is lost, and nothing invented"
        assert all(len(bodies) == 1 for bodies in arrivals.bodies.values()), "the same bytes"
        again += len(arrivals.accepted) - len(happened)
        unrecorded += await _account_for(it, id_, happened)
        firsts = [happened[id_] for id_ in dict.fromkeys(arrivals.accepted)]
        _check_order(order, firsts)
    bound = (
        sum(
            count
            for name, count in it.kills.items()
            if name.startswith("work") or name == "postgres"
        )
        * len(it.endpoints)
        * UNRECORDED
    )
    assert again <= bound
    return (
        f"{len(happened)} events for {len(it.endpoints)} endpoints, {dict(it.kills)}: 0 lost, "
        f"{again} accepted again (bound {bound}), {unrecorded} requests not on the record, each "
        "within a lease that is on record as lost"
    )


async def _account_for(it: World, endpoint_id: str, happened: dict[str, Any]) -> int:
    """Requests that are not on the record: each must fall into a lease that was lost."""
    rows = await it.pool.fetch(
        "select position, count(*) as made from store.attempts where book_id = $1"
        " and endpoint_id = $2 group by position",
        it.book_id,
        endpoint_id,
    )
    made = {row["position"]: row["made"] for row in rows}
    lost = await lost_leases(it.pool, it.book_id, endpoint_id, limit=100_000)
    intervals = [(one.leased_at.timestamp(), one.lost_at.timestamp()) for one in lost]
    unrecorded = 0
    for id_, times in it.arrivals[endpoint_id].times.items():
        excess = len(times) - made[happened[id_]["position"]]
        if excess > 0:
            within = [any(a <= at <= b for a, b in intervals) for at in times]
            assert sum(within) >= excess, "what is not on the record is within a lost lease"
            unrecorded += excess
    return unrecorded


def _check_order(order: str, firsts: Sequence[Any]) -> None:
    if order == "strict":
        positions = [row["position"] for row in firsts]
        assert positions == sorted(positions)
    if order == "aggregate":
        versions: dict[str, list[int]] = defaultdict(list)
        for row in firsts:
            versions[row["stream"]].append(row["version"])
        assert all(of_one == sorted(of_one) for of_one in versions.values())


def _evt(event_id: Any) -> str:
    return id_of("evt", event_id)


async def _main(kills: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        async with world(Path(home) / "servers", seed=seed) as made:
            await wreak_havoc(made, kills=kills)
            print(await judge(made))  # noqa: T201 - a script


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    asyncio.run(_main(given.kills, given.seed))
