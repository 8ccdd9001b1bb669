from datetime import date

import pytest

from daybook.doctor import examine
from domain.aggregate import Change, Read
from domain.facts.invoice import InvoiceDrafted
from domain.facts.series import NumberAssigned
from domain.invoice import INVOICE
from domain.series import SERIES
from store.books import Book, Books
from store.command import Command
from store.database import Pool
from store.recorded import Metadata
from tests.books import header_changed

DAMAGES = {
    "a lost event": ("delete from store.events where position = 2", "positions are not 1 to 4"),
    "a head that is ahead": ("update store.books set head = 9", "positions are not 1 to 9"),
    "a version gap": (
        "update store.events set version = 7 where position = 2",
        "has version 7 at position 2, where 2 belongs",
    ),
    "time that runs backwards": (
        "update store.events set recorded_at = recorded_at - interval '1 hour' where position = 3",
        "recorded time runs backwards at position 3",
    ),
    "a number that is not its version": (
        "update store.events set state = '{\"number\": 5}' where stream like 'series/%'",
        "assigned number 5 at version 1",
    ),
    "a follower that stopped": (
        "insert into store.checkpoints select book_id, 'f', head - 1001 from store.books",
        "follower f is 1001 events behind",
    ),
    "attempts that were not added up": (
        """alter table store.attempts disable trigger all;
        insert into store.attempts (book_id, endpoint_id, position, number, at, duration_ms,
        response, epoch) select book_id, 'whe_1', 1, 1, now(), 5, '', 1 from store.books""",
        "the sums of whe_1",
    ),
}


@pytest.fixture
async def written(books: Books, book: Book) -> Book:
    """A book with an invoice of three events and a number."""

    def decide(_read: Read) -> list[Change]:
        number = NumberAssigned(number=1, text="1", document_id="x", dated=date(2026, 1, 1))
        changes = [header_changed(memo="a"), header_changed(memo="b")]
        return [(INVOICE("inv_1"), [InvoiceDrafted(), *changes]), (SERIES("s"), [number])]

    command = Command(aggregate=INVOICE, id="inv_1", decide=decide, metadata=Metadata(actor="test"))
    await books.execute(book.book_id, command)
    return book


async def test_a_sound_book_has_no_finding(written: Book, database_url: str) -> None:
    said: list[str] = []
    assert await examine(database_url, said.append) == []
    assert f"book {written.book_id}: 4 events, 0 findings" in said


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("damage", DAMAGES)
async def test_the_doctor_finds(damage: str, pool: Pool, database_url: str) -> None:
    statement, finding = DAMAGES[damage]
    await pool.execute("alter table store.events disable trigger all")
    await pool.execute(statement)

    assert finding in " ".join(await examine(database_url, lambda _text: None))


async def test_the_doctor_names_missing_migrations(pool: Pool, database_url: str) -> None:
    await pool.execute("delete from store.migrations where name like '0001%'")
    assert "0001_events.sql" in " ".join(await examine(database_url, lambda _text: None))
