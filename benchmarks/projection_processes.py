"""Followers of the log: ``python -m benchmarks.projection_processes MODE``.

``all`` keeps every read model, ``none`` does nothing with an event but move its checkpoint. They
take the database's URL from their standard input and stop when it ends.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import uvloop

from daybook.garbage import collect_seldom
from projections.projection import News
from projections.tables import FOLLOWER, project
from store.cache import Cache
from store.database import Connection, open_pool
from store.recorded import Recorded
from workers.follower import Follower

NAMES = {"all": FOLLOWER, "none": "benchmark"}
"""Under which name each moves its checkpoint."""

_CACHED_STREAMS = 20_000
_STOP_SECONDS = 10


@asynccontextmanager
async def following(mode: str, database_url: str) -> AsyncIterator[None]:
    """A process in this mode."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.projection_processes", mode),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(f"{database_url}\n".encode())
        if not await process.stdout.readline():
            raise ConnectionError("A follower did not start; it said why.")
        yield
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _main(mode: str) -> None:
    url = sys.stdin.readline().strip()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ended.set)
    cache = Cache(_CACHED_STREAMS)

    async def apply(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        if mode == "all":
            await project(connection, News(connection, book_id, events, cache))

    collect_seldom()
    async with open_pool(url, name=f"benchmark follows {mode}") as pool:
        task = asyncio.create_task(Follower(pool, NAMES[mode], apply).run())
        print("ready", flush=True)
        await ended.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1]))
