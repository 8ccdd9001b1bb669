"""A book behind the blocking recorder methods of the ``eventsourcing`` library.

Ours, and therefore what the library's test cases examine through this module: the migrations with
their tables, keys, triggers and the function ``store.append``; ``store.log.append`` and
``read_head``; ``store.checkpoints``; ``create_book`` and the connections of ``open_pool``.

Facade, and nothing but translation between two vocabularies:

- blocking calls: an event loop of its own runs in a thread, because the product is asynchronous;
- positions are notification ids, checkpoints are tracking, an originator's UUID as text is the
  stream; a refused append and a broken constraint are the library's ``IntegrityError``;
- versions: a book counts a stream's events from 1 without a gap, but the cases may count from 0.
  ``first`` says what the case calls version 1;
- events are inserted together with tracking in one transaction, which takes the book's lock before
  it appends, as the writer does when it is outrun;
- the cases select raw states with made-up topics, which the product never decodes: the two select
  methods are the product's queries without its mapper. ``subscribe`` polls them.

The states of the cases are not JSON (``b"state1"``). ``bytes_for_json`` therefore puts the column
type ``bytea`` for ``json`` into the text of the migrations. Nothing else of them is changed.
"""

import asyncio
import re
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from threading import Thread
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from eventsourcing.persistence import (
    IntegrityError,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
)
from typing_extensions import override

from store import checkpoints
from store.books import create_book
from store.database import Connection, Pool, open_pool
from store.ids import uuid7
from store.log import Appending, append, read_head
from store.migrate import Migration

T = TypeVar("T")

_POLL_SECONDS = 0.005


def bytes_for_json(migrations: Sequence[Migration]) -> list[Migration]:
    """The migrations with column type ``bytea`` where they say ``json``."""
    return [Migration(name, re.sub(r"\bjson\b", "bytea", sql)) for name, sql in migrations]


class Database:
    """A database whose coroutines are run, and waited for, from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pool: Pool) -> None:
        self._loop = loop
        self.pool = pool

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def new_book(self) -> str:
        return self.run(create_book(self.pool, name="Recorder", mode="sandbox")).book_id


@contextmanager
def database_in_a_thread(url: str) -> Iterator[Database]:
    """The database at this URL, served by an event loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="recorder")
    thread.start()
    stack = AsyncExitStack()

    def run(coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    try:
        pool = run(stack.enter_async_context(open_pool(url, name="recorder")))
        yield Database(loop, pool)
        run(stack.aclose())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class BookRecorder(ProcessRecorder):
    """One new book as a recorder of application events and of tracking."""

    def __init__(self, database: Database, *, first: int) -> None:
        """``first``: what the test case calls the first version of a stream, 0 or 1."""
        self._database = database
        self._book_id = database.new_book()
        self._shift = 1 - first

    @override
    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        tracking: Tracking | None = kwargs.get("tracking")
        return self._call(lambda connection: self._insert(connection, stored_events, tracking))

    @override
    def insert_tracking(self, tracking: Tracking) -> None:
        self.insert_events([], tracking=tracking)

    @override
    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        rows = self._fetch(
            "select stream, version, topic, state from store.events"
            " where book_id = $1 and stream = $2 and ($3::bigint is null or version > $3)"
            " and ($4::bigint is null or version <= $4)"
            " order by case when $5 then -version else version end limit $6",
            str(originator_id),
            None if gt is None else gt + self._shift,
            None if lte is None else lte + self._shift,
            desc,
            limit,
        )
        return [StoredEvent(**self._fields(row)) for row in rows]

    @override
    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = 0 if start is None else start - 1 if inclusive_of_start else start
        rows = self._fetch(
            "select position, stream, version, topic, state from store.events"
            " where book_id = $1 and position > $2 and ($3::bigint is null or position <= $3)"
            " and ($4::text[] = '{}' or topic = any ($4)) order by position limit $5",
            after,
            stop,
            list(topics),
            limit,
        )
        return [Notification(id=row["position"], **self._fields(row)) for row in rows]

    @override
    def max_notification_id(self) -> int | None:
        return self._call(lambda connection: read_head(connection, self._book_id)) or None

    @override
    def max_tracking_id(self, application_name: str) -> int | None:
        pool = self._database.pool
        reached = self._database.run(checkpoints.position(pool, self._book_id, application_name))
        return reached or None

    @override
    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription["BookRecorder"]:
        return Tail(self, gt, topics)

    async def _insert(
        self, connection: Connection, events: Sequence[StoredEvent], tracking: Tracking | None
    ) -> list[int]:
        if tracking is None:
            return await self._append(connection, events)
        async with connection.transaction():
            await self._track(connection, tracking)
            await connection.execute(
                "select from store.books where book_id = $1 for update", self._book_id
            )
            return await self._append(connection, events)

    async def _track(self, connection: Connection, tracking: Tracking) -> None:
        name, position = tracking.application_name, tracking.notification_id
        reached = await checkpoints.lock(connection, self._book_id, name)
        if reached is None or reached >= position:
            raise IntegrityError(f"{name!r} is at {reached}: it does not go to {position}.")
        await checkpoints.advance(connection, self._book_id, name, position)

    async def _append(self, connection: Connection, events: Sequence[StoredEvent]) -> list[int]:
        reads: dict[str, int] = {}
        appending = []
        for event in events:
            stream, version = str(event.originator_id), event.originator_version + self._shift
            reads.setdefault(stream, version - 1)
            appending.append(Appending(uuid7(), stream, version, event.topic, event.state, b"{}"))
        if not appending:
            return []
        appended = await append(connection, self._book_id, reads, appending)
        if appended.refused:
            raise IntegrityError(f"other events came first: {', '.join(appended.stale_streams)}")
        return [appended.head_before + n for n in range(1, len(appending) + 1)]

    def _call(self, ask: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        async def call() -> T:
            async with self._database.pool.acquire() as connection:
                return await ask(connection)

        try:
            return self._database.run(call())
        except asyncpg.IntegrityConstraintViolationError as error:
            raise IntegrityError(str(error)) from error

    def _fetch(self, query: str, *values: object) -> Sequence[asyncpg.Record]:
        return self._call(lambda connection: connection.fetch(query, self._book_id, *values))

    def _fields(self, row: asyncpg.Record) -> dict[str, Any]:
        return {
            "originator_id": UUID(row["stream"]),
            "originator_version": row["version"] - self._shift,
            "topic": row["topic"],
            "state": row["state"],
        }


class AggregateBookRecorder(BookRecorder):
    """A book as a recorder of aggregates only: to the library, those have no notification ids."""

    @override
    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        super().insert_events(stored_events, **kwargs)


class Tail(Subscription[BookRecorder]):
    """The book's events from a position on; waits for more when there are none, until stopped."""

    @override
    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            news = self._recorder.select_notifications(
                self._last_notification_id, 1, topics=self._topics, inclusive_of_start=False
            )
            if news:
                self._last_notification_id = news[0].id
                return news[0]
            time.sleep(_POLL_SECONDS)
        raise StopIteration
