"""Bytes that an event names are kept; bytes that nobody attached are not."""

import asyncio
from datetime import datetime
from hashlib import sha256

import pytest

import store.command_keys
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_parts import Attachment
from domain.invoice import INVOICE, draft
from store.attachments import DOUBT, Upload, drop, find, keep, settle
from store.books import Book, Books
from store.command import Command
from store.command_keys import forget_uploads
from store.database import Pool
from store.recorded import Metadata

CONTENT = b"%PDF-1.7 \x00\xff not really"


def upload(book: Book, number: int, content: bytes = CONTENT) -> Upload:
    return Upload(book.book_id, sha256(content).digest(), f"inv_{number}", f"att_{number}")


async def attach(books: Books, brought: Upload) -> None:
    """Let an event name the bytes."""
    file = Attachment(
        id=brought.attachment_id,
        file_name="a.pdf",
        media_type="application/pdf",
        size=len(CONTENT),
        sha256=brought.sha256.hex(),
    )
    facts = draft(InvoiceDrafted(), (), attachments=[file])
    command = Command(
        aggregate=INVOICE,
        id=brought.invoice_id,
        decide=lambda _read: [(INVOICE(brought.invoice_id), facts)],
        metadata=Metadata(actor="test"),
    )
    await books.execute(brought.book_id, command)


async def after(pool: Pool) -> datetime:
    """A moment after everything that came so far."""
    now: datetime = await pool.fetchval("select clock_timestamp()")
    return now


async def kept(pool: Pool, book: Book, content: bytes = CONTENT) -> bool:
    return await find(pool, book.book_id, sha256(content).digest()) == content


async def test_bytes_that_nobody_attached_go_once_they_are_old_and_not_before(
    pool: Pool, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.command_keys, "_BATCH", 2)
    for number in range(5):
        content = b"%d" % number
        await keep(pool, upload(book, number, content), content)
    now = await after(pool)

    assert await forget_uploads(pool, before=now - DOUBT) == 0
    assert await forget_uploads(pool, before=now) == 5
    assert await forget_uploads(pool, before=now) == 0
    assert not await kept(pool, book, b"0")


async def test_bytes_that_an_event_names_stay(pool: Pool, book: Book, books: Books) -> None:
    await keep(pool, upload(book, 1), CONTENT)
    await attach(books, upload(book, 1))
    await keep(pool, upload(book, 2), CONTENT)

    assert await settle(pool, book.book_id, before=await after(pool), limit=10) == (1, 0)
    assert await settle(pool, book.book_id, before=await after(pool), limit=10) == (0, 0)
    await keep(pool, upload(book, 3), CONTENT)
    await drop(pool, upload(book, 3))
    assert await forget_uploads(pool, before=await after(pool)) == 0
    assert await kept(pool, book)


async def test_an_event_of_another_invoice_says_nothing_of_these_bytes(
    pool: Pool, book: Book, books: Books
) -> None:
    await keep(pool, upload(book, 1), CONTENT)
    await attach(books, upload(book, 1, b"other bytes"))
    await attach(books, upload(book, 2))

    assert await forget_uploads(pool, before=await after(pool)) == 1


async def test_a_refused_upload_takes_its_bytes_along_unless_others_brought_them_too(
    pool: Pool, book: Book
) -> None:
    await keep(pool, upload(book, 1), CONTENT)
    await keep(pool, upload(book, 2), CONTENT)

    await drop(pool, upload(book, 1))
    assert await kept(pool, book)
    await drop(pool, upload(book, 2))
    assert not await kept(pool, book)


async def test_bytes_that_come_while_the_same_ones_go_are_there(pool: Pool, book: Book) -> None:
    for number in range(0, 60, 3):
        await keep(pool, upload(book, number), CONTENT)
        before = await after(pool)
        await asyncio.gather(
            drop(pool, upload(book, number)),
            keep(pool, upload(book, number + 1), CONTENT),
            settle(pool, book.book_id, before=before, limit=10),
        )
        assert await kept(pool, book)
        await drop(pool, upload(book, number + 1))


async def test_other_books_are_left_alone(pool: Pool, book: Book, books: Books) -> None:
    elsewhere = upload(book, 1)._replace(book_id="bok_elsewhere")
    await keep(pool, elsewhere, CONTENT)
    await keep(pool, upload(book, 1), CONTENT)
    await attach(books, upload(book, 1))

    await drop(pool, elsewhere)

    assert await find(pool, elsewhere.book_id, elsewhere.sha256) is None
    assert await kept(pool, book)
