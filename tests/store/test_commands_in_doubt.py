"""Commands whose first try is in doubt: its answer was lost, or it is being made elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

import store.repetitions
import store.writer
from domain.errors import NotFound
from domain.invoice import INVOICE, Invoice
from store.books import Book, Books, open_books
from store.command import Command, Done
from store.database import Connection, Pool
from store.errors import KeyReused
from store.log import append, connected, read_commands
from tests.store.interleaving import command_of
from tests.store.one_by_one import Asking

DRAFT = command_of(Asking(kind="draft", invoice="inv_a", memo="x"), "draft")
CHANGE = command_of(Asking(kind="change", invoice="inv_a", memo="y", expected=1), "change")
KEYED = command_of(Asking(kind="change", invoice="inv_a", memo="y", expected=1, key="k"), "keyed")


class Losing:
    """Loses the first appends, and can let the very first one arrive later."""

    def __init__(self, pool: Pool, patch: pytest.MonkeyPatch, *, count: int) -> None:
        self._pool = pool
        self._left = count
        self._first: tuple[Any, ...] | None = None
        self.lost = asyncio.Event()
        patch.setattr(store.writer, "append", self._append)

    async def _append(self, connection: Connection, *args: Any, **kwargs: Any) -> Any:
        if not self._left:
            return await append(connection, *args, **kwargs)
        self._left -= 1
        self._first = self._first or args
        self.lost.set()
        raise ConnectionResetError

    async def arrive(self) -> None:
        """The database gets to the append that the writer has long given up."""
        assert self._first is not None
        async with self._pool.acquire() as connection:
            await append(connection, *self._first)


async def test_a_change_is_acknowledged_although_its_repetition_was_lost_before_it_arrived(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await books.execute(book.book_id, DRAFT)
    losing = Losing(pool, monkeypatch, count=2)
    tries: list[bool] = []

    @asynccontextmanager
    async def connecting(pool: Pool, book_id: str, *, lock: bool) -> AsyncIterator[Connection]:
        tries.append(lock)
        if len(tries) == 3:
            await losing.arrive()
        async with connected(pool, book_id, lock=lock) as connection:
            yield connection

    monkeypatch.setattr(store.writer, "connected", connecting)

    done = await books.execute(book.book_id, CHANGE)

    assert tries == [False, True, True]
    assert (done.version, done.position, done.changed, done.replayed) == (2, 2, True, False)
    assert await books.head(book.book_id) == 2


async def test_a_refused_command_is_not_written_by_an_append_that_arrives_late(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing = Losing(pool, monkeypatch, count=1)
    drafting = asyncio.create_task(books.execute(book.book_id, DRAFT))
    changing = asyncio.create_task(books.execute(book.book_id, CHANGE))
    await losing.lost.wait()

    drafting.cancel()
    outcome = (await asyncio.gather(changing, return_exceptions=True))[0]
    await losing.arrive()

    written = await books.history(book.book_id, INVOICE("inv_a"))
    changed = "invoice.header_changed" in [event.topic for event in written]
    assert isinstance(outcome, NotFound) is not changed


async def test_a_repetition_that_overlaps_the_first_try_elsewhere_gets_its_answer(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await books.execute(book.book_id, DRAFT)
    first_try = Meanwhile(pool, monkeypatch, book, KEYED)

    async with open_books(pool) as late:
        done = await late.execute(book.book_id, KEYED)

    assert first_try.done
    assert (done.version, done.replayed) == (2, True)
    assert await books.head(book.book_id) == 2


async def test_a_key_that_two_processes_use_at_once_stands_for_one_of_the_requests(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await books.execute(book.book_id, DRAFT)
    Meanwhile(pool, monkeypatch, book, KEYED)
    another = command_of(Asking(kind="draft", invoice="inv_b", key="k"), "another")

    with pytest.raises(KeyReused):
        await books.execute(book.book_id, another)

    assert await books.head(book.book_id) == 2


class Meanwhile:
    """Runs a command in another process just after a writer has looked up its keys."""

    def __init__(
        self, pool: Pool, patch: pytest.MonkeyPatch, book: Book, command: Command[Invoice]
    ) -> None:
        self._pool = pool
        self._book_id = book.book_id
        self._command = command
        self.done = False
        patch.setattr(store.repetitions, "read_commands", self._read)

    async def _read(self, *args: Any) -> Any:
        before = await read_commands(*args)
        if not self.done:
            self.done = True
            async with open_books(self._pool) as other:
                await other.execute(self._book_id, self._command)
        return before


async def test_a_fault_after_the_commit_does_not_run_its_commands_again(
    books: Books, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = command_of(Asking(kind="change", invoice="inv_b", memo="y", key="k"), "refused")
    asked: list[bool] = []

    async def failing_once(*args: Any) -> Any:
        asked.append(True)
        if len(asked) == 2:
            raise ValueError("what is stored cannot be read")
        return await read_commands(*args)

    monkeypatch.setattr(store.repetitions, "read_commands", failing_once)

    done, refusal = await asyncio.gather(
        books.execute(book.book_id, DRAFT),
        books.execute(book.book_id, refused),
        return_exceptions=True,
    )

    assert len(asked) > 2
    assert isinstance(done, Done)
    assert isinstance(refusal, NotFound)
    assert await books.head(book.book_id) == 1
