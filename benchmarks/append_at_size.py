"""Commands into a book of 5,000,000 events times --scale, against the same in an empty book."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.callers import CHANGES, Together, editor
from benchmarks.figures import Figure, figure
from benchmarks.rounds import Run, alternate
from benchmarks.testbed import scratch_database
from domain.invoice import INVOICE
from store.books import Book, Books, create_book, open_books
from store.database import Pool, open_pool
from store.ids import new_id, uuid7
from store.log import Appending, append
from store.mapper import encode

NAME = "append_at_size"
CALLERS = 64
BY_COMMANDS = 1_000_000
IN_ALL = 5_000_000
ROUNDS = 5

_STREAMS_A_BATCH = 100
_EVENTS_A_STREAM = 20


async def measure(database_url: str, *, scale: float) -> Figure:
    """The first fifth is written by commands of this process, whose memory is watched meanwhile.

    The rest is appended in bulk. At both sizes, commands into the full book and into an empty one
    of another database take turns.
    """
    async with _opened(database_url) as (pool, books, book):
        watched = await _fill_by_commands(books, book, int(BY_COMMANDS * scale))
        first = figure(NAME, "cmd/s", *await _compare(database_url, books, book), [])
        at_first = await books.head(book.book_id)
        await _fill_in_bulk(pool, books, book, int(IN_ALL * scale))
        runs = await _compare(database_url, books, book)
        size = await books.head(book.book_id)
    earlier = (
        f"{first.ratio:.2f} of an empty book at {at_first:,} events; the figure is at {size:,}"
    )
    return figure(NAME, "cmd/s", *runs, [earlier, watched])


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[tuple[Pool, Books, Book]]:
    async with open_pool(url, name="daybook benchmark") as pool, open_books(pool) as books:
        yield pool, books, await create_book(pool, name="Benchmark", mode="sandbox")


async def _compare(url: str, books: Books, book: Book) -> tuple[list[Run], list[Run]]:
    async with scratch_database(url) as other_url, _opened(other_url) as (_, empty, other):
        full = await _editors(books, book)
        return await alternate(full.run, (await _editors(empty, other)).run, rounds=ROUNDS)


async def _editors(books: Books, book: Book) -> Together:
    return Together([await editor(books, book.book_id) for _ in range(CALLERS)])


async def _fill_by_commands(books: Books, book: Book, events: int) -> str:
    """Write so many events by commands; say what became of this process's memory."""
    used: list[int] = []
    head = 0
    while head < events:
        # Each time other invoices, so that the cache fills and lets go too.
        await (await _editors(books, book)).run()
        head = await books.head(book.book_id)
        used.append(_memory())
    early, late = used[len(used) // 10], used[-1]
    return (
        f"memory of the writing process: {early:,.0f} MiB after a tenth of {head:,} events by "
        f"commands, {late:,.0f} MiB after all"
    )


async def _fill_in_bulk(pool: Pool, books: Books, book: Book, events: int) -> None:
    async with pool.acquire() as connection:
        while await books.head(book.book_id) < events:
            streams = [INVOICE(new_id("inv")).name for _ in range(_STREAMS_A_BATCH)]
            batch = [_event(stream, v + 1) for stream in streams for v in range(_EVENTS_A_STREAM)]
            await append(connection, book.book_id, dict.fromkeys(streams, 0), batch)
            await asyncio.sleep(0)
        await connection.execute("analyze store.events")


def _event(stream: str, version: int) -> Appending:
    change = CHANGES[version % 2]
    return Appending(
        uuid7(), stream, version, change.TOPIC, encode(change), b'{"actor":"benchmark"}'
    )


def _memory() -> int:
    """MiB of this process that are in memory; 0 where the system does not tell."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20
