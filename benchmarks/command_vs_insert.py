"""Commands through the books, 64 at once, against one INSERT a call, as a naive repository does."""

from benchmarks.callers import CHANGES, Call, Together, check_durable, editor
from benchmarks.figures import Figure, figure
from benchmarks.rounds import alternate
from domain.invoice import INVOICE
from store.books import create_book, open_books
from store.database import Pool, open_pool
from store.ids import new_id, uuid7
from store.mapper import encode

NAME = "command_vs_insert"
CALLERS = 64
WRITER_CONNECTIONS = 8
NAIVE_CONNECTIONS = 32  # more than the books get: with fewer, the baseline is slower


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
        editors = Together([await editor(books, book.book_id) for _ in range(CALLERS)])
        inserters = Together([_inserter(naive, book.book_id) for _ in range(CALLERS)])
        runs = await alternate(editors.run, inserters.run)
        await check_durable(pool, "store.events", 2 * CALLERS + editors.acknowledged)
        await check_durable(pool, "naive", inserters.acknowledged)
    return figure(NAME, "cmd/s", *runs)


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
