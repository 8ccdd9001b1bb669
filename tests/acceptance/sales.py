"""Sales files for tests, and what came of them."""

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from daybook.sales.entry import Terms
from daybook.sales.file import COLUMNS, read_sales
from daybook.sales.importing import Summary, import_sales
from store.books import Book, Books
from store.database import Pool

TERMS = Terms(currency="GBP", tax_rate=Decimal("17.5"))
TODAY = date(2011, 1, 1)
Row = tuple[str, ...]


def row(
    number: str,
    *,
    item: str = "85123A",
    description: str = "WHITE LANTERN",
    quantity: str = "6",
    day: str = "2010-12-01",
    price: str = "2.55",
    customer: str = "17850",
    country: str = "United Kingdom",
) -> Row:
    return (number, item, description, quantity, day, price, customer, country)


def as_file(rows: Iterable[Row]) -> bytes:
    lines = [",".join(COLUMNS), *(",".join(cells) for cells in rows)]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


async def imported(
    books: Books, book: Book, rows: Iterable[Row], terms: Terms = TERMS, **options: Any
) -> Summary:
    sales = read_sales(as_file(rows))
    return await import_sales(books, book.book_id, sales.invoices, terms, today=TODAY, **options)


async def posted(pool: Pool, book: Book, kind: str = "invoice") -> dict[str, Any]:
    """The postings of the book in their order, as they are stored, by the number in the file."""
    rows = await pool.fetch(
        "select p.state as posting, d.state as draft from store.events p"
        " join store.events d on d.book_id = p.book_id and d.stream = p.stream"
        " and d.topic = $2 || '.drafted'"
        " where p.book_id = $1 and p.topic = $2 || '.posted' order by p.position",
        book.book_id,
        kind,
    )
    return {json.loads(r["draft"])["reference"]: json.loads(r["posting"]) for r in rows}
