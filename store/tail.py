"""Tails: everything that happens in a book from a position on, page by page, as it happens.

However many tail in a process, one connection listens for all of them. A wake-up is only a hint, so
the heads of their books are polled too, and held against what each of them has read: a tail is
prompt by the one and certain by the other.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

from store.database import (
    DATABASE_ERRORS,
    Connection,
    Pool,
    connection_lost,
    heed_cancellation,
)
from store.errors import UnknownBook
from store.log import read_book, read_head
from store.recorded import Recorded
from store.wakeup import listening

PAGE = 500
_POLL_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Tails:
    """Whoever tails a book in this process. It listens only while somebody does."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        # Of each book: the news of everyone who tails it, and the position up to which they read.
        self._waiting: dict[str, dict[asyncio.Event, int]] = {}
        self._known: set[str] = set()
        self._watch: asyncio.Task[None] | None = None
        self._closed = False

    async def tail(
        self, book_id: str, *, after: int, limit: int = PAGE, idle_seconds: float | None = None
    ) -> AsyncGenerator[list[Recorded], None]:
        """Pages of events after a position: first what is there, then what comes, until closed.

        A lost database is waited for. Close the generator (``contextlib.aclosing``) to leave.

        Args:
            book_id: The book.
            after: The position that was seen last; 0 for everything.
            limit: The most events of a page.
            idle_seconds: Answer an empty page whenever nothing came for so long.

        Raises:
            UnknownBook: There is no such book.
        """
        with self._news_of(book_id, after) as news:
            while not self._closed:
                news.clear()
                page = await self._read(book_id, after, limit)
                if page:
                    self._waiting[book_id][news] = after = page[-1].position
                    yield page
                elif not await _heard(news, idle_seconds):
                    yield []

    def close(self) -> None:
        """End every tail."""
        self._closed = True
        for book_id in self._waiting:
            self._wake(book_id)

    @contextmanager
    def _news_of(self, book_id: str, after: int) -> Iterator[asyncio.Event]:
        news = asyncio.Event()
        self._waiting.setdefault(book_id, {})[news] = after
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watch_books(), name="tails")
        try:
            yield news
        finally:
            del self._waiting[book_id][news]
            if not self._waiting[book_id]:
                del self._waiting[book_id]
            if not self._waiting:
                self._watch.cancel()

    async def _read(self, book_id: str, after: int, limit: int) -> list[Recorded]:
        """The next page; an empty one when the database cannot be reached."""
        try:
            async with self._pool.acquire() as connection:
                page = await read_book(connection, book_id, after=after, limit=limit)
                if not page and book_id not in self._known:
                    await read_head(connection, book_id)
                    self._known.add(book_id)
        except DATABASE_ERRORS as error:
            if not connection_lost(error):
                raise
            return []
        return page

    async def _watch_books(self) -> None:
        while True:
            try:
                async with listening(self._pool, self._wake) as connection:
                    while True:
                        # On the connection that listens: so it is noticed when that one is lost.
                        await self._poll(connection)
                        await asyncio.sleep(_POLL_SECONDS)
            except DATABASE_ERRORS:
                heed_cancellation()
                logger.debug("tails cannot listen; that is tried again", exc_info=True)
                await asyncio.sleep(_POLL_SECONDS)

    async def _poll(self, connection: Connection) -> None:
        for book_id in [*self._waiting]:
            try:
                head = await read_head(connection, book_id)
            except UnknownBook:
                continue  # whoever asked for it is told so
            for news, after in self._waiting.get(book_id, {}).items():
                if head > after:
                    news.set()

    def _wake(self, book_id: str) -> None:
        for news in self._waiting.get(book_id, ()):
            news.set()


async def _heard(news: asyncio.Event, seconds: float | None) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await news.wait()
    except TimeoutError:
        return False
