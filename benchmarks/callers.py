"""Callers that do not go over HTTP: each calls again once its last call is answered."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.http_load import WrongAnswer
from benchmarks.rounds import Run
from domain.aggregate import Change, Read, Stream
from domain.facts.invoice import InvoiceDrafted, InvoiceHeaderChanged
from domain.facts.invoice_parts import Header
from domain.invoice import INVOICE, Invoice, draft, edit
from store.books import Books
from store.command import Command
from store.database import Pool
from store.ids import new_id
from store.recorded import Metadata

SECONDS = 1.0
METADATA = Metadata(actor="benchmark")
CHANGES = tuple(
    InvoiceHeaderChanged(to=Header(memo=f"Deliver to gate {number}."), fields=("memo",))
    for number in (1, 2)
)

Call = Callable[[], Awaitable[None]]


class Together:
    """Callers of one event loop that call at the same time."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self._calls = calls
        self.acknowledged = 0

    async def run(self) -> Run:
        """Let all call for a second."""
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


class Threads:
    """Callers with a thread each, for what blocks."""

    def __init__(self, calls: Sequence[Callable[[], object]]) -> None:
        self._calls = calls
        self._threads = ThreadPoolExecutor(len(calls))
        self.acknowledged = 0

    async def run(self) -> Run:
        """Let all call for a second."""
        started = time.perf_counter()

        def repeat(call: Callable[[], object]) -> list[float]:
            latencies = []
            begun = started
            while begun < started + SECONDS:
                call()
                now = time.perf_counter()
                latencies.append(now - begun)
                begun = now
            return latencies

        loop = asyncio.get_running_loop()
        lanes = [loop.run_in_executor(self._threads, repeat, call) for call in self._calls]
        latencies = [latency for lane in await asyncio.gather(*lanes) for latency in lane]
        self.acknowledged += len(latencies)
        return Run(time.perf_counter() - started, latencies)


async def editor(books: Books, book_id: str, *, idle: bool = False) -> Call:
    """A caller who edits an invoice of its own; an idle one always says what is so already."""

    def decide(read: Read, stream: Stream[Invoice], version: int) -> list[Change]:
        invoice = read(stream)
        assert invoice is not None
        change = CHANGES[0 if idle else version % 2]
        return [(stream, edit(invoice, change.to, change.fields))]

    return await _caller(books, book_id, decide)


async def appender(books: Books, book_id: str) -> Call:
    """A caller who decides nothing, but hands over what is to be recorded of its invoice."""

    def decide(_read: Read, stream: Stream[Invoice], version: int) -> list[Change]:
        return [(stream, [CHANGES[version % 2]])]

    return await _caller(books, book_id, decide)


async def _caller(
    books: Books, book_id: str, decide: Callable[[Read, Stream[Invoice], int], list[Change]]
) -> Call:
    """A caller with an invoice of its own, who says which version of it was seen."""
    stream = INVOICE(new_id("inv"))
    version = 0

    async def execute(change: Callable[[Read], list[Change]]) -> None:
        nonlocal version
        command = Command(
            aggregate=INVOICE,
            id=stream.id,
            decide=change,
            metadata=METADATA,
            expected=version or None,
        )
        version = (await books.execute(book_id, command)).version

    async def call() -> None:
        await execute(lambda read: decide(read, stream, version))

    await execute(lambda _read: [(stream, draft(InvoiceDrafted(currency="EUR"), ()))])
    await call()
    return call


async def check_durable(pool: Pool, table: str, acknowledged: int) -> None:
    """Compare what was acknowledged with what is there.

    Raises:
        WrongAnswer: They differ.
    """
    kept: int = await pool.fetchval(f"select count(*) from {table}")  # noqa: S608 - names of ours
    if kept != acknowledged:
        raise WrongAnswer(f"{acknowledged} were acknowledged, but {kept} are in {table}.")
