"""Reading one's own writes: wait, for a bounded time, until the read models have caught up."""

import asyncio

from store import checkpoints
from store.database import Pool

_FIRST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.05


async def caught_up(
    pool: Pool, book_id: str, follower: str, position: int, *, within_seconds: float
) -> int:
    """Wait until the follower has reached this position; answer the one that it has reached.

    It is lower than the one asked for when the time was up.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + within_seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        reached = await checkpoints.position(pool, book_id, follower)
        if reached >= position or clock() >= deadline:
            return reached
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
