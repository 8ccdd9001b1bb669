"""A preview decides as a command does, and leaves nothing."""

from collections.abc import Callable

import pytest

from domain.aggregate import Change, Read
from domain.customer import CUSTOMER, Customer, create, hold
from domain.errors import AlreadyExists, NotFound
from domain.facts.customer import CustomerCreated
from store.books import Book, Books, open_books
from store.command import Command
from store.database import Pool
from store.errors import StaleRowVersion
from store.recorded import Metadata

WHO = Metadata(actor="test")


def creation(code: str | None = None) -> Command[Customer]:
    def decide(read: Read) -> list[Change]:
        return create(read, code, CustomerCreated(name="Acme"))

    return Command(aggregate=CUSTOMER, decide=decide, metadata=WHO)


def holding(expected: int | None) -> Command[Customer]:
    def decide(read: Read) -> list[Change]:
        customer = read(CUSTOMER("ACME"))
        if customer is None:
            raise NotFound("customer", "ACME")
        return [(CUSTOMER("ACME"), hold(customer, reason="Why"))]

    return Command(aggregate=CUSTOMER, id="ACME", decide=decide, metadata=WHO, expected=expected)


@pytest.mark.parametrize("command", [creation, lambda: creation("ACME")])
async def test_it_answers_what_the_command_would(
    books: Books, book: Book, command: Callable[[], Command[Customer]]
) -> None:
    tried = await books.preview(book.book_id, command())
    assert await books.head(book.book_id) == 0

    done = await books.execute(book.book_id, command())

    assert (tried.stream.name, tried.state, tried.version) == (
        *(done.stream.name, done.state, done.version),
    )
    assert (tried.changed, tried.position) == (True, 0)


async def test_it_sees_what_another_process_did(pool: Pool, books: Books, book: Book) -> None:
    await books.execute(book.book_id, creation("ACME"))
    await books.preview(book.book_id, holding(1))
    async with open_books(pool) as elsewhere:
        await elsewhere.execute(book.book_id, holding(1))

    with pytest.raises(StaleRowVersion) as stale:
        await books.preview(book.book_id, holding(1))

    assert stale.value.current.state.hold == "Why"


async def test_it_refuses_as_the_command_does(books: Books, book: Book) -> None:
    for seen in (None, 0, 3):
        with pytest.raises(NotFound):
            await books.preview(book.book_id, holding(seen))
    await books.execute(book.book_id, creation("ACME"))
    with pytest.raises(AlreadyExists):
        await books.preview(book.book_id, creation("ACME"))
    with pytest.raises(StaleRowVersion):
        await books.preview(book.book_id, holding(0))
    assert await books.head(book.book_id) == 1


async def test_what_never_was_is_at_row_version_0(books: Books, book: Book) -> None:
    for seen in (0, 3):
        with pytest.raises(NotFound):
            await books.execute(book.book_id, holding(seen))
