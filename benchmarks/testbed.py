"""What a benchmark runs on: a database that is dropped afterwards, a server process, a book."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import msgspec
from cryptography.fernet import Fernet

from daybook.demo.catalog import SELLER
from daybook.opening import open_book
from daybook.wiring import bring_up_to_date
from store.database import Pool, open_pool
from store.ids import new_id
from store.keys import create_key

_STOP_SECONDS = 10


class Api(msgspec.Struct, frozen=True):
    """A server process, with a book of its own and a key for it."""

    port: int
    pid: int
    pool: Pool
    book_id: str
    key: str

    def cpu_seconds(self) -> float:
        """Processor time that the server has used so far; 0 where the system does not tell."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(") ")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def scratch_database(server_url: str) -> AsyncIterator[str]:
    """The URL of an empty database with every table, which is dropped afterwards."""
    name = new_id("bench").lower()
    admin = await asyncpg.connect(server_url)
    try:
        await admin.execute(f"create database {name}")
        url = urlsplit(server_url)._replace(path=f"/{name}").geturl()
        try:
            await bring_up_to_date(url)
            yield url
        finally:
            await admin.execute(f"drop database {name} with (force)")
    finally:
        await admin.close()


@asynccontextmanager
async def serving(database_url: str) -> AsyncIterator[Api]:
    """The API in a process of its own, over this database."""
    async with open_pool(database_url, name="daybook benchmark", size=2) as pool:
        book = await open_book(pool, name="Benchmark", mode="sandbox", settings=SELLER)
        key, _ = await create_key(pool, book.book_id, name="benchmark")
        async with _process(database_url) as (port, pid):
            yield Api(port, pid, pool, book.book_id, key)


@asynccontextmanager
async def serving_too(database_url: str, api: Api) -> AsyncIterator[Api]:
    """Another process that serves the same book."""
    async with _process(database_url) as (port, pid):
        yield msgspec.structs.replace(api, port=port, pid=pid)


@asynccontextmanager
async def _process(database_url: str) -> AsyncIterator[tuple[int, int]]:
    """The port and the id of a server process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.server",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**_environment(), "DATABASE_URL": database_url},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = await process.stdout.readline()
        if not port:
            raise ConnectionError("The server did not start; it said why.")
        yield int(port), process.pid
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def _environment() -> dict[str, str]:
    """What the server sees: this process's environment without settings of the product."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("DAYBOOK_")}  # noqa: TID251 - it is passed on, not read
    # One key makes all of the requests here, more than any quota that protects a server.
    secret = Fernet.generate_key().decode()
    return {**inherited, "DAYBOOK_SECRET_KEYS": secret, "DAYBOOK_QUOTA": "0"}


async def surroundings(database_url: str) -> str:
    """What the figures of this run have to be seen with."""
    async with open_pool(database_url, name="daybook benchmark", size=1) as pool:
        version = await pool.fetchval("show server_version")
        fsync = await pool.fetchval("show fsync")
        commit = await pool.fetchval("show synchronous_commit")
        await pool.execute("create table commits (number bigint primary key)")
        loop = asyncio.get_running_loop()
        started, count = loop.time(), 0
        while loop.time() < started + 1:
            await pool.execute("insert into commits values ($1)", count)
            count += 1
        per_second = count / (loop.time() - started)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} processors, load {load}; PostgreSQL {version} with fsync {fsync}, "
        f"synchronous_commit {commit}; one connection commits {per_second:,.0f} rows a second, "
        "one by one."
    )
