"""What an import does not take, and what it says about it."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from daybook.sales.entry import Terms
from daybook.sales.importing import invoice_id
from domain.customer import CUSTOMER
from domain.errors import NotFound
from domain.invoice import INVOICE
from store.books import Book, Books
from tests.acceptance.sales import Row, imported, row

pytestmark = pytest.mark.usefixtures("seller")


@pytest.mark.parametrize(
    ("rows", "code", "part"),
    [
        ([row("9", customer="")], "P04", "CustomerID is empty"),
        ([row("C9", quantity="-6", customer="")], "P04", "CustomerID is empty"),
        ([row("C9", quantity="-6", description="?")], "P21", "Line 3: Say what was sold"),
        ([row("C9", quantity="-6", day="2011-03-01")], "P08", "31 days ahead"),
        ([row("c9", quantity="6")], "P51", "not below zero"),
        ([row("9"), row("9", description="?")], "P21", "Line 4: Say what was sold"),
        ([row("9", description="", price="")], "P21", "(1 more reason.)"),
        ([row("9", description="", price="-1", quantity="0")], "P21", "(2 more reasons.)"),
        ([row("9", customer="", description="?")], "P04", "(1 more reason.)"),
        ([row("9", quantity="many")], "bad-row", "Line 3: Quantity 'many'"),
        ([row("9"), row("9", customer="1")], "mixed-customers", "'1' and '17850'"),
        ([row("9", day="2011-02-30")], "bad-row", "InvoiceDate '2011-02-30'"),
        ([row("9", day="2011-03-01")], "P08", "31 days ahead"),
        ([row("")], "bad-row", "names no invoice"),
        ([row("9")] * 1001, "lines-limit", "at most 1000 lines"),
    ],
)
async def test_a_rejected_invoice_has_one_reason_and_leaves_nothing(
    books: Books, book: Book, rows: Sequence[Row], code: str, part: str
) -> None:
    good = row("1", customer="1", day="2010-11-01")
    summary = await imported(books, book, [good, *rows])

    (rejection,) = summary.rejections
    assert (rejection.number, rejection.code) == (rows[0][0], code)
    assert part in rejection.reason
    assert "\n" not in rejection.reason
    assert (summary.posted, summary.customers) == (1, 1)
    with pytest.raises(NotFound):
        await books.get(book.book_id, INVOICE(invoice_id(book.book_id, rows[0][0])))
    with pytest.raises(NotFound):
        await books.get(book.book_id, CUSTOMER("17850"))


async def test_an_invoice_cannot_follow_a_later_one(books: Books, book: Book) -> None:
    await imported(books, book, [row("2", day="2010-12-05")])
    summary = await imported(books, book, [row("1", day="2010-12-01")])
    assert [rejection.code for rejection in summary.rejections] == ["P12"]


async def test_invoices_without_a_customer_can_be_billed_to_one(books: Books, book: Book) -> None:
    terms = Terms(currency="EUR", tax_rate=Decimal(19), default_customer="CASH")
    summary = await imported(books, book, [row("1", customer=""), row("2")], terms)

    assert (summary.posted, summary.customers, list(summary.sums)) == (2, 2, ["EUR"])
    entity = await books.get(book.book_id, INVOICE(invoice_id(book.book_id, "1")))
    assert entity.state.customer_id == "CASH"


async def test_a_customer_that_is_known_is_left_as_it_is(books: Books, book: Book) -> None:
    await imported(books, book, [row("1", country="EIRE")])
    summary = await imported(books, book, [row("2", country="France")])

    assert (summary.posted, summary.customers) == (1, 0)
    customer = await books.get(book.book_id, CUSTOMER("17850"))
    assert (customer.state.country, customer.version) == ("IE", 1)
