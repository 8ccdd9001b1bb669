"""Books: the doors through which everybody else reads and changes the event log."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec

from domain.aggregate import Stream, fold
from domain.errors import NotFound
from store.cache import BookCache, Cache, Held
from store.command import Command, Done
from store.database import Pool
from store.ids import new_id
from store.log import read_book, read_head, read_stream
from store.news import read_tails
from store.parking import Backlog
from store.preview import Trial, attempt, preview
from store.recorded import Recorded, Versioned
from store.tail import PAGE, Tails
from store.wakeup import WakeUps
from store.writer import BookWriter

S = TypeVar("S")
Mode = Literal["live", "sandbox"]

_WRITERS = 1_000


class Book(msgspec.Struct, frozen=True):
    """One company's books."""

    book_id: str
    mode: Mode
    name: str
    head: int


class Books:
    """Every book that this process touches, each with one writer; they share one cache."""

    def __init__(self, pool: Pool, *, cached_streams: int = 20_000) -> None:
        """``cached_streams``: how many aggregates are held in memory, of all books together."""
        self._pool = pool
        self._cache = Cache(cached_streams)
        self._backlog = Backlog()
        self._writers: dict[str, BookWriter] = {}
        self._wake_ups = WakeUps(pool)
        self._tails = Tails(pool)

    async def execute(self, book_id: str, command: Command[S]) -> Done[S]:
        """Run a command: all of its facts commit together, or none does.

        Raises:
            Refusal: The domain says no.
            StaleRowVersion: The entity moved since the client saw it.
            StoreError: See ``store.errors``.
        """
        writer = self._writers.get(book_id) or self._open(book_id)
        done: Done[S] = await writer.execute(command)
        return done

    async def preview(self, book_id: str, command: Command[S]) -> Done[S]:
        """What ``execute`` would lead to now. Nothing is appended, and a key is not used up."""
        return await preview(command, lambda stream: self._now(book_id, stream))

    async def attempt(self, book_id: str, command: Command[S], *, at: int) -> Trial[S]:
        """What the command would have led to when its entity was at version ``at``.

        Nothing is appended; the RowVersion that the client has seen does not matter.
        """
        target = command.stream

        async def load(stream: Stream[Any]) -> Held:
            if target is not None and stream.name == target.name:
                return await self._then(book_id, stream, at)
            return await self._now(book_id, stream)

        return await attempt(msgspec.structs.replace(command, expected=None), load)

    async def warm(self, book_id: str, streams: Sequence[Stream[Any]]) -> None:
        """Load what is not in memory, in one question: a decision that needs many goes on at once.

        Nothing depends on it: a state that is not at hand is loaded when a decision asks for it.
        """
        cache = BookCache(self._cache, book_id)
        missing = {it.name: it for it in streams if cache.get(it.name) is None}
        if len(missing) <= 1:
            return
        async with self._pool.acquire() as connection:
            tails = await read_tails(connection, book_id, dict.fromkeys(missing, 0))
        for name, stream in missing.items():
            tail = tails.get(name, ())
            state = fold(stream.aggregate, [event.fact for event in tail])
            cache.put(name, Held(state, tail[-1].originator_version if tail else 0))

    async def get(
        self, book_id: str, stream: Stream[S], *, at: int | datetime | None = None
    ) -> Versioned[S]:
        """The entity as it is now, or as it was at a version or an instant.

        Raises:
            NotFound: There is none, or there was none then.
        """
        held = await (self._now(book_id, stream) if at is None else self._then(book_id, stream, at))
        if held.state is None:
            raise NotFound(stream.aggregate.name, stream.id)
        return Versioned(stream, held.state, held.version)

    async def history(
        self,
        book_id: str,
        stream: Stream[Any],
        *,
        after: int = 0,
        until: int | datetime | None = None,
        limit: int | None = None,
        descending: bool = False,
    ) -> list[Recorded]:
        """The recorded events of one entity after a version: see ``store.log.read_stream``."""
        async with self._pool.acquire() as connection:
            return await read_stream(
                connection,
                book_id,
                stream.name,
                after=after,
                until=until,
                limit=limit,
                descending=descending,
            )

    async def events(
        self,
        book_id: str,
        *,
        after: int = 0,
        until: int | None = None,
        limit: int,
        descending: bool = False,
    ) -> list[Recorded]:
        """The recorded events of the whole book after a position and up to another one."""
        async with self._pool.acquire() as connection:
            return await read_book(
                connection, book_id, after=after, until=until, limit=limit, descending=descending
            )

    def tail(
        self, book_id: str, *, after: int, limit: int = PAGE, idle_seconds: float | None = None
    ) -> AsyncGenerator[list[Recorded], None]:
        """Everything that happens in the book after a position: see ``Tails.tail``."""
        return self._tails.tail(book_id, after=after, limit=limit, idle_seconds=idle_seconds)

    async def head(self, book_id: str) -> int:
        """The latest position of the book. Raises ``UnknownBook``."""
        async with self._pool.acquire() as connection:
            return await read_head(connection, book_id)

    def end_tails(self) -> None:
        """End every tail. Whoever follows a book may come back, to another process."""
        self._tails.close()

    async def drain(self) -> None:
        """Stop tailing, and wait until every queued command is settled."""
        self._tails.close()
        await asyncio.gather(*(writer.drain() for writer in self._writers.values()))

    def _open(self, book_id: str) -> BookWriter:
        if len(self._writers) >= _WRITERS:
            # A writer that has nothing to do holds nothing that would be missed.
            self._writers = {id_: it for id_, it in self._writers.items() if it.busy}
        writer = BookWriter(
            self._pool,
            book_id,
            BookCache(self._cache, book_id),
            self._wake_ups.send,
            backlog=self._backlog,
        )
        self._writers[book_id] = writer
        return writer

    async def _now(self, book_id: str, stream: Stream[Any]) -> Held:
        """What is held, brought up to date by what happened since."""
        cache = BookCache(self._cache, book_id)
        held = cache.get(stream.name) or Held(None, 0)
        async with self._pool.acquire() as connection:
            tails = await read_tails(connection, book_id, {stream.name: held.version})
        tail = tails.get(stream.name)
        if tail:
            state = fold(stream.aggregate, [event.fact for event in tail], held.state)
            held = Held(state, tail[-1].originator_version)
            cache.put(stream.name, held)
        return held

    async def _then(self, book_id: str, stream: Stream[Any], at: int | datetime) -> Held:
        async with self._pool.acquire() as connection:
            events = await read_stream(connection, book_id, stream.name, until=at)
        facts = [event.fact for event in events]
        return Held(fold(stream.aggregate, facts), events[-1].version if events else 0)


@asynccontextmanager
async def open_books(pool: Pool) -> AsyncIterator[Books]:
    """Books over this pool; on leaving, what was queued is settled first."""
    books = Books(pool)
    try:
        yield books
    finally:
        await books.drain()


async def create_book(pool: Pool, *, name: str, mode: Mode) -> Book:
    """Open a new, empty book."""
    book_id = new_id("bok")
    await pool.execute(
        "insert into store.books (book_id, mode, name) values ($1, $2, $3)", book_id, mode, name
    )
    return Book(book_id, mode, name, 0)


async def list_books(pool: Pool) -> list[Book]:
    """Every book, oldest first: a question that only operators ask."""
    rows = await pool.fetch("select book_id, mode, name, head from store.books order by book_id")
    return [Book(*row) for row in rows]
