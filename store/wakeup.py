"""Wake-ups: telling followers that a book has news, after the commit and never inside it.

A NOTIFY in the append transaction would make every commit of the cluster wait for one global lock.
Wake-ups are only hints: followers also poll.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg

from store.database import DATABASE_ERRORS, Connection, Pool

_CHANNEL = "daybook_appended"
_PAUSE_SECONDS = 0.005

logger = logging.getLogger(__name__)


class WakeUps:
    """Sends at most one notification per 5 ms and process, whatever the number of commits."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._books: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def send(self, book_id: str) -> None:
        """Tell followers soon that this book has news."""
        self._books.add(book_id)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush(), name="wake-ups")

    async def _flush(self) -> None:
        while self._books:
            books, self._books = sorted(self._books), set()
            try:
                await self._pool.execute(
                    "select pg_notify($1, book) from unnest($2::text[]) as book", _CHANNEL, books
                )
            except DATABASE_ERRORS:
                logger.debug("a wake-up was not sent; followers poll", exc_info=True)
            await asyncio.sleep(_PAUSE_SECONDS)


@asynccontextmanager
async def listening(
    pool: Pool, heard: Callable[[str], None], *, channel: str = _CHANNEL
) -> AsyncIterator[Connection]:
    """Call ``heard`` with what each notification says, while the block runs.

    That is the id of a book that has news, unless ``channel`` is another one. The connection that
    listens may be used meanwhile. When it is lost, nothing more is heard.
    """

    def on_notify(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        heard(str(payload))

    async with pool.acquire() as connection:
        await connection.add_listener(channel, on_notify)
        try:
            yield connection
        finally:
            await _listen_no_more(connection, channel, on_notify)


async def _listen_no_more(connection: Connection, channel: str, heard: Callable[..., None]) -> None:
    """Take the listener off. A connection that is lost must not go back to its pool with it."""
    listens = True
    with suppress(*DATABASE_ERRORS):
        await connection.remove_listener(channel, heard)
        listens = connection.is_closed()  # nothing was removed then
    if listens:
        with suppress(asyncpg.InterfaceError):  # it is not in use any more
            connection.terminate()
