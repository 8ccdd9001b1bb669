"""Clients that change and read one invoice all at once, and keep a journal of it.

As a program, one process of them: it says that it is ready, waits for a line, and answers its
journal as lines of JSON.

    python -m tests.store.hot_invoice DATABASE_URL BOOK_ID FIRST_CLIENT CLIENTS CALLS
"""

import asyncio
import random
import sys
import time
from collections.abc import Sequence

import msgspec

from domain.aggregate import Change, Fact, Read
from domain.facts.invoice import InvoiceDrafted, InvoiceHeaderChanged
from domain.invoice import INVOICE, Invoice, draft
from store.books import Books, open_books
from store.command import Command
from store.database import open_pool
from store.errors import StaleRowVersion
from store.recorded import Metadata, Versioned
from tests.books import edited
from tests.store.journal import Call, Kind

HOT = INVOICE("inv_hot")
FIRST = "first"

_BY = Metadata(actor="test")


async def open_the_invoice(books: Books, book_id: str) -> None:
    """Make the invoice that everybody wants to change."""

    def decide(_read: Read) -> list[Change]:
        return [(HOT, draft(InvoiceDrafted(memo=FIRST), ()))]

    await books.execute(book_id, Command(aggregate=INVOICE, id=HOT.id, decide=decide, metadata=_BY))


async def history(books: Books, book_id: str) -> list[str]:
    """The memos of the invoice, that of version 1 first."""
    recorded = await books.history(book_id, HOT)
    assert [event.version for event in recorded] == list(range(1, len(recorded) + 1))
    return [_memo(event.fact) for event in recorded]


def _memo(fact: Fact) -> str:
    assert isinstance(fact, InvoiceDrafted | InvoiceHeaderChanged)
    return str(fact.memo if isinstance(fact, InvoiceDrafted) else fact.to.memo)


async def use(processes: Sequence[Books], book_id: str, client: int, calls: int) -> list[Call]:
    """One client: what it asks next depends on what it was told last, by whichever process."""
    chance = random.Random(client)  # noqa: S311 - the same choices in every run, not a secret
    journal: list[Call] = []
    version = 1
    for number in range(calls):
        books = chance.choice(processes)
        token = f"{client}.{number}"
        expected = version if chance.random() < 7 / 8 else None
        called = time.monotonic_ns()
        kind: Kind = "read"
        if chance.random() < 1 / 3:
            expected = None
            seen = await books.get(book_id, HOT)
        else:
            kind, seen = await _change(books, book_id, token, expected)
        version = seen.version
        journal.append(
            Call(
                token=token,
                kind=kind,
                expected=expected,
                called=called,
                returned=time.monotonic_ns(),
                version=version,
                state=seen.state.memo or "",
            )
        )
    return journal


async def _change(
    books: Books, book_id: str, token: str, expected: int | None
) -> tuple[Kind, Versioned[Invoice]]:
    def decide(read: Read) -> list[Change]:
        invoice = read(HOT)
        assert invoice is not None
        return [(HOT, edited(invoice, memo=token))]

    command = Command(aggregate=INVOICE, id=HOT.id, decide=decide, metadata=_BY, expected=expected)
    try:
        return "changed", (await books.execute(book_id, command)).entity
    except StaleRowVersion as stale:
        return "refused", stale.current


async def _main(url: str, book_id: str, first: int, clients: int, calls: int) -> None:
    async with open_pool(url, name="clients") as pool, open_books(pool) as books:
        await books.get(book_id, HOT)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        journals = await asyncio.gather(
            *(use([books], book_id, first + n, calls) for n in range(clients))
        )
    for journal in journals:
        sys.stdout.buffer.write(msgspec.json.Encoder().encode_lines(journal))


if __name__ == "__main__":
    _, _url, _book_id, *_numbers = sys.argv
    asyncio.run(_main(_url, _book_id, *map(int, _numbers)))
