"""A command with a key runs once for as long as the key is remembered."""

from datetime import datetime, timedelta

import pytest

import store.command_keys
from domain.errors import NotFound
from store.books import Book, Books, open_books
from store.command_keys import forget_commands
from store.database import Pool
from store.errors import KeyReused
from tests.store.interleaving import command_of
from tests.store.one_by_one import Asking

DRAFT = command_of(Asking(kind="draft", invoice="inv_a", memo="x"), "draft")
UNCHANGED = Asking(kind="change", invoice="inv_a", memo="x", key="k")
CHANGE = command_of(Asking(kind="change", invoice="inv_a", memo="y"), "change")


async def now(pool: Pool) -> datetime:
    instant: datetime = await pool.fetchval("select now()")
    return instant


async def test_a_command_that_changed_nothing_is_answered_the_same_when_it_is_repeated(
    books: Books, book: Book, pool: Pool
) -> None:
    await books.execute(book.book_id, DRAFT)
    first = await books.execute(book.book_id, command_of(UNCHANGED, "first"))
    await books.execute(book.book_id, CHANGE)

    async with open_books(pool) as another_process:
        again = await another_process.execute(book.book_id, command_of(UNCHANGED, "again"))

    assert (first.changed, first.version, first.position) == (False, 1, 1)
    assert again.replayed
    assert (again.entity, again.position) == (first.entity, first.position)
    assert await books.head(book.book_id) == 2


async def test_the_key_of_a_command_that_changed_nothing_stands_for_that_request_only(
    books: Books, book: Book
) -> None:
    await books.execute(book.book_id, DRAFT)
    await books.execute(book.book_id, command_of(UNCHANGED, "first"))
    other = Asking(kind="change", invoice="inv_a", memo="z", key="k")

    with pytest.raises(KeyReused):
        await books.execute(book.book_id, command_of(other, "other"))


async def test_a_refused_command_is_decided_anew_when_it_is_repeated(
    books: Books, book: Book
) -> None:
    with pytest.raises(NotFound):
        await books.execute(book.book_id, command_of(UNCHANGED, "too early"))
    await books.execute(book.book_id, DRAFT)

    done = await books.execute(book.book_id, command_of(UNCHANGED, "in time"))

    assert not done.replayed


async def test_keys_are_forgotten_once_they_are_old_and_not_before(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.command_keys, "_BATCH", 2)
    for number in range(5):
        asking = Asking(kind="draft", invoice=f"inv_{number}", key=f"old {number}")
        await books.execute(book.book_id, command_of(asking, "old"))
    between = await now(pool)
    young = command_of(Asking(kind="draft", invoice="inv_young", key="young"), "young")
    await books.execute(book.book_id, young)

    assert await forget_commands(pool, before=between - timedelta(days=1)) == 0
    assert await forget_commands(pool, before=between) == 5
    assert await forget_commands(pool, before=between) == 0
    assert (await books.execute(book.book_id, young)).replayed
    assert await books.head(book.book_id) == 6, "the events themselves stay"
