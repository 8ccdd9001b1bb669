"""More commands than can be done: they wait in bounded number, and each is settled for certain."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

import store.books
import store.writer
from domain.aggregate import Change, Read
from domain.errors import NotAllowed
from domain.invoice import INVOICE
from store.books import Book, Books, create_book, open_books
from store.command import Command, Done
from store.database import Pool
from store.errors import Busy
from store.recorded import Metadata
from tests.store.interleaving import command_of
from tests.store.one_by_one import Asking
from tests.workers.webhooks import until

LIMIT = 20


@pytest.fixture(autouse=True)
def _small_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.writer, "MAX_WAITING", LIMIT)


@asynccontextmanager
async def stuck(pool: Pool) -> AsyncIterator[None]:
    """Meanwhile nobody can append: somebody holds the lock of every book."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from store.books for update")
        yield


def ask(books: Books, book: Book, count: int, name: str = "inv") -> list[asyncio.Task[Done[Any]]]:
    """So many drafts, each asked for by a client of its own."""
    commands = [
        command_of(Asking(kind="draft", invoice=f"{name}_{number}"), f"{name} {number}")
        for number in range(count)
    ]
    return [asyncio.create_task(books.execute(book.book_id, command)) for command in commands]


async def first_batch(books: Books, book: Book, pool: Pool) -> asyncio.Task[Done[Any]]:
    """A command that is at the database and waits for the lock; what follows it queues."""
    [first] = ask(books, book, 1, "first")
    await until(lambda: _waits_for_the_lock(pool))
    return first


async def _waits_for_the_lock(pool: Pool) -> bool:
    return bool(
        await pool.fetchval(
            "select exists (select from pg_stat_activity where datname = current_database()"
            " and wait_event_type = 'Lock')"
        )
    )


def kinds(outcomes: Sequence[object]) -> list[str]:
    return [type(outcome).__name__ for outcome in outcomes]


async def test_commands_beyond_the_limit_are_refused_at_once_and_the_others_are_done(
    books: Books, book: Book, pool: Pool
) -> None:
    async with stuck(pool):
        first = await first_batch(books, book, pool)
        waiting = ask(books, book, LIMIT)
        beyond = ask(books, book, 500, "late")
        refused = await asyncio.gather(*beyond, return_exceptions=True)
        assert not any(task.done() for task in waiting)
        assert len(books._writers[book.book_id]._queue) == LIMIT

    assert {*kinds(refused)} == {"Busy"}
    assert [(await task).position for task in (first, *waiting)] == list(range(1, LIMIT + 2))
    assert await books.head(book.book_id) == LIMIT + 1
    assert books._backlog.count == 0


async def test_all_books_together_have_a_limit_too(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.writer, "MAX_WAITING_IN_ALL", 5)
    other = await create_book(pool, name="Other", mode="sandbox")
    async with stuck(pool):
        first = await first_batch(books, book, pool)
        waiting = ask(books, book, 5)
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await ask(books, other, 1)[0]

    await asyncio.gather(first, *waiting)
    assert (await ask(books, other, 1)[0]).position == 1


async def test_a_command_whose_client_has_gone_before_its_turn_is_not_run(
    books: Books, book: Book, pool: Pool
) -> None:
    async with stuck(pool):
        first = await first_batch(books, book, pool)
        waiting = ask(books, book, 10)
        await asyncio.sleep(0)
        for task in waiting[::2]:
            task.cancel()

    outcomes = await asyncio.gather(first, *waiting, return_exceptions=True)

    assert kinds(outcomes) == ["Done", *(["CancelledError", "Done"] * 5)]
    assert await books.head(book.book_id) == 6


async def test_a_command_whose_client_goes_while_it_commits_is_done_and_upsets_nobody(
    books: Books, book: Book, pool: Pool
) -> None:
    async with stuck(pool):
        first = await first_batch(books, book, pool)
        [second] = ask(books, book, 1)
        await asyncio.sleep(0)
        first.cancel()

    assert (await second).position == 2
    assert (await books.get(book.book_id, INVOICE("first_0"))).version == 1


async def test_closing_settles_what_was_queued(pool: Pool, book: Book) -> None:
    async with open_books(pool) as books, stuck(pool):
        first = await first_batch(books, book, pool)
        waiting = ask(books, book, LIMIT)
        await asyncio.sleep(0)
    assert all(task.done() for task in (first, *waiting))
    assert await books.head(book.book_id) == LIMIT + 1


async def test_refused_and_faulty_decisions_fail_alone_in_a_full_queue(
    books: Books, book: Book, pool: Pool
) -> None:
    def refuse(_read: Read) -> list[Change]:
        raise NotAllowed("no")

    def fault(_read: Read) -> list[Change]:
        raise ZeroDivisionError

    by = Metadata(actor="test")
    bad = [Command(aggregate=INVOICE, id="inv_x", decide=it, metadata=by) for it in (refuse, fault)]
    async with stuck(pool):
        first = await first_batch(books, book, pool)
        tasks = ask(books, book, 3)
        tasks += [asyncio.create_task(books.execute(book.book_id, it)) for it in bad]
        tasks += ask(books, book, 3, "more")
        await asyncio.sleep(0)

    outcomes = await asyncio.gather(first, *tasks, return_exceptions=True)

    assert kinds(outcomes) == [*(["Done"] * 4), "NotAllowed", "ZeroDivisionError", *(["Done"] * 3)]
    assert await books.head(book.book_id) == 7


async def test_books_that_nobody_uses_any_more_are_let_go(
    books: Books, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.books, "_WRITERS", 3)
    for number in range(10):
        book = await create_book(pool, name=str(number), mode="sandbox")
        await ask(books, book, 1)[0]

    assert len(books._writers) <= 3
