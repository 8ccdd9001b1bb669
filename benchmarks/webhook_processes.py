"""Processes that plan or send webhooks: ``python -m benchmarks.webhook_processes MODE``.

They take the database's URL and the key of the secrets from their standard input, and stop when it
ends, so that they never outlive the benchmark.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import uvloop

from benchmarks.naive_sender import send_one_by_one
from daybook.garbage import collect_seldom
from store.books import open_books
from store.database import open_pool
from store.due_notices import DueNotices
from store.secrets import Keyring
from workers.deliver import open_deliverer
from workers.dispatch import Means
from workers.fan_out import fan_out_follower
from workers.gate import Gate
from workers.sender import open_sender

CONNECTIONS = 12
_SOCKETS = 1000
_STOP_SECONDS = 30


@asynccontextmanager
async def running(mode: str, database_url: str, key: str) -> AsyncIterator[None]:
    """A process in this mode: ``follow``, ``send``, or ``naive-4`` for four naive workers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.webhook_processes",
        mode,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(f"{database_url}\n{key}\n".encode())
        if not await process.stdout.readline():
            raise ConnectionError("A process of the benchmark did not start; it said why.")
        yield
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _main(mode: str) -> None:
    url, key = (sys.stdin.readline().strip() for _ in range(2))
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_reader(sys.stdin.fileno())  # which has an end to tell of again and again
        ended.set()

    loop.add_reader(sys.stdin.fileno(), end)
    async with (
        open_pool(url, name=f"benchmark {mode}", size=CONNECTIONS) as pool,
        open_books(pool) as books,
        open_sender(loopback=True) as sender,
    ):
        means = Means(
            pool=pool,
            books=books,
            sender=sender,
            keyring=Keyring([key]),
            sockets=Gate(_SOCKETS),
            clock=lambda: datetime.now(UTC),
        )
        if mode == "send":
            async with open_deliverer(means):
                await _until(ended)
            return
        work = (
            fan_out_follower(pool, DueNotices(pool).send).run()
            if mode == "follow"
            else send_one_by_one(means, workers=int(mode.removeprefix("naive-")))
        )
        task = asyncio.create_task(work)
        await _until(ended)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until(ended: asyncio.Event) -> None:
    collect_seldom()
    print("ready", flush=True)
    await ended.wait()


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1]))
