"""Followers: tail the log of every book and do something with each event exactly once.

What a follower does to the database happens in the transaction that moves its checkpoint, so it
happens once, whatever is killed when. Wake-ups make it prompt; polling makes it certain.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from store import checkpoints
from store.database import Connection, Pool, connection_lost, heed_cancellation
from store.log import read_book
from store.parked import ALL, park, read_leniently
from store.recorded import Recorded
from store.wakeup import listening

Apply: TypeAlias = Callable[[Connection, str, Sequence[Recorded]], Awaitable[None]]
"""What to do with the next events of a book, inside the checkpoint's transaction."""

TRIES = 5
"""So often are events tried before they are rescued: most trouble passes."""

BATCH = 500
_POLL_SECONDS = 0.25
_PAUSE_AFTER_FAILURE_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Follower:
    """Follows every book under one name. Several processes may run it: they share the books."""

    def __init__(
        self,
        pool: Pool,
        name: str,
        apply: Apply,
        *,
        rescue: Apply | None = None,
        moved: Callable[[str], None] = lambda _book_id: None,
        pause_seconds: float = _PAUSE_AFTER_FAILURE_SECONDS,
    ) -> None:
        """A follower under this name.

        Args:
            pool: Where the books are.
            name: The name of its checkpoints.
            apply: What it does with events.
            rescue: What it does with events that ``apply`` has failed on time after time: as
                ``apply``, but setting aside what it cannot take in.
            moved: Called with the book after its events were dealt with and committed.
            pause_seconds: How long a book that failed is left alone.
        """
        self._pool = pool
        self._name = name
        self._apply = apply
        self._rescue = rescue
        self._moved = moved
        self._pause_seconds = pause_seconds
        self._news = asyncio.Event()
        # Books that could not be dealt with, and until when they are left alone.
        self._resting: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    async def run(self) -> None:
        """Follow until cancelled. A lost database is waited for."""
        while True:
            try:
                async with listening(self._pool, lambda _book_id: self._news.set()) as connection:
                    while not connection.is_closed():
                        await self._follow()
            except Exception:
                heed_cancellation()
                logger.exception("follower %s lost its footing; it goes on in a moment", self._name)
                await asyncio.sleep(_PAUSE_AFTER_FAILURE_SECONDS)

    async def catch_up(self) -> int:
        """Deal with everything that is there; answer how many events that were."""
        total = 0
        while count := await self._round(self._advance):
            total += count
        return total

    async def _follow(self) -> None:
        self._news.clear()
        if not await self._round(self._advance_or_rest):
            await self._wait()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self._news.wait()
        except TimeoutError:
            return

    async def _round(self, advance: Callable[[str], Awaitable[int]]) -> int:
        """One batch of every book that lags: a busy book does not keep the others waiting."""
        done = 0
        for behind in await checkpoints.behind(self._pool, self._name):
            count = await advance(behind.book_id)
            done += count
            if count:
                self._moved(behind.book_id)
        return done

    async def _advance_or_rest(self, book_id: str) -> int:
        """Advance; a book that cannot be dealt with rests a moment and holds up no other."""
        now = asyncio.get_running_loop().time()
        if self._resting.get(book_id, 0.0) > now:
            return 0
        try:
            count = await self._advance(book_id)
        except Exception as error:
            if connection_lost(error):
                raise
            failures = self._failures[book_id] = self._failures.get(book_id, 0) + 1
            logger.exception(
                "follower %s cannot go on in %s (%d of %d)", self._name, book_id, failures, TRIES
            )
            self._resting[book_id] = now + self._pause_seconds
            return 0
        if count:
            self._resting.pop(book_id, None)
            self._failures.pop(book_id, None)
        return count

    async def _advance(self, book_id: str) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            position = await checkpoints.lock(connection, book_id, self._name)
            if position is None:
                return 0
            if self._rescue is not None and self._failures.get(book_id, 0) >= TRIES:
                reached = await self._rescued(connection, book_id, position, self._rescue)
            else:
                events = await read_book(connection, book_id, after=position, limit=BATCH)
                if events:
                    await self._apply(connection, book_id, events)
                reached = events[-1].position if events else position
            if reached > position:
                await checkpoints.advance(connection, book_id, self._name, reached)
            return reached - position

    async def _rescued(
        self, connection: Connection, book_id: str, position: int, rescue: Apply
    ) -> int:
        """Deal with the next events, set aside what cannot be; answer the position reached."""
        reached = position
        found = await read_leniently(connection, book_id, after=position, limit=BATCH)
        readable = []
        for it in found:
            if isinstance(it, Recorded):
                readable.append(it)
                reached = it.position
            else:
                reached, error = it
                await park(connection, book_id, (self._name, ALL, reached), error)
        if readable:
            await rescue(connection, book_id, readable)
        return reached
