"""Commands through the books, 64 at once, against one INSERT a call, as a naive repository does."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from benchmarks.figures import Figure, figure
from benchmarks.http_load import WrongAnswer
from benchmarks.rounds import Run, alternate
from domain.aggregate import Change, Read
from domain.facts.invoice import InvoiceDrafted, InvoiceHeaderChanged
from domain.facts.invoice_parts import Header
from domain.invoice import INVOICE, draft, edit
from store.books import Books, create_book, open_books
from store.command import Command
from store.database import Pool, open_pool
from store.ids import new_id, uuid7
from store.mapper import encode
from store.recorded import Metadata

NAME = "command_vs_insert"
CALLERS = 64
SECONDS = 1.0
WRITER_CONNECTIONS = 8
NAIVE_CONNECTIONS = 32  # more than the books get: with fewer, the baseline is slower

METADATA = Metadata(actor="benchmark")
CHANGES = tuple(
    InvoiceHeaderChanged(to=Header(memo=f"Deliver to gate {number}."), fields=("memo",))
    for number in (1, 2)
)

Call = Callable[[], Awaitable[None]]


async def measure(database_url: str) -> Figure:
    """Each caller edits its own invoice; the baseline inserts the same event into such a table.

    Raises:
        WrongAnswer: What was acknowledged is not in the table.
    """
    async with (
        open_pool(database_url, name="daybook benchmark", size=WRITER_CONNECTIONS) as pool,
        open_pool(database_url, name="naive", size=NAIVE_CONNECTIONS) as naive,
        open_books(pool) as books,
    ):
        book = await create_book(pool, name="Benchmark", mode="sandbox")
        await naive.execute(
            "create table naive (like store.events including all);"
            "alter table naive alter position add generated always as identity"
        )
        editors = _Together([await _editor(books, book.book_id) for _ in range(CALLERS)])
        inserters = _Together([_inserter(naive, book.book_id) for _ in range(CALLERS)])
        runs = await alternate(editors.run, inserters.run)
        await _check_durable(pool, "store.events", CALLERS + editors.acknowledged)
        await _check_durable(pool, "naive", inserters.acknowledged)
    return figure(NAME, "cmd/s", *runs)


class _Together:
    """Callers that call at the same time, each again once its last call is answered."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self._calls = calls
        self.acknowledged = 0

    async def run(self) -> Run:
        latencies: list[float] = []
        started = time.perf_counter()

        async def repeat(call: Call) -> None:
            begun = started
            while begun < started + SECONDS:
                await call()
                now = time.perf_counter()
                latencies.append(now - begun)
                begun = now

        await asyncio.gather(*(repeat(call) for call in self._calls))
        self.acknowledged += len(latencies)
        return Run(time.perf_counter() - started, latencies)


async def _editor(books: Books, book_id: str) -> Call:
    id_ = new_id("inv")
    stream = INVOICE(id_)
    version = 0

    async def execute(change: Callable[[Read], list[Change]]) -> None:
        nonlocal version
        command = Command(
            aggregate=INVOICE,
            id=id_,
            decide=change,
            metadata=METADATA,
            expected=version or None,
        )
        version = (await books.execute(book_id, command)).version

    def decide(read: Read) -> list[Change]:
        invoice = read(stream)
        assert invoice is not None
        change = CHANGES[version % 2]
        return [(stream, edit(invoice, change.to, change.fields))]

    await execute(lambda _read: [(stream, draft(InvoiceDrafted(currency="EUR"), ()))])
    return lambda: execute(decide)


def _inserter(pool: Pool, book_id: str) -> Call:
    stream = INVOICE(new_id("inv")).name
    version = 0

    async def insert() -> None:
        nonlocal version
        version += 1
        change = CHANGES[version % 2]
        await pool.execute(
            "insert into naive (book_id, stream, version, event_id, topic, state, metadata,"
            " recorded_at) values ($1, $2, $3, $4, $5, $6, '{}', now())",
            book_id,
            stream,
            version,
            uuid7(),
            change.TOPIC,
            encode(change),
        )

    return insert


async def _check_durable(pool: Pool, table: str, acknowledged: int) -> None:
    kept: int = await pool.fetchval(f"select count(*) from {table}")  # noqa: S608 - one of two names
    if kept != acknowledged:
        raise WrongAnswer(f"{acknowledged} were acknowledged, but {kept} are in {table}.")
