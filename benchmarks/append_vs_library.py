"""Appends, 64 at once, against the eventsourcing library's own PostgreSQL recorder in threads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from eventsourcing.persistence import StoredEvent

from benchmarks.callers import CHANGES, Threads, Together, appender, check_durable
from benchmarks.figures import Figure, figure
from benchmarks.rounds import alternate
from store.books import create_book, open_books
from store.database import open_pool
from store.ids import uuid7
from store.mapper import encode

NAME = "append_vs_library"
CALLERS = 64
POOL_SIZE = 8
"""Connections of the library's pool: with more it is not faster, because its appends queue."""


async def measure(database_url: str, *, name: str = NAME, callers: int = CALLERS) -> Figure:
    """One event a call on both sides, of a stream of the caller's, which says what precedes it.

    Ours comes as a command that decides nothing; the stream is folded, as every command does.

    Raises:
        WrongAnswer: What was acknowledged is not in the table.
        ConnectionError: psycopg is not installed: ``make bench`` does that.
    """
    async with (
        open_pool(database_url, name="daybook benchmark") as pool,
        open_books(pool) as books,
    ):
        book = await create_book(pool, name="Benchmark", mode="sandbox")
        appenders = Together([await appender(books, book.book_id) for _ in range(callers)])
        with _recorder(database_url) as recorder:
            recorders = Threads([_inserter(recorder) for _ in range(callers)])
            runs = await alternate(appenders.run, recorders.run)
        await check_durable(pool, "store.events", 2 * callers + appenders.acknowledged)
        await check_durable(pool, "public.stored_events", recorders.acknowledged)
    return figure(name, "events/s", *runs)


@contextmanager
def _recorder(url: str) -> Iterator[Any]:
    """The library's recorder in its default mode, which is the one that readers can follow."""
    try:
        from eventsourcing.postgres import (  # noqa: PLC0415 - needs what only 'make bench' installs
            PostgresApplicationRecorder,
            PostgresDatastore,
        )
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - the same
    except ImportError as error:
        raise ConnectionError("psycopg is not installed: run it by 'make bench'.") from error
    place = conninfo_to_dict(url)
    with PostgresDatastore(
        dbname=str(place["dbname"]),
        host=str(place["host"]),
        port=str(place.get("port", 5432)),
        user=str(place.get("user", "")),
        password=str(place.get("password", "")),
        pool_size=POOL_SIZE,
    ) as datastore:
        recorder = PostgresApplicationRecorder(datastore)
        recorder.create_table()
        yield recorder


def _inserter(recorder: Any) -> Callable[[], object]:
    originator = uuid7()
    version = 0

    def insert() -> object:
        nonlocal version
        version += 1
        change = CHANGES[version % 2]
        event = StoredEvent(originator, version, change.TOPIC, encode(change))
        return recorder.insert_events([event])

    return insert
