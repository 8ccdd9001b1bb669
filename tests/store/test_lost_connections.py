"""What becomes of commands when the connection to the database is lost."""

import asyncio
from typing import Any

import pytest

import store.writer
from domain.aggregate import Change, Read
from domain.facts.invoice import InvoiceDrafted
from domain.invoice import INVOICE, Invoice, draft
from store.books import Book, Books
from store.command import Command
from store.database import Pool
from store.errors import Unavailable
from store.ids import new_id
from store.log import append
from store.recorded import Metadata


def drafting(id_: str) -> Command[Invoice]:
    def decide(_read: Read) -> list[Change]:
        return [(INVOICE(id_), draft(InvoiceDrafted(memo=id_), ()))]

    return Command(aggregate=INVOICE, id=id_, decide=decide, metadata=Metadata(actor="test"))


async def streams(pool: Pool, book: Book) -> list[str]:
    rows = await pool.fetch(
        "select stream from store.events where book_id = $1 order by position", book.book_id
    )
    return [row["stream"] for row in rows]


async def test_an_append_whose_answer_is_lost_is_found_and_not_repeated(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[bool] = []

    async def losing_the_answer(*args: Any, **kwargs: Any) -> Any:
        appended = await append(*args, **kwargs)
        if not lost:
            lost.append(True)
            raise ConnectionResetError
        return appended

    monkeypatch.setattr(store.writer, "append", losing_the_answer)

    done = await asyncio.gather(
        *(books.execute(book.book_id, drafting(f"inv_{n}")) for n in range(5))
    )

    assert lost
    assert [d.version for d in done] == [1] * 5
    assert sorted(d.position for d in done) == [1, 2, 3, 4, 5]
    assert len(await streams(pool, book)) == 5


async def test_an_append_that_never_arrived_is_made_again(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[bool] = []

    async def losing_the_request(*args: Any, **kwargs: Any) -> Any:
        if not lost:
            lost.append(True)
            raise ConnectionResetError
        return await append(*args, **kwargs)

    monkeypatch.setattr(store.writer, "append", losing_the_request)

    done = await books.execute(book.book_id, drafting("inv_1"))

    assert (done.version, done.position) == (1, 1)
    assert await streams(pool, book) == ["invoice/inv_1"]


async def test_a_database_that_stays_away_makes_commands_unavailable(
    books: Books, book: Book, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_args: Any, **_kwargs: Any) -> Any:
        raise ConnectionRefusedError

    monkeypatch.setattr(store.writer, "append", never)
    monkeypatch.setattr(store.writer, "_PATIENCE_SECONDS", 0.2)

    with pytest.raises(Unavailable):
        await books.execute(book.book_id, drafting("inv_1"))

    monkeypatch.setattr(store.writer, "append", append)
    assert (await books.execute(book.book_id, drafting("inv_2"))).position == 1
    assert await streams(pool, book) == ["invoice/inv_2"]


async def test_backends_that_are_killed_lose_no_acknowledged_command_and_repeat_none(
    books: Books, book: Book, pool: Pool
) -> None:
    acknowledged: list[str] = []
    progress = asyncio.Event()

    async def client() -> None:
        while len(acknowledged) < 200:
            id_ = new_id("inv")
            await books.execute(book.book_id, drafting(id_))
            acknowledged.append(f"invoice/{id_}")
            progress.set()

    async def kill_after_progress() -> int:
        """Kill everybody each time that some commands got through in between."""
        kills = 0
        while len(acknowledged) < 200:
            progress.clear()
            await progress.wait()
            kills += await pool.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        return kills

    killing = asyncio.create_task(kill_after_progress())
    await asyncio.gather(*(client() for _ in range(16)))
    progress.set()

    assert await killing > 3
    assert sorted(await streams(pool, book)) == sorted(acknowledged)
