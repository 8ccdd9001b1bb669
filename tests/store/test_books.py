import asyncio
from datetime import UTC, datetime

import pytest

from domain.aggregate import Change, Read
from domain.errors import NotFound
from domain.facts.invoice import InvoiceDrafted
from domain.invoice import INVOICE, Invoice, draft
from store import checkpoints
from store.books import Book, Books, create_book, list_books
from store.cache import Cache, Held
from store.command import Command
from store.database import Pool
from store.errors import UnknownBook
from store.ids import id_of, new_id, uuid7, uuid_of
from store.log import Appending, append
from store.recorded import Metadata
from store.wakeup import listening
from tests.books import header_changed


def writing(id_: str, *memos: str) -> Command[Invoice]:
    """Draft an invoice and change its memo, all in one command."""

    def decide(_read: Read) -> list[Change]:
        changes = [header_changed(memo=memo) for memo in memos]
        return [(INVOICE(id_), [*draft(InvoiceDrafted(), ()), *changes])]

    return Command(aggregate=INVOICE, id=id_, decide=decide, metadata=Metadata(actor="test"))


async def test_an_entity_can_be_seen_as_of_any_version_and_instant(
    books: Books, book: Book
) -> None:
    before = datetime.now(UTC)
    await books.execute(book.book_id, writing("inv_1", "a", "b"))
    between = (await books.history(book.book_id, INVOICE("inv_1")))[-1].recorded_at
    stream = INVOICE("inv_1")

    seen = [(await books.get(book.book_id, stream, at=n)).state.memo for n in (1, 2, 3, 99)]

    assert seen == [None, "a", "b", "b"]
    assert (await books.get(book.book_id, stream, at=between)).version == 3
    with pytest.raises(NotFound):
        await books.get(book.book_id, stream, at=before)


async def test_recorded_time_never_runs_backwards_within_a_book(
    books: Books, book: Book, pool: Pool
) -> None:
    await pool.execute("update store.books set recorded_at = now() + interval '1 hour'")
    ahead = await pool.fetchval("select recorded_at from store.books")

    done = await books.execute(book.book_id, writing("inv_1"))

    assert done.recorded_at == ahead


async def test_one_books_events_are_not_seen_through_another(books: Books, pool: Pool) -> None:
    mine, theirs = [await create_book(pool, name=n, mode="sandbox") for n in ("mine", "theirs")]
    await books.execute(mine.book_id, writing("inv_1", "mine"))

    with pytest.raises(NotFound):
        await books.get(theirs.book_id, INVOICE("inv_1"))
    assert await books.history(theirs.book_id, INVOICE("inv_1")) == []
    assert (await books.execute(theirs.book_id, writing("inv_1", "theirs"))).position == 2
    assert (await books.get(mine.book_id, INVOICE("inv_1"))).state.memo == "mine"
    assert [(it.name, it.head) for it in await list_books(pool)] == [("mine", 2), ("theirs", 2)]


async def test_a_book_that_does_not_exist_has_no_head(books: Books) -> None:
    with pytest.raises(UnknownBook):
        await books.head("bok_none")


async def test_a_batch_larger_than_one_append_is_done_in_several(books: Books, book: Book) -> None:
    memos = [str(n) for n in range(900)]
    done = await asyncio.gather(
        *(books.execute(book.book_id, writing(f"inv_{n}", *memos)) for n in range(5))
    )
    assert [d.version for d in done] == [901] * 5
    assert await books.head(book.book_id) == 4505


async def test_versions_that_leave_a_gap_are_refused_by_the_database(
    pool: Pool, book: Book, books: Books
) -> None:
    event = Appending(uuid7(), "invoice/inv_1", 2, "invoice.drafted", b"{}", b'{"actor":"x"}')
    async with pool.acquire() as connection:
        with pytest.raises(Exception, match="do not continue their stream"):
            await append(connection, book.book_id, {"invoice/inv_1": 0}, [event])
    assert await books.head(book.book_id) == 0


async def test_followers_are_woken_after_a_commit(books: Books, book: Book, pool: Pool) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with listening(pool, heard.put_nowait):
        await books.execute(book.book_id, writing("inv_1"))
        async with asyncio.timeout(60):
            assert await heard.get() == book.book_id


async def test_a_checkpoint_is_held_by_one_process_at_a_time(pool: Pool, book: Book) -> None:
    async with pool.acquire() as one, pool.acquire() as two:
        async with one.transaction():
            assert await checkpoints.lock(one, book.book_id, "f") == 0
            await checkpoints.advance(one, book.book_id, "f", 7)
        async with one.transaction():
            assert await checkpoints.lock(one, book.book_id, "f") == 7
            async with two.transaction():
                assert await checkpoints.lock(two, book.book_id, "f") is None
        async with two.transaction():
            assert await checkpoints.lock(two, book.book_id, "f") == 7
    assert await checkpoints.position(pool, book.book_id, "f") == 7
    assert await checkpoints.position(pool, book.book_id, "other") == 0


async def test_a_follower_is_told_exactly_how_far_it_lags(
    books: Books, book: Book, pool: Pool
) -> None:
    assert await checkpoints.behind(pool, "f") == []
    await books.execute(book.book_id, writing("inv_1", "a"))
    behind = await checkpoints.behind(pool, "f")
    assert [(it.book_id, it.lag) for it in behind] == [(book.book_id, 2)]


def test_the_cache_forgets_what_was_not_used_and_never_goes_back() -> None:
    cache = Cache(2)
    cache.put("a", Held("a2", 2))
    cache.put("b", Held("b1", 1))
    cache.put("a", Held("a1", 1))
    assert cache.get("a") == Held("a2", 2)
    cache.put("c", Held("c1", 1))
    assert cache.get("b") is None
    assert len(cache) == 2


def test_ids_carry_their_uuid_and_sort_by_time() -> None:
    ids = [new_id("inv") for _ in range(3)]
    assert all(id_of("inv", uuid_of(id_)) == id_ for id_ in ids)
    assert uuid_of(ids[0]).version == 7
    assert len({*ids}) == 3
    for wrong in ("inv", "inv_", "inv_8" + "0" * 25, "inv_" + "U" * 26):
        with pytest.raises(ValueError, match=r"no id|substring not found"):
            uuid_of(wrong)
