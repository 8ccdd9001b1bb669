"""A rebuild amid requests: no read is empty, no write fails, and no webhook is sent again."""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet

from benchmarks.lives import append_lives
from projections.building import CONNECTIONS
from projections.tables import FOLLOWER, PROJECTIONS, SCHEMA, tables_of
from projections.verify import SCRATCH, verify
from store.books import Book
from store.checkpoints import position
from store.database import Pool, open_pool
from store.keys import create_key
from tests.acceptance.program import CHECKOUT, free_port
from tests.acceptance.served import start_part
from tests.workers.receiver import receiving
from tests.workers.webhooks import until

TABLE = tables_of(PROJECTIONS[0])[0]
EVENTS = 12_000
CUSTOMERS = 5
READERS = ("invoices", "customers", "payments", "invoices?status.eq=Posted&sort=-gross")


@pytest.fixture
async def client(
    *, pool: Pool, book: Book, database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole program, whose book has a year of invoices."""
    async with pool.acquire() as connection:
        await append_lives(connection, book.book_id, EVENTS, customers=50, paid_later=100)
    key, _ = await create_key(pool, book.book_id, name="test")
    port = free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DAYBOOK_PORT": str(port),
        "DAYBOOK_SECRET_KEYS": Fernet.generate_key().decode(),
        "DAYBOOK_ALLOW_LOOPBACK_WEBHOOKS": "yes",
    }
    with ExitStack() as processes:
        for part in ("serve", "follow", "work"):
            start_part(processes, part, environ, tmp_path / f"{part}.log")
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
        ) as opened:
            await until(lambda: caught_up(opened, pool, book), seconds=120)
            yield opened


async def caught_up(client: httpx.AsyncClient, pool: Pool, book: Book) -> bool:
    """Whether the program runs, and its lists show all that was written."""
    try:
        answer = await client.get("/readyz")
    except httpx.TransportError:
        return False
    return answer.is_success and await position(pool, book.book_id, FOLLOWER) >= EVENTS


class Amid:
    """Requests that go on until ``over`` is set; the first one that fails ends them all."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.over = asyncio.Event()
        self.read = self.written = 0
        self._client = client

    async def reads(self, what: str) -> None:
        while not self.over.is_set():
            answer = await self._client.get(f"/api/{what}")
            assert answer.status_code == 200, answer.text
            assert answer.json()["items"], what
            self.read += 1

    async def writes(self) -> None:
        for number in itertools.count():
            if self.over.is_set():
                return
            created = await self._client.post("/api/invoices", json={"memo": str(number)})
            assert created.status_code == 201, created.text
            listed = await self._client.get(f"/api/invoices?id.eq={created.json()['id']}")
            assert [it["id"] for it in listed.json()["items"]] == [created.json()["id"]]
            self.written += 1


async def rebuild(database_url: str) -> asyncio.subprocess.Process:
    """``daybook rebuild --all`` in a process of its own."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "daybook", "rebuild", "--all"),
        cwd=CHECKOUT,
        env={**os.environ, "DATABASE_URL": database_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def interrupted(pool: Pool, database_url: str, how: signal.Signals) -> None:
    """A rebuild that is ended on its way: while a table is read, it cannot come to its end."""
    before = await built(pool)

    async def went_on() -> bool:
        assert process.returncode is None
        return await built(pool) > before

    async with pool.acquire() as reading, reading.transaction():
        await reading.execute("set local idle_in_transaction_session_timeout = 0")
        await reading.execute(f"lock table {SCHEMA}.{TABLE} in access share mode")
        process = await rebuild(database_url)
        await until(went_on, 120)
        process.send_signal(how)
        _, said = await process.communicate()
    assert process.returncode != 0
    assert b"Traceback" not in said


async def built(pool: Pool) -> int:
    """How far the rebuild has come."""
    position: int = await pool.fetchval(
        "select coalesce(max(position), 0) from store.checkpoints"
        " where starts_with(follower, 'rebuild:')"
    )
    return position


async def test_nobody_notices_a_rebuild_that_is_killed_cancelled_and_goes_on(
    client: httpx.AsyncClient, pool: Pool, database_url: str
) -> None:
    async with receiving() as receiver:
        body = {"url": receiver.url, "events": ["customer.created"]}
        assert (await client.post("/api/webhook-endpoints", json=body)).status_code == 201
        for number in range(CUSTOMERS):
            await client.post("/api/customers", json={"id": f"NEW-{number}", "name": "New"})

        async def delivered() -> bool:
            return len(receiver.requests) >= CUSTOMERS

        await until(delivered, 120)
        amid = Amid(client)
        async with asyncio.TaskGroup() as requests:
            for what in READERS:
                requests.create_task(amid.reads(what))
            for _ in range(2):
                requests.create_task(amid.writes())
            await interrupted(pool, database_url, signal.SIGKILL)
            await interrupted(pool, database_url, signal.SIGINT)
            process = await rebuild(database_url)
            told, complaint = await process.communicate()
            amid.over.set()
        assert (process.returncode, complaint) == (0, b"")
        assert told.startswith(b"Rebuilt (an earlier rebuild went on): invoices, ")
        assert len(receiver.requests) == CUSTOMERS, "no webhook is sent again"
    assert min(amid.read, amid.written) > CUSTOMERS
    planned = await pool.fetchval("select count(*) from store.deliveries")
    assert planned == CUSTOMERS
    async with open_pool(
        database_url, name="verify", size=CONNECTIONS, schema=SCRATCH, patient=True
    ) as scratch:
        _, difference = await verify(scratch, PROJECTIONS, lambda _done, _of: None)
    assert difference is None
