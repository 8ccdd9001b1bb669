"""An invoice of 10,000 events: opened from memory, against read and folded from the database."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from benchmarks.callers import METADATA
from benchmarks.figures import Figure, figure
from benchmarks.rounds import Run, alternate
from domain.aggregate import Change, Read
from domain.facts.invoice import InvoiceDrafted, InvoiceHeaderChanged
from domain.facts.invoice_parts import Header
from domain.invoice import INVOICE, draft
from store.books import Books, create_book, open_books
from store.command import Command
from store.database import open_pool

NAME = "stream_open"
_CHANGED = InvoiceHeaderChanged(to=Header(memo="Deliver to the north gate."), fields=("memo",))
EVENTS = 10_000
TIMES = 5
STREAM = INVOICE("inv_long")


async def measure(database_url: str) -> Figure:
    """Both answer the current state. Warm, a process that knows the invoice asks only for news."""
    async with (
        open_pool(database_url, name="daybook benchmark") as pool,
        open_books(pool) as books,
    ):
        book_id = (await create_book(pool, name="Benchmark", mode="sandbox")).book_id
        await _write(books, book_id)

        async def cold() -> None:
            await _get(Books(pool), book_id)

        async def warm() -> None:
            await _get(books, book_id)

        warmly, coldly = await alternate(lambda: _repeat(warm), lambda: _repeat(cold))
    opened = sorted(latency for run in coldly for latency in run.latencies)
    slowest, middle = 1000 * opened[-1], 1000 * opened[len(opened) // 2]
    note = f"cold: {middle:.0f} ms, at most {slowest:.0f} ms, with no snapshot"
    return figure(NAME, "opened/s", warmly, coldly, [note])


async def _get(books: Books, book_id: str) -> None:
    assert (await books.get(book_id, STREAM)).version == EVENTS


async def _repeat(open_it: Callable[[], Awaitable[None]]) -> Run:
    latencies = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        await open_it()
        latencies.append(time.perf_counter() - begun)
    return Run(sum(latencies), latencies)


async def _write(books: Books, book_id: str) -> None:
    def decide(read: Read) -> list[Change]:
        if read(STREAM) is None:
            return [(STREAM, draft(InvoiceDrafted(currency="EUR"), ()))]
        return [(STREAM, [_CHANGED])]

    command = Command(aggregate=INVOICE, id=STREAM.id, decide=decide, metadata=METADATA)
    for _ in range(EVENTS // 1000):
        await asyncio.gather(*(books.execute(book_id, command) for _ in range(1000)))
