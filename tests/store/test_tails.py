"""A tail of a book: what is there, then what comes, promptly with wake-ups and surely without."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from asyncpg import InternalClientError

import store.tail
import store.wakeup
from store.books import Book, Books, create_book, open_books
from store.database import Connection, Pool
from store.errors import UnknownBook
from store.log import read_book
from store.recorded import Recorded
from store.tail import Tails
from store.wakeup import WakeUps, listening
from tests.store.interleaving import command_of
from tests.store.listeners import noted
from tests.store.one_by_one import Asking
from tests.workers.webhooks import until


@pytest.fixture
async def tails(pool: Pool) -> AsyncIterator[Tails]:
    tails = Tails(pool)
    yield tails
    tails.close()


@pytest.fixture
def listeners(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[int]:
    """The process ids of backends, each from when a tail listens to it."""
    return noted(monkeypatch, store.tail)


async def draft(books: Books, book: Book, number: int) -> None:
    asking = Asking(kind="draft", invoice=f"inv_{number}")
    await books.execute(book.book_id, command_of(asking, "t"))


async def take(tails: Tails, book: Book, count: int, seen: list[Recorded], after: int = 0) -> None:
    """Tail until so many events were seen."""
    async with asyncio.timeout(60), aclosing(tails.tail(book.book_id, after=after)) as pages:
        async for page in pages:
            assert page, "an empty page was not asked for"
            seen += page
            if len(seen) >= count:
                return


async def test_a_tail_shows_what_is_there_and_then_what_comes(
    tails: Tails, books: Books, book: Book
) -> None:
    for number in range(3):
        await draft(books, book, number)
    seen: list[Recorded] = []
    tailing = asyncio.create_task(take(tails, book, 5, seen, after=1))
    for number in range(3, 6):
        await draft(books, book, number)

    await tailing

    assert [event.position for event in seen] == [2, 3, 4, 5, 6]


async def test_a_wake_up_is_faster_than_the_next_poll(
    tails: Tails,
    books: Books,
    book: Book,
    listeners: asyncio.Queue[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store.tail, "_POLL_SECONDS", 60)
    async with asyncio.timeout(60), aclosing(tails.tail(book.book_id, after=0)) as pages:
        waiting = asyncio.ensure_future(anext(pages))
        await listeners.get()
        await draft(books, book, 1)
        assert [event.position for event in await waiting] == [1]


async def test_a_lost_wake_up_delays_a_tail_and_hides_nothing(
    tails: Tails, books: Books, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.tail, "_POLL_SECONDS", 0.02)
    monkeypatch.setattr(WakeUps, "send", lambda *_: None)
    seen: list[Recorded] = []
    tailing = asyncio.create_task(take(tails, book, 20, seen))
    for number in range(20):
        await draft(books, book, number)
        await asyncio.sleep(0)

    await tailing

    assert [event.position for event in seen] == list(range(1, 21))


@pytest.mark.parametrize("lost", [False, True], ids=["was not there yet", "could not be read"])
async def test_what_comes_while_a_tail_reads_is_not_missed_without_its_wake_up(
    tails: Tails, books: Books, book: Book, monkeypatch: pytest.MonkeyPatch, *, lost: bool
) -> None:
    monkeypatch.setattr(store.tail, "_POLL_SECONDS", 0.02)
    monkeypatch.setattr(WakeUps, "send", lambda *_: None)
    reads: list[int] = []

    async def late(connection: Connection, book_id: str, **asked: Any) -> list[Recorded]:
        reads.append(len(reads))
        page = await read_book(connection, book_id, **asked)
        if len(reads) == 2:
            await draft(books, book, 2)
            if lost:
                await take(tails, book, 2, [])
                raise ConnectionResetError
        return page

    await draft(books, book, 1)
    monkeypatch.setattr(store.tail, "read_book", late)
    seen: list[Recorded] = []

    await take(tails, book, 2, seen)

    assert [event.position for event in seen] == [1, 2]


async def test_many_tails_share_one_connection_and_release_it(
    tails: Tails, books: Books, book: Book, pool: Pool
) -> None:
    other = await create_book(pool, name="Other", mode="sandbox")
    seen: list[list[Recorded]] = [[] for _ in range(30)]
    tailing = [
        asyncio.create_task(take(tails, (book, other)[n % 2], 3, events))
        for n, events in enumerate(seen)
    ]
    for number in range(3):
        await draft(books, book, number)
        await draft(books, other, number)

    await asyncio.gather(*tailing)

    assert [[event.position for event in events] for events in seen] == [[1, 2, 3]] * 30
    assert all(b.book_id == (book, other)[n % 2].book_id for n, e in enumerate(seen) for b in e)
    await until(lambda: _idle(pool))


async def test_a_tail_goes_on_after_its_connections_were_killed(
    tails: Tails, books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.tail, "_POLL_SECONDS", 0.05)
    seen: list[Recorded] = []
    tailing = asyncio.create_task(take(tails, book, 60, seen))
    for number in range(60):
        if number % 20 == 10:
            await pool.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        await draft(books, book, number)

    await tailing

    assert [event.position for event in seen] == list(range(1, 61))
    assert all(before.recorded_at <= after.recorded_at for before, after in pairwise(seen))


async def test_a_tail_that_ends_when_its_connection_is_lost_leaves_nobody_listening(
    tails: Tails, book: Book, pool: Pool, listeners: asyncio.Queue[int]
) -> None:
    waiting = asyncio.create_task(take(tails, book, 1, []))
    backend = await listeners.get()
    watch = tails._watch
    assert watch
    await until(lambda: _has_polled(pool, backend))
    await pool.fetchval("select pg_terminate_backend($1)", backend)
    await until(lambda: _idle(pool))

    waiting.cancel()
    await asyncio.wait([waiting, watch], timeout=60)

    assert watch.cancelled(), "it does not begin to listen again"


async def test_an_idle_tail_says_so_if_it_is_asked_to(tails: Tails, book: Book) -> None:
    async with (
        asyncio.timeout(60),
        aclosing(tails.tail(book.book_id, after=0, idle_seconds=0.01)) as pages,
    ):
        assert [await anext(pages) for _ in range(3)] == [[], [], []]


async def test_a_book_that_does_not_exist_cannot_be_tailed(tails: Tails) -> None:
    with pytest.raises(UnknownBook):
        await anext(tails.tail("bok_none", after=0))


async def test_closing_the_books_ends_their_tails(pool: Pool, book: Book) -> None:
    async with asyncio.timeout(60), open_books(pool) as books:
        pages = books.tail(book.book_id, after=0)
        waiting = asyncio.ensure_future(anext(pages, None))
        await asyncio.sleep(0)
    assert await waiting is None


async def test_wake_ups_of_many_commits_are_sent_together(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[list[str]] = []

    async def execute(_pool: Pool, _query: str, _channel: str, books: list[str]) -> None:
        sent.append(books)

    monkeypatch.setattr(type(pool), "execute", execute)
    wake_ups = WakeUps(pool)
    for number in range(1000):
        wake_ups.send(f"bok_{number % 3}")
    assert wake_ups._task
    await wake_ups._task

    assert sent == [["bok_0", "bok_1", "bok_2"]]


async def test_a_connection_whose_listener_cannot_be_taken_off_is_not_used_again(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> None:
        raise InternalClientError("another operation is in progress")

    monkeypatch.setattr(asyncpg.Connection, "remove_listener", lost)
    async with listening(pool, print) as connection:
        backend = connection.get_server_pid()

    await until(lambda: _idle(pool))
    async with pool.acquire() as other:
        assert other.get_server_pid() != backend


async def _idle(pool: Pool) -> bool:
    return pool.get_idle_size() == pool.get_size()


async def _has_polled(pool: Pool, backend: int) -> bool:
    sql = "select state = 'idle' and query not like 'LISTEN%' from pg_stat_activity where pid = $1"
    return bool(await pool.fetchval(sql, backend))
