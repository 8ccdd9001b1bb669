"""A connection that is reset at any round trip of a command: it has run once, or its key says not.

The proxy counts round trips. Each of a command's is cut in turn, at each of three moments, so that
none is forgotten: the append and the commit under the lock are among them, and are looked for.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import store.writer
from domain.invoice import INVOICE
from store.books import Book, Books, open_books
from store.database import Pool, open_pool
from store.wakeup import WakeUps
from tests.store.interleaving import command_of
from tests.store.one_by_one import Asking
from tests.store.proxy import WHENS, Cut, Proxy, When, proxied

_MOST_TRIPS = 40


@pytest.fixture(autouse=True)
def no_wake_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    """They go over the same connections, at any time: the round trips of a command are counted."""
    monkeypatch.setattr(WakeUps, "send", lambda *_: None)


@asynccontextmanager
async def behind(proxy: Proxy) -> AsyncIterator[Books]:
    """Books of a process that reaches its database through the proxy."""
    async with open_pool(proxy.url, name="behind", size=3) as pool, open_books(pool) as books:
        yield books


async def cut_each(
    pool: Pool, book: Book, when: When, *, expected: int | None = None, key: bool = False
) -> list[Cut]:
    """Change an invoice again and again, each time with the next round trip cut, until none is."""
    async with proxied(pool) as proxy, behind(proxy) as books:
        draft = Asking(kind="draft", invoice="inv_a", memo="0")
        await books.execute(book.book_id, command_of(draft, "draft"))
        for nth in range(1, _MOST_TRIPS):
            before = len(proxy.cuts)
            asking = Asking(
                kind="change",
                invoice="inv_a",
                memo=str(nth),
                expected=None if expected is None else nth,
                key=f"k{nth}" if key else None,
            )
            proxy.cut(nth, when)
            done = await books.execute(book.book_id, command_of(asking, f"t{nth}"))
            assert (done.version, done.position, done.changed) == (nth + 1, nth + 1, True)
            assert done.entity.state.memo == str(nth)
            if len(proxy.cuts) == before:
                break
        else:
            pytest.fail(f"a change takes more than {_MOST_TRIPS} round trips: {proxy.cuts}")
        proxy.cut(0, when)
        tokens = [event.metadata.request_id for event in await books.events(book.book_id, limit=99)]
        assert tokens == ["draft", *(f"t{number}" for number in range(1, nth + 1))]
        return proxy.cuts


@pytest.mark.parametrize("key", [False, True], ids=["without a key", "with a key"])
@pytest.mark.parametrize("when", WHENS)
async def test_a_command_whose_connection_is_reset_has_run_once(
    pool: Pool, book: Book, when: When, *, key: bool
) -> None:
    cuts = await cut_each(pool, book, when, expected=1, key=key)

    assert any("store.append(" in cut.sql for cut in cuts)
    assert key is any("store.commands" in cut.sql for cut in cuts)


@pytest.mark.parametrize("when", WHENS)
async def test_a_command_whose_connection_is_reset_at_the_commit_has_run_once(
    pool: Pool, book: Book, when: When, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.writer, "_OPTIMISTIC_TRIES", 0)

    cuts = await cut_each(pool, book, when, expected=1)

    for statement in ("BEGIN", "for update", "store.append(", "COMMIT"):
        assert any(statement in cut.sql for cut in cuts), statement


@pytest.mark.parametrize("when", WHENS)
async def test_the_key_of_a_client_that_heard_nothing_tells_what_became_of_its_command(
    pool: Pool, books: Books, book: Book, when: When, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process gives up at once, so that the client itself has to ask again elsewhere."""
    monkeypatch.setattr(store.writer, "_PATIENCE_SECONDS", -1)
    monkeypatch.setattr(store.writer, "_OPTIMISTIC_TRIES", 0)
    replayed = []
    async with proxied(pool) as proxy, behind(proxy) as unlucky:
        for nth in range(1, _MOST_TRIPS):
            before = len(proxy.cuts)
            asking = Asking(kind="draft", invoice=f"inv_{nth}", key=f"k{nth}")
            proxy.cut(nth, when)
            first = unlucky.execute(book.book_id, command_of(asking, "first"))
            heard = (await asyncio.gather(first, return_exceptions=True))[0]
            proxy.cut(0, when)
            if len(proxy.cuts) == before:
                break
            again = await books.execute(book.book_id, command_of(asking, "again"))
            [event] = await books.history(book.book_id, INVOICE(f"inv_{nth}"))
            assert event.metadata.request_id == ("first" if again.replayed else "again")
            assert again.replayed or isinstance(heard, BaseException)
            replayed.append(again.replayed)
    assert any("COMMIT" in cut.sql for cut in proxy.cuts)
    assert (True in replayed) is (when != "before it is sent")
