"""Durable commands, 64 at once, against commands through the same books that change nothing."""

from benchmarks.callers import Together, check_durable, editor
from benchmarks.figures import Figure, figure
from benchmarks.rounds import alternate
from store.books import create_book, open_books
from store.database import open_pool

NAME = "command_vs_noop"
CALLERS = 64


async def measure(database_url: str) -> Figure:
    """Both are queued, decided and verified against the database; the baseline writes nothing.

    Raises:
        WrongAnswer: What was acknowledged is not in the table.
    """
    async with (
        open_pool(database_url, name="daybook benchmark") as pool,
        open_books(pool) as books,
    ):
        book = await create_book(pool, name="Benchmark", mode="sandbox")
        editors = Together([await editor(books, book.book_id) for _ in range(CALLERS)])
        idlers = Together([await editor(books, book.book_id, idle=True) for _ in range(CALLERS)])
        runs = await alternate(editors.run, idlers.run)
        await check_durable(pool, "store.events", 4 * CALLERS + editors.acknowledged)
    return figure(NAME, "cmd/s", *runs)
