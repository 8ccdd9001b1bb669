"""Pages of a stream and of a book's log, forwards and backwards, whole or up to a moment."""

from collections.abc import Awaitable, Callable, Sequence

from domain.invoice import INVOICE
from store.books import Book, Books
from store.recorded import Recorded
from tests.store.interleaving import command_of
from tests.store.one_by_one import Asking

Ask = Callable[[int, int], Awaitable[list[Recorded]]]
"""The page after or before a place, of at most so many events."""


async def write(books: Books, book: Book, changes: int) -> None:
    """Two drafts that are changed in turn."""
    for id_ in ("inv_a", "inv_b"):
        await books.execute(book.book_id, command_of(Asking(kind="draft", invoice=id_), "t"))
    for number in range(changes):
        asking = Asking(kind="change", invoice=f"inv_{'ab'[number % 2]}", memo=str(number))
        await books.execute(book.book_id, command_of(asking, "t"))


async def pages(ask: Ask, start: int, next_: Callable[[Recorded], int]) -> list[Recorded]:
    """Everything, three at a time."""
    found: list[Recorded] = []
    while page := await ask(next_(found[-1]) if found else start, 3):
        assert len(page) <= 3
        found += page
    return found


def positions(events: Sequence[Recorded]) -> list[int]:
    return [event.position for event in events]


async def test_a_book_can_be_paged_forwards_and_backwards(books: Books, book: Book) -> None:
    await write(books, book, changes=8)
    id_ = book.book_id

    forwards = await pages(
        lambda after, n: books.events(id_, after=after, limit=n), 0, lambda event: event.position
    )
    backwards = await pages(
        lambda until, n: books.events(id_, until=until, limit=n, descending=True),
        10**15,
        lambda event: event.position - 1,
    )

    assert positions(forwards) == list(range(1, 11))
    assert backwards == forwards[::-1]
    between = await books.events(id_, after=3, until=6, limit=9)
    assert positions(between) == [4, 5, 6]


async def test_a_stream_can_be_paged_forwards_and_backwards(books: Books, book: Book) -> None:
    await write(books, book, changes=8)
    stream, id_ = INVOICE("inv_b"), book.book_id

    forwards = await pages(
        lambda after, n: books.history(id_, stream, after=after, limit=n),
        0,
        lambda event: event.version,
    )
    backwards = await pages(
        lambda until, n: books.history(id_, stream, until=until, limit=n, descending=True),
        10**15,
        lambda event: event.version - 1,
    )

    assert [event.version for event in forwards] == [1, 2, 3, 4, 5]
    assert positions(forwards) == [2, 4, 6, 8, 10]
    assert backwards == forwards[::-1]
    until = forwards[2].recorded_at
    assert await books.history(id_, stream, until=until) == forwards[:3]
    newest = await books.history(id_, stream, until=until, limit=1, descending=True)
    assert newest == forwards[2:3]
