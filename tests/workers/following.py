"""A follower as a process of its own, which counts how often it applied each event."""

import asyncio
import logging
from collections.abc import Sequence

from store.database import Connection, open_pool
from store.recorded import Recorded
from workers import follower as following
from workers.follower import Follower

NAME = "counting"
TABLE = "create table counted (book_id text, position bigint, applied integer not null)"

_BATCH = 20


def count(url: str) -> None:
    """Count until killed. Each event that is applied is a row, so that twice would be two."""
    logging.disable(logging.CRITICAL)
    following.BATCH = _BATCH
    asyncio.run(_count(url))


async def _count(url: str) -> None:
    async def apply(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        await connection.execute(
            "insert into counted select $1, position, 1 from unnest($2::bigint[]) as position",
            book_id,
            [event.position for event in events],
        )

    async with open_pool(url, name="counting", size=3) as pool:
        await Follower(pool, NAME, apply).run()
