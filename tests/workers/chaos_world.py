"""A world for chaos: servers, processes, receivers, and a book in which things happen."""

import asyncio
import multiprocessing
import os
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import msgspec

from daybook.embedded.stack import Stack, stack
from domain.customer import CUSTOMER
from domain.facts.customer import CustomerChanged, CustomerCreated, CustomerDetails
from domain.facts.webhook_endpoint import WebhookEndpointCreated
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from projections.tables import prepare_tables
from store.books import Books, create_book, open_books
from store.database import DATABASE_ERRORS, Pool, open_pool
from store.ids import new_id
from store.migrate import migrate
from store.secrets import Keyring, add_secret
from tests.workers import chaos_processes
from tests.workers.chaos_processes import TIMEOUT, Wiring
from tests.workers.receiver import Behaviour, Received, receiving, reply
from tests.workers.webhooks import prepare, tell

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
            fact = _renamed() if id_ in known else CustomerCreated(name="A")
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


def _renamed() -> CustomerChanged:
    return CustomerChanged(to=CustomerDetails(name=new_id("x")), fields=("name",))


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
