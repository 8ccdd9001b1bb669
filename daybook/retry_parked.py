"""Trying parked events again: each for the follower and read model that could not take it in."""

from typing import NamedTuple

from projections.projection import News
from projections.tables import FOLLOWER, PROJECTIONS
from store import checkpoints
from store.cache import Cache
from store.database import Connection, Pool, connection_lost
from store.log import read_book
from store.parked import ALL, Parked, list_parked, release
from store.recorded import Recorded
from workers.fan_out import fan_out


class Outcome(NamedTuple):
    """What came of trying a parked event again: ``error`` says why it is still parked."""

    parked: Parked
    error: str | None


async def retry_parked(pool: Pool, book_id: str | None) -> list[Outcome]:
    """Try every parked event again, in the order of the log; each in a transaction of its own."""
    return [await _retry(pool, parked) for parked in await list_parked(pool, book_id)]


async def _retry(pool: Pool, parked: Parked) -> Outcome:
    try:
        async with pool.acquire() as connection, connection.transaction():
            # The follower waits meanwhile, so that nobody works on the same rows.
            if await checkpoints.lock(connection, parked.book_id, parked.follower) is None:
                return Outcome(parked, "the follower is at work on this book; try again")
            events = await read_book(connection, parked.book_id, after=parked.position - 1, limit=1)
            await _take_in(connection, parked, events[0])
            await release(connection, parked)
    except Exception as error:
        if connection_lost(error):
            raise
        return Outcome(parked, f"{type(error).__name__}: {error}")
    return Outcome(parked, None)


async def _take_in(connection: Connection, parked: Parked, event: Recorded) -> None:
    if parked.follower != FOLLOWER:
        await fan_out(connection, parked.book_id, [event])
        return
    for projection in PROJECTIONS:
        if parked.read_model in {ALL, projection.NAME}:
            news = News(connection, parked.book_id, [event], Cache(1))
            await projection.project(connection, news)
