"""Followers and rebuilds as processes of their own, which kill themselves at a point of choice."""

import asyncio
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerProcess
from typing import Any

from projections import building
from projections import rebuild as rebuilding
from projections.building import CONNECTIONS, Building
from projections.projection import News
from projections.rebuild import BESIDE
from projections.tables import FOLLOWER, PROJECTIONS, project
from store import checkpoints
from store.cache import Cache
from store.database import Connection, open_pool
from store.recorded import Recorded
from workers import follower as following
from workers.follower import Follower

BATCH = 60
AT_CALL = 3
"""The process dies at so manieth time that it comes to the point."""

FOLLOWING = {
    "before it locks": (checkpoints, "lock", False),
    "after it has locked": (checkpoints, "lock", True),
    "before it reads": (following, "read_book", False),
    "before the checkpoint moves": (checkpoints, "advance", False),
    "before it commits": (checkpoints, "advance", True),
    "after it has committed": (Follower, "_advance", True),
    **{f"before it writes {it.NAME}": (it, "project", False) for it in PROJECTIONS},
    **{f"after it wrote {it.NAME}": (it, "project", True) for it in PROJECTIONS},
}
"""Where a follower may die: before or after a function is called."""

REBUILDING = {
    "before it has tables": (Building, "prepare", False),
    "with empty tables": (Building, "prepare", True),
    "while both lanes write": (PROJECTIONS[len(PROJECTIONS) // 2], "project", True),
    "after one lane has committed": (Building, "_lane", True),
    "after both lanes have committed": (Building, "_reached", False),
    "after its checkpoint moved": (Building, "_reached", True),
    "before it has indexes": (Building, "finish", False),
    "while it makes indexes": (Building, "_finish", True),
    "with indexes": (Building, "finish", True),
    "while it swaps": (rebuilding, "_move", True),
    "before it has swapped": (Building, "advance_to", True),
}
"""Where a rebuild may die."""

ONCE = {"prepare", "finish", "advance_to"}
"""What is called once."""


def start(main: Callable[..., None], *arguments: object) -> ForkServerProcess:
    """A process that runs this function."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload([__name__])
    process = forks.Process(target=main, args=arguments)
    process.start()
    return process


def follow(url: str, point: str | None) -> None:
    """Follow until killed; by itself at this point, if any."""
    logging.disable(logging.CRITICAL)
    following.BATCH = BATCH
    if point is not None:
        _die(*FOLLOWING[point])
    asyncio.run(_follow(url))


async def _follow(url: str) -> None:
    cache = Cache(100)  # so few that streams are read again

    async def apply(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        await project(connection, News(connection, book_id, events, cache))

    async with open_pool(url, name="doomed", size=3) as pool:
        await Follower(pool, FOLLOWER, apply).run()


def rebuild(url: str, point: str) -> None:
    """Rebuild everything; it dies at this point."""
    logging.disable(logging.CRITICAL)
    building.BATCH = 10 * BATCH
    _die(*REBUILDING[point])
    asyncio.run(_rebuild(url))


async def _rebuild(url: str) -> None:
    async with open_pool(url, name="doomed", size=CONNECTIONS, schema=BESIDE, patient=True) as pool:
        await rebuilding.rebuild(pool, PROJECTIONS, lambda _done, _of: None)


def _die(where: Any, name: str, after: bool) -> None:  # noqa: FBT001 - as the tables above say it
    """Let the process be killed when it comes to a function, or has called it."""
    function = getattr(where, name)
    left = 1 if name in ONCE else AT_CALL

    async def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        left -= 1
        if not left and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = await function(*args, **kwargs)
        if left <= 0 and after:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(where, name, deadly)
