"""What posting does to the invoice, its series, the customer's account and the serial numbers."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.account import ACCOUNT
from domain.aggregate import Fact, Stream, fold
from domain.customer import CUSTOMER
from domain.errors import NotAllowed, NotFound
from domain.facts.account import BalanceChanged
from domain.facts.customer import CustomerCreated
from domain.facts.invoice import InvoiceAddressSet, InvoiceHeaderChanged
from domain.facts.invoice_life import Buyer, InvoicePosted, InvoiceReleased, Seller
from domain.facts.invoice_parts import Address, BaseTotals, Header
from domain.facts.serial import SerialShipped
from domain.facts.series import NumberAssigned
from domain.facts.settings import SeriesRule
from domain.invoice import INVOICE, Invoice
from domain.invoice_totals import amounts, totals
from domain.posting import post
from domain.serial import serial_of
from domain.series import SERIES
from tests.domain.posting_book import TODAY, Book, item, seen

D = Decimal
ANSWER_TO_ALL = st.decimals("0.01", "99999.99", places=2)


def changes(book: Book) -> dict[str, list[Fact]]:
    """What posting appends, by stream."""
    done = post(book.given().read, "inv_1", **book.asked)
    return {stream.name: [*facts] for stream, facts in done}


def posted(book: Book) -> InvoicePosted:
    fact = changes(book)["invoice/inv_1"][0]
    assert isinstance(fact, InvoicePosted)
    return fact


def after(book: Book) -> Invoice:
    facts = [*book.facts(), *changes(book)["invoice/inv_1"]]
    state = fold(INVOICE, facts)
    assert state is not None
    return state


def one_line() -> Book:
    book = Book()
    book.lines = [item("stove", quantity=D(2), unit_price=D("1299.50"))]
    return book


def latest(dated: date, number: int = 41) -> tuple[Stream[Any], list[Fact]]:
    assigned = NumberAssigned(number=number, text="x", document_id="inv_0", dated=dated)
    return SERIES(f"sales-{dated.year}"), [assigned]


# ---------------------------------------------------------------- numbers, dates, amounts


def test_posting_numbers_and_freezes_the_invoice_and_the_customer_owes_it() -> None:
    book = one_line()
    book.others.append(latest(TODAY))
    fact = InvoicePosted(
        number="INV-2026-000042",
        series="sales-2026",
        issue_date=TODAY,
        accounting_date=TODAY,
        due_date=date(2026, 12, 1),
        totals=totals(Invoice(currency="EUR", lines=tuple(book.lines))),
        line_nets=(D("2599.00"),),
        buyer=Buyer(
            customer_id="ACME",
            name="Acme",
            vat_id="DE136695976",
            street="Hauptstr. 2",
            city="Bonn",
            country="DE",
        ),
        seller=Seller(
            name="Ofenhaus GmbH",
            vat_id="DE136695976",
            tax_id="214/5856/0001",
            street="Ofenweg 1",
            postal_code="50667",
            city="Köln",
            country="DE",
        ),
        addresses=(
            Address(
                kind="billTo",
                customer_id="ACME",
                name="Acme",
                line1="Hauptstr. 2",
                city="Bonn",
                country="DE",
                vat_id="DE136695976",
            ),
        ),
    )
    assert fact.totals.gross == D("3092.81")
    owed = BalanceChanged(
        document_type="invoice",
        document_id="inv_1",
        amount=D("3092.81"),
        currency="EUR",
        balance=D("3092.81"),
        dated=TODAY,
    )
    assigned = NumberAssigned(number=42, text="INV-2026-000042", document_id="inv_1", dated=TODAY)
    book.given().when(post, "inv_1", today=TODAY).then(
        (INVOICE("inv_1"), [fact]), (SERIES("sales-2026"), [assigned]), (ACCOUNT("ACME"), [owed])
    )


def test_an_invoice_that_is_posted_is_released_at_once_where_the_book_says_so() -> None:
    book = Book()
    book.settings["auto_release"] = True
    book.asked["today"] = TODAY + timedelta(days=3)
    assert changes(book)["invoice/inv_1"][1:] == [InvoiceReleased(released_on=date(2026, 11, 12))]
    assert after(book).status == "Released"


def test_the_serial_numbers_of_a_posted_invoice_are_sold() -> None:
    shipped = SerialShipped(invoice_id="inv_1", line_id="model")
    assert changes(Book())[serial_of("STOVE", "S-1").name] == [shipped]


def test_the_first_invoice_of_a_year_begins_its_series() -> None:
    book = Book()
    book.others.append(latest(date(2025, 12, 30)))
    assert posted(book).number == "INV-2026-000001"
    book.header.update(issue_date=date(2025, 12, 31), due_date=None)
    assert posted(book).number == "INV-2025-000042"


def test_an_invoice_is_numbered_by_its_branch_and_type() -> None:
    book = Book()
    book.settings["series"] = (
        SeriesRule(type="Service", format="{branch}/{year}/{number:03}", branch=None),
    )
    book.header.update(type="Service", branch="Bonn")
    assert (posted(book).number, posted(book).series) == ("Bonn/2026/001", "service-bonn-2026")


def test_an_invoice_without_dates_is_issued_today_and_entered_on_the_same_day() -> None:
    book = Book()
    book.header.update(issue_date=None, due_date=None)
    fact = posted(book)
    assert (fact.issue_date, fact.accounting_date) == (TODAY, TODAY)
    book.header["accounting_date"] = date(2026, 10, 31)
    assert posted(book).accounting_date == date(2026, 10, 31)


@pytest.mark.parametrize(
    ("terms", "of_customer", "of_book", "days"),
    [
        (None, 14, 30, 14),
        (None, 0, 30, 0),
        (None, None, 21, 21),
        ("N60", 14, 30, 60),
        ("unknown", 14, 30, 14),
    ],
)
def test_an_invoice_without_a_due_date_is_due_as_agreed(
    terms: str | None, of_customer: int | None, of_book: int, days: int
) -> None:
    book = Book()
    book.codes["terms", "N60"] = {"amount": D(60)}
    book.header.update(due_date=None, terms=terms)
    book.customer["payment_days"] = of_customer
    book.settings["payment_days"] = of_book
    assert posted(book).due_date == TODAY + timedelta(days=days)


def test_the_last_date_there_is_is_the_latest_due_date() -> None:
    book = Book()
    book.asked["today"] = date.max
    book.header.update(issue_date=date.max, due_date=None)
    assert posted(book).due_date == date.max


def test_the_sums_in_the_books_currency_are_frozen_with_the_rate_and_its_day() -> None:
    book = one_line()
    book.header.update(currency="USD", exchange_rate=D("0.5"))
    base = BaseTotals(
        currency="EUR",
        rate=D("0.5"),
        rate_date=TODAY,
        net=D("1299.50"),
        tax=D("246.91"),
        gross=D("1546.41"),
    )
    assert posted(book).totals.base == base
    book.header["exchange_date"] = date(2026, 11, 6)
    assert posted(book).totals.base == msgspec.structs.replace(base, rate_date=date(2026, 11, 6))


# ---------------------------------------------------------------- parties


def test_the_address_on_the_document_goes_before_that_of_the_customer() -> None:
    book = Book()
    said = Address(kind="billTo", name="Acme, Accounts", line1="Postfach 1", country="AT")
    book.invoice_later.append(InvoiceAddressSet(address=said))
    book.header["sold_to_id"] = "SHOP"
    book.others.append((CUSTOMER("SHOP"), [CustomerCreated(name="Acme Shop", city="Kiel")]))
    fact = posted(book)
    assert fact.buyer == Buyer(
        customer_id="ACME",
        name="Acme, Accounts",
        vat_id="DE136695976",
        street="Postfach 1",
        country="AT",
    )
    assert fact.addresses == (
        said,
        Address(kind="soldTo", customer_id="SHOP", name="Acme Shop", city="Kiel"),
    )


# ---------------------------------------------------------------- status


def test_what_does_not_exist_cannot_be_posted() -> None:
    refusal = Book().given().when(post, "inv_9", today=TODAY).refuses(NotFound)
    assert (refusal.kind, refusal.id) == ("invoice", "inv_9")


def test_an_invoice_is_posted_once() -> None:
    book = Book()
    book.invoice_later.append(posted(book))
    refusal = book.given().when(post, "inv_1", today=TODAY).refuses(NotAllowed, match="is Posted")
    assert "void" in refusal.actions
    assert [(it.code, it.pointer) for it in seen(book).violations] == [("P01", "/status")]
    assert seen(book).totals == after_posted(book).posted_totals


def after_posted(book: Book) -> Invoice:
    state = fold(INVOICE, book.facts())
    assert state is not None
    return state


def test_an_estimate_is_not_posted() -> None:
    book = one_line()
    book.header["type"] = "Estimate"
    refusal = book.given().when(post, "inv_1", today=TODAY).refuses(NotAllowed)
    assert refusal.code == "estimate"
    assert [it.code for it in seen(book).violations] == ["P01"]


# ---------------------------------------------------------------- properties


@for_all(
    st.lists(st.tuples(ANSWER_TO_ALL, st.integers(1, 9)), min_size=1, max_size=5),
    st.sampled_from(["EUR", "USD", "JPY", "KWD"]),
    st.booleans(),
)
def test_what_posting_freezes_is_what_the_draft_showed_and_stays_so(
    bought: list[tuple[Decimal, int]],
    currency: str,
    included: bool,  # noqa: FBT001 - drawn
) -> None:
    book = Book()
    book.header.update(currency=currency, price_includes_tax=included)
    if currency != "EUR":
        book.header["exchange_rate"] = D("0.9")
    book.lines = [
        item(f"lin_{index}", unit_price=price, quantity=D(quantity))
        for index, (price, quantity) in enumerate(bought)
    ]
    assert post(book.given().read, "inv_1", today=TODAY) == post(
        book.given().read, "inv_1", today=TODAY
    )
    draft = book.given().read(INVOICE("inv_1"))
    assert draft is not None
    shown = amounts(draft, "EUR")
    state = after(book)
    assert state.status == "Posted"
    assert (state.posted_totals, state.posted_nets) == (shown.totals, shown.nets)
    assert seen(book).totals == shown.totals
    other = InvoiceHeaderChanged(to=Header(currency="CHF"), fields=("currency",))
    changed = fold(INVOICE, [other], state)
    assert changed is not None
    assert totals(changed) == shown.totals
