"""The real API on a real database, for as long as its contract is looked at."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import msgspec
from cryptography.fernet import Fernet

from daybook.demo.catalog import SELLER
from daybook.embedded.stack import stack
from daybook.opening import open_book
from daybook.wiring import bring_up_to_date
from store.database import open_pool
from store.ids import new_id
from store.keys import create_key

_START_SECONDS = 60


class Served(msgspec.Struct, frozen=True):
    """Where the API is, and a key of its one book that may do everything."""

    address: str
    key: str


@contextmanager
def served(logs: Path) -> Iterator[Served]:
    """The API with its read models followed, in processes of their own, until the context ends.

    PostgreSQL and Valkey are brought along; DATABASE_URL and REDIS_URL name others to use.
    """
    with ExitStack() as until_done:
        home = Path(until_done.enter_context(tempfile.TemporaryDirectory(prefix="daybook-")))
        servers = until_done.enter_context(stack(home, mode="test", environ=os.environ))  # noqa: TID251 - it is passed on
        database_url = until_done.enter_context(_database(servers.database_url))
        key = asyncio.run(_prepared(database_url))
        environ = _environment(database_url, servers.redis_url)
        for part in ("serve", "follow"):
            _start(until_done, part, environ, logs / f"{part}.log")
        address = f"http://127.0.0.1:{environ['DAYBOOK_PORT']}"
        _wait_until_ready(address, logs / "serve.log")
        yield Served(address, key)


@contextmanager
def _database(server_url: str) -> Iterator[str]:
    """The URL of an empty database, which is dropped afterwards."""
    name = new_id("contract").lower()
    asyncio.run(_execute(server_url, f"create database {name}"))
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        asyncio.run(_execute(server_url, f"drop database {name} with (force)"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _prepared(database_url: str) -> str:
    """Make every table and a sandbox book with its seller; answers the text of its key."""
    await bring_up_to_date(database_url)
    async with open_pool(database_url, name="daybook contract", size=2) as pool:
        book = await open_book(pool, name="Contract", mode="sandbox", settings=SELLER)
        text, _ = await create_key(pool, book.book_id, name="contract")
        return text


def _environment(database_url: str, redis_url: str) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("DAYBOOK_")}  # noqa: TID251 - it is passed on, not read
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        **inherited,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DAYBOOK_PORT": str(port),
        "DAYBOOK_SECRET_KEYS": Fernet.generate_key().decode(),
        "DAYBOOK_QUOTA": "0",  # one key makes all requests, more than any quota allows
    }


def _start(until_done: ExitStack, part: str, environ: dict[str, str], log: Path) -> None:
    output = until_done.enter_context(log.open("wb"))
    process = subprocess.Popen(
        [sys.executable, "-m", "daybook", part],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    until_done.callback(process.wait, 20)
    until_done.callback(process.terminate)


def _wait_until_ready(address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            if httpx.get(f"{address}/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"The API did not start:\n{log.read_text()}")
        time.sleep(0.05)
