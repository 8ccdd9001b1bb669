"""``daybook up``: bring servers, start every part, open a sandbox book, say what to try."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import click
import msgspec
from cryptography.fernet import Fernet

from daybook.demo import write_demo
from daybook.embedded.stack import Stack, stack
from daybook.progress import progress
from daybook.settings import Settings
from daybook.tour import tour
from daybook.wiring import bring_up_to_date
from store.books import create_book
from store.database import open_pool
from store.keys import create_key, find_key, parse_key

_PARTS = ("serve", "follow", "work")
_START_SECONDS = 20
_POLL_SECONDS = 0.02
_LAST_WORDS = 2000
DEMO_SEED = 1


class CannotStart(Exception):
    """Something stands in the way. The message says what to do."""


class Sandbox(msgspec.Struct, rename="camel"):
    """The sandbox book of a home, and a key for it: the file ``sandbox.json``."""

    book_id: str
    key: str


def up(settings: Settings, environ: Mapping[str, str]) -> None:
    """Run everything until Ctrl-C or SIGTERM.

    Raises:
        CannotStart, StackError: The message says why and what to do.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with stack(settings.home, mode="dev", environ=environ, report=_say) as running:
            _refuse_taken_port(settings)
            try:
                _run(running, settings)
            finally:
                (settings.home / "stack.json").unlink(missing_ok=True)
    except KeyboardInterrupt:
        _say("stopped")


def _run(running: Stack, settings: Settings) -> None:
    address = f"http://{settings.host}:{settings.port}"
    asyncio.run(bring_up_to_date(running.database_url))
    _start_parts(running, settings)
    _write(settings.home / "stack.json", _whereabouts(running, address))
    _wait_until_ready(address, running)
    sandbox, new = asyncio.run(_sandbox(settings.home, running.database_url))
    if new:
        with progress("A sandbox book with data") as report:
            asyncio.run(write_demo(address, sandbox.key, seed=DEMO_SEED, report=report))
    click.echo(tour(address, sandbox.key, running.log))
    running.wait()
    raise CannotStart("The process that looks after the servers was killed; start again.")


def _whereabouts(running: Stack, address: str) -> dict[str, object]:
    """What other commands in this folder need to find the stack: the file ``stack.json``."""
    return {
        "address": address,
        "databaseUrl": running.database_url,
        "redisUrl": running.redis_url,
        "processes": {"up": os.getpid(), **running.processes()},
    }


def _start_parts(running: Stack, settings: Settings) -> None:
    env = {
        "DAYBOOK_HOST": settings.host,
        "DAYBOOK_PORT": str(settings.port),
        "DAYBOOK_SECRET_KEYS": ",".join(settings.secret_keys or (_secret_key(settings.home),)),
        # The receivers that one tries webhooks with listen on this machine.
        "DAYBOOK_ALLOW_LOOPBACK_WEBHOOKS": "yes",
    }
    for part in _PARTS:
        running.run(part, [sys.executable, "-m", "daybook", part], env)


def _secret_key(home: Path) -> str:
    """The key that encrypts webhook secrets of this home; made at the first start."""
    file = home / "secret.key"
    if not file.exists():
        _write_private(file, Fernet.generate_key().decode())
    return file.read_text().strip()


async def _sandbox(home: Path, database_url: str) -> tuple[Sandbox, bool]:
    """The sandbox book of this home, and whether it was opened just now."""
    file = home / "sandbox.json"
    async with open_pool(database_url, name="daybook up", size=1) as pool:
        if file.exists():
            known = msgspec.json.decode(file.read_bytes(), type=Sandbox)
            parsed = parse_key(known.key)
            if parsed is not None and await find_key(pool, parsed) is not None:
                return known, False
        book = await create_book(pool, name="Sandbox", mode="sandbox")
        key, _ = await create_key(pool, book.book_id, name="sandbox")
    sandbox = Sandbox(book.book_id, key)
    _write(file, msgspec.to_builtins(sandbox))
    return sandbox, True


def _refuse_taken_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise CannotStart(
                f"{settings.host}:{settings.port} cannot be used ({error.strerror}). If Daybook "
                "runs there already, use that one; otherwise set DAYBOOK_PORT to a free port."
            ) from error


def _wait_until_ready(address: str, running: Stack) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(_POLL_SECONDS)
    log = running.log / "serve.log"
    words = log.read_text(errors="replace")[-_LAST_WORDS:] if log.exists() else "nothing"
    raise CannotStart(f"The API did not answer within {_START_SECONDS} s. {log} says:\n{words}")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _write(file: Path, content: object) -> None:
    _write_private(file, json.dumps(content, indent=2) + "\n")


def _write_private(file: Path, text: str) -> None:
    """Write whole or not at all, readable by the owner only."""
    draft = file.with_suffix(".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:  # noqa: PTH123 - a descriptor with its mode
        stream.write(text)
    draft.replace(file)


def _say(news: str) -> None:
    click.echo(f"daybook: {news}", err=True)
