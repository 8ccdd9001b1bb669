"""Notices that deliveries are due, heard by every sender within milliseconds.

They are only hints: whoever does not hear one finds the work in a moment by looking.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from store.database import DATABASE_ERRORS, Pool
from store.wakeup import listening

_CHANNEL = "daybook_due"
_AT_ONCE = 100  # ids, so that a notice stays below the 8,000 bytes that PostgreSQL takes

logger = logging.getLogger(__name__)


class DueNotices:
    """Sends notices in the background, merged while the ones before are still on their way."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: dict[str, set[str]] = {}
        self._task: asyncio.Task[None] | None = None

    def send(self, book_id: str, endpoint_ids: Sequence[str]) -> None:
        """Tell the senders that these endpoints have work. Never waits, never fails."""
        self._waiting.setdefault(book_id, set()).update(endpoint_ids)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush(), name="due notices")

    async def _flush(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            notices = [notice for book, ids in waiting.items() for notice in _notices(book, ids)]
            try:
                await self._pool.execute(
                    "select pg_notify($1, notice) from unnest($2::text[]) as notice",
                    _CHANNEL,
                    notices,
                )
            except DATABASE_ERRORS:
                logger.debug("a notice was not sent; senders look for themselves", exc_info=True)


@asynccontextmanager
async def hearing(
    pool: Pool, heard: Callable[[str, Sequence[str]], None]
) -> AsyncIterator[Callable[[], bool]]:
    """Call ``heard`` with book and endpoints of each notice, while the block runs.

    It gives a function that tells whether the connection is still there.
    """

    def on_notice(notice: str) -> None:
        book_id, *endpoint_ids = notice.split(" ")
        heard(book_id, endpoint_ids)

    async with listening(pool, on_notice, channel=_CHANNEL) as connection:
        yield lambda: not connection.is_closed()


def _notices(book_id: str, endpoint_ids: set[str]) -> list[str]:
    ids = sorted(endpoint_ids)
    return [
        " ".join([book_id, *ids[start : start + _AT_ONCE]])
        for start in range(0, len(ids), _AT_ONCE)
    ]
