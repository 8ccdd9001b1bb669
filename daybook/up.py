"""``daybook up``: bring servers, start every part, open a sandbox book, say what to try."""

import asyncio
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from types import FrameType

import click

from daybook.demo.catalog import SELLER
from daybook.demo.writing import write_demo
from daybook.embedded.stack import Stack, stack
from daybook.home import Home, Running, Sandbox
from daybook.opening import open_book
from daybook.progress import progress
from daybook.settings import Settings
from daybook.tour import tour
from daybook.wiring import bring_up_to_date
from store.database import open_pool
from store.keys import create_key, find_key, parse_key

_PARTS = ("serve", "follow", "work")
_START_SECONDS = 20
_POLL_SECONDS = 0.02
_LAST_WORDS = 2000
DEMO_SEED = 1


class CannotStart(Exception):
    """Something stands in the way. The message says what to do."""


def up(settings: Settings, environ: Mapping[str, str]) -> None:
    """Run everything until Ctrl-C or SIGTERM.

    Raises:
        CannotStart, StackError: The message says why and what to do.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    home = Home(settings.home)
    try:
        with stack(settings.home, mode="dev", environ=environ, report=_say) as running:
            _refuse_taken_port(settings)
            try:
                _run(running, home, settings)
            finally:
                home.forget_running()
    except KeyboardInterrupt:
        _say("stopped")


def _run(running: Stack, home: Home, settings: Settings) -> None:
    address = f"http://{settings.host}:{settings.port}"
    asyncio.run(bring_up_to_date(running.database_url))
    _start_parts(running, home, settings)
    home.keep_running(
        Running(
            address=address,
            database_url=running.database_url,
            redis_url=running.redis_url,
            processes={"up": os.getpid(), **running.processes()},
        )
    )
    _wait_until_ready(address, running)
    sandbox, new = asyncio.run(_sandbox(home, running.database_url))
    if new:
        with progress("A sandbox book with data") as report:
            asyncio.run(write_demo(address, sandbox.key, seed=DEMO_SEED, report=report))
    click.echo(tour(address, sandbox.key, running.log))
    running.wait()
    raise CannotStart("The process that looks after the servers was killed; start again.")


def _start_parts(running: Stack, home: Home, settings: Settings) -> None:
    env = {
        "DAYBOOK_HOST": settings.host,
        "DAYBOOK_PORT": str(settings.port),
        "DAYBOOK_SECRET_KEYS": ",".join(settings.secret_keys or (home.secret_key(),)),
        # The receivers that one tries webhooks with listen on this machine.
        "DAYBOOK_ALLOW_LOOPBACK_WEBHOOKS": "yes",
    }
    for part in _PARTS:
        running.run(part, [sys.executable, "-m", "daybook", part], env)


async def _sandbox(home: Home, database_url: str) -> tuple[Sandbox, bool]:
    """The sandbox book of this home, and whether it was opened just now."""
    known = home.sandbox()
    async with open_pool(database_url, name="daybook up", size=1) as pool:
        if known is not None:
            parsed = parse_key(known.key)
            if parsed is not None and await find_key(pool, parsed) is not None:
                return known, False
        book = await open_book(pool, name="Sandbox", mode="sandbox", settings=SELLER)
        key, _ = await create_key(pool, book.book_id, name="sandbox")
    sandbox = Sandbox(book.book_id, key)
    home.keep_sandbox(sandbox)
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


def _say(news: str) -> None:
    click.echo(f"daybook: {news}", err=True)
