"""From the acknowledgement of a command until every read model shows it, at 500 commands a second.

The baseline is a follower that does nothing with an event but move its checkpoint.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Callable

from benchmarks.callers import METADATA
from benchmarks.figures import Figure, figure
from benchmarks.http_load import WrongAnswer
from benchmarks.lives import DAY, line
from benchmarks.projection_processes import NAMES, following
from benchmarks.rounds import Run
from daybook.demo.catalog import SELLER
from daybook.opening import open_book
from domain.aggregate import Change, Read
from domain.customer import CUSTOMER
from domain.facts.customer import CustomerCreated
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_parts import Header
from domain.invoice import INVOICE, Invoice, draft, edit
from domain.posting import post
from store.books import Books, open_books
from store.command import Command
from store.database import Pool, open_pool
from store.ids import new_id

NAME = "projection_lag"
RATE = 500
"""Commands a second: drafts of three lines, edits and posts in turn."""
SECONDS = 2.0
ROUNDS = 5

_WATCH_SECONDS = 0.001
_PATIENCE_SECONDS = 10.0
_CUSTOMER = "ACME"


async def measure(database_url: str) -> Figure:
    """Both followers run in processes of their own and see the same commands.

    A checkpoint moves with what was written, so an event is visible when it has passed its
    position; somebody looks every millisecond. The rates are events made visible a second, one
    after the other: one by the mean lag.

    Raises:
        WrongAnswer: A follower did not catch up within ten seconds.
    """
    async with (
        open_pool(database_url, name="daybook benchmark") as pool,
        open_books(pool) as books,
        following("all", database_url),
        following("none", database_url),
    ):
        book = await open_book(pool, name="Benchmark", mode="sandbox", settings=SELLER)
        await _customer(books, book.book_id)
        await _round(pool, books, book.book_id)  # warms up
        rounds = [await _round(pool, books, book.book_id) for _ in range(ROUNDS)]
        head = await books.head(book.book_id)
    ours, baseline = ([it[side] for it in rounds] for side in range(2))
    lags = sorted(lag for run in baseline for lag in run.latencies)
    told = [1000 * lags[len(lags) * at // 100] for at in (50, 99)]
    notes = (
        f"{head:,} events at {RATE} commands a second",
        "the follower that does nothing: p50 {:.1f} ms, p99 {:.1f} ms".format(*told),
    )
    return figure(NAME, "visible/s", ours, baseline, notes)


class _Watch:
    """When a follower had passed which position."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.times: list[float] = []

    def saw(self, position: int) -> None:
        if not self.positions or position > self.positions[-1]:
            self.positions.append(position)
            self.times.append(time.perf_counter())

    def passed(self, position: int) -> float:
        """When it was seen to have passed the position."""
        return self.times[bisect_right(self.positions, position - 1)]


async def _round(pool: Pool, books: Books, book_id: str) -> tuple[Run, Run]:
    """The lags of both followers behind the commands of some seconds."""
    acknowledged: list[tuple[int, float]] = []
    watches = {name: _Watch() for name in NAMES.values()}
    watching = asyncio.create_task(_watch(pool, book_id, watches))
    try:
        await _command_steadily(books, book_id, acknowledged)
        head = max(position for position, _ in acknowledged)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while any(it.positions[-1] < head for it in watches.values()):  # noqa: ASYNC110 - what is waited for is in the database
                await asyncio.sleep(_WATCH_SECONDS)
    except TimeoutError as error:
        raise WrongAnswer("A follower did not catch up within ten seconds.") from error
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    ours, baseline = (
        [max(watch.passed(position) - at, 0.0) for position, at in acknowledged]
        for watch in watches.values()
    )
    return Run(sum(ours), ours), Run(sum(baseline), baseline)


async def _watch(pool: Pool, book_id: str, watches: dict[str, _Watch]) -> None:
    async with pool.acquire() as connection:
        while True:
            rows = await connection.fetch(
                "select follower, position from store.checkpoints where book_id = $1", book_id
            )
            for row in rows:
                if row["follower"] in watches:
                    watches[row["follower"]].saw(row["position"])
            await asyncio.sleep(_WATCH_SECONDS)


async def _command_steadily(
    books: Books, book_id: str, acknowledged: list[tuple[int, float]]
) -> None:
    """Send commands at the rate, whether earlier ones were answered or not."""

    async def live() -> None:
        for command in _life():
            done = await books.execute(book_id, command)
            acknowledged.append((done.position, time.perf_counter()))

    loop = asyncio.get_running_loop()
    lives = int(RATE * SECONDS / 3)
    begun = loop.time()
    tasks = []
    for number in range(lives):
        await asyncio.sleep(max(begun + number * 3 / RATE - loop.time(), 0))
        tasks.append(asyncio.create_task(live()))
    await asyncio.gather(*tasks)


def _life() -> list[Command[Invoice]]:
    """An invoice is drafted, edited and posted."""
    id_ = new_id("inv")
    stream = INVOICE(id_)
    header = InvoiceDrafted(customer_id=_CUSTOMER, currency="EUR")
    drafted = draft(header, [line(number) for number in range(1, 4)])

    def edited(read: Read) -> list[Change]:
        invoice = read(stream)
        assert invoice is not None
        return [(stream, edit(invoice, Header(memo="Deliver to the gate."), ("memo",)))]

    decisions: list[Callable[[Read], list[Change]]] = [
        lambda _read: [(stream, drafted)],
        edited,
        lambda read: post(read, id_, today=DAY),
    ]
    return [Command(aggregate=INVOICE, id=id_, decide=it, metadata=METADATA) for it in decisions]


async def _customer(books: Books, book_id: str) -> None:
    created = CustomerCreated(name="Acme Ltd", country="DE", payment_days=14)
    stream = CUSTOMER(_CUSTOMER)
    await books.execute(
        book_id,
        Command(
            aggregate=CUSTOMER,
            id=_CUSTOMER,
            decide=lambda _read: [(stream, [created])],
            metadata=METADATA,
        ),
    )
