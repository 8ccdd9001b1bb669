"""Carry out replays: make what they select due, a window at a time, until all of it was sent.

Where a replay stands is in its row and nowhere else, so any number of workers may do this at once
and any of them may be killed. A hint makes it prompt; the sweep makes it certain.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from domain.errors import NotFound
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from store import deliveries
from store.books import Books
from store.database import Pool, heed_cancellation
from store.replaying import WINDOW, Step, advance_replay
from store.replays import cancel_replay, replays_under_way

SWEEP_SECONDS = 1.0
_SHORTEST_PAUSE_SECONDS = 0.05

logger = logging.getLogger(__name__)


class Replayer:
    """Carries out the replays of every book. Made by ``open_replayer``."""

    def __init__(
        self,
        pool: Pool,
        books: Books,
        has_work: Callable[[str, Sequence[str]], None],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        window: int = WINDOW,
    ) -> None:
        """``has_work`` is told the book and the endpoints for which deliveries became due.

        ``window`` is how many deliveries of one replay wait to be sent at a time.
        """
        self._pool = pool
        self._books = books
        self._has_work = has_work
        self._clock = clock
        self._window = window
        self._hinted = asyncio.Event()

    def hint(self, _book_id: str, _replay_ids: Sequence[str]) -> None:
        """There is a new replay. Returns at once."""
        self._hinted.set()

    async def run(self) -> None:
        """Carry out replays until cancelled. A lost database is waited for."""
        pause = SWEEP_SECONDS
        while True:
            try:
                moved = await self.sweep()
            except Exception:
                heed_cancellation()
                logger.exception("replays cannot go on now; the next sweep follows in a moment")
                moved = False
            # What was made due may be sent soon; what cannot be sent, waits for long.
            pause = _SHORTEST_PAUSE_SECONDS if moved else min(2 * pause, SWEEP_SECONDS)
            await self._rest(pause)

    async def sweep(self) -> bool:
        """Take every replay one window further; answers whether any of them moved."""
        moved = False
        for book_id, replay_id in await replays_under_way(self._pool):
            try:
                while (step := await self._further(book_id, replay_id)) and step.counting:
                    pass
            except Exception:
                heed_cancellation()
                # It stands where it stood; the others are none the worse.
                logger.exception("replay %s cannot go on now; it will try again", replay_id)
            else:
                moved = moved or bool(step and (step.planned or step.over))
        return moved

    async def _further(self, book_id: str, replay_id: str) -> Step | None:
        """One step of a replay; ``None`` when there is nothing left for this process to do."""
        async with self._pool.acquire() as connection, connection.transaction():
            step = await advance_replay(
                connection, book_id, replay_id, now=self._clock(), window=self._window
            )
        if step is None or step.over:
            return step
        if await self._endpoint_is_gone(book_id, step):
            await cancel_replay(self._pool, book_id, replay_id, now=self._clock())
            async with self._pool.acquire() as connection:
                await deliveries.abandon(connection, book_id, step.endpoint_id)
            return None
        if step.planned:
            self._has_work(book_id, [step.endpoint_id])
        return step

    async def _endpoint_is_gone(self, book_id: str, step: Step) -> bool:
        try:
            await self._books.get(book_id, WEBHOOK_ENDPOINT(step.endpoint_id))
        except NotFound:
            return True
        return False

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._hinted.wait()
        except TimeoutError:
            return
        self._hinted.clear()


@asynccontextmanager
async def open_replayer(
    pool: Pool, books: Books, has_work: Callable[[str, Sequence[str]], None]
) -> AsyncIterator[Replayer]:
    """A replayer that runs while the block does."""
    replayer = Replayer(pool, books, has_work)
    running = asyncio.create_task(replayer.run(), name="replays")
    try:
        yield replayer
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
