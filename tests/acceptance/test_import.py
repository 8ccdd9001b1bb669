"""What a bookkeeper does with the export of a shop: import it, go on, import it again."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest

from daybook.sales.entry import Terms
from daybook.sales.importing import invoice_id
from domain.aggregate import Change, Read
from domain.customer import CUSTOMER
from domain.facts.invoice import InvoiceDrafted
from domain.facts.lines import ItemLine, Tax
from domain.invoice import INVOICE, draft
from store.books import Book, Books, create_book, open_books
from store.command import Command
from store.database import Pool
from store.recorded import Metadata
from tests.acceptance.sales import Row, imported, posted, row
from tests.books import set_seller

pytestmark = pytest.mark.usefixtures("seller")

CENT = Decimal("0.01")


async def test_a_file_becomes_customers_and_posted_invoices(
    pool: Pool, books: Books, book: Book
) -> None:
    summary = await imported(
        books,
        book,
        [
            row("536370", customer="12583", country="France", day="2010-12-02", quantity="24"),
            row("536365"),
            row("536370", customer="12583", country="France", day="2010-12-02", price="0"),
            row("536365", quantity="-2", price="0.65", item="D", description="Discount"),
        ],
    )

    assert (summary.invoices, summary.posted, summary.posted_lines) == (2, 2, 4)
    assert (summary.already, summary.rejections, summary.customers) == (0, [], 2)
    first = await books.get(book.book_id, INVOICE(invoice_id(book.book_id, "536365")))
    invoice = first.state
    assert (invoice.status, invoice.number, invoice.reference) == (
        "Posted",
        "INV-2010-000001",
        "536365",
    )
    assert (invoice.issue_date, invoice.currency) == (date(2010, 12, 1), "GBP")
    assert invoice.buyer is not None
    assert (invoice.buyer.customer_id, invoice.buyer.name) == ("17850", "Customer 17850")
    assert [line.code for line in invoice.lines] == ["85123A", "D"]
    totals = (await posted(pool, book))["536365"]["totals"]
    # 6 * 2.55 - 2 * 0.65 = 14.00, and 17.5 % of it is 2.45
    assert (totals["net"], totals["tax"], totals["gross"]) == ("14.00", "2.45", "16.45")
    assert (await books.get(book.book_id, CUSTOMER("12583"))).state.country == "FR"


async def test_numbers_follow_the_dates_whatever_the_order_of_the_file(
    pool: Pool, books: Books, book: Book
) -> None:
    days = [date(2010, 11, 1) + timedelta(days=n % 60) for n in range(120)]
    Random(1).shuffle(days)  # noqa: S311 - an order, no secret
    summary = await imported(books, book, [row(f"n{n}", day=str(d)) for n, d in enumerate(days)])

    assert summary.posted == 120
    postings = list((await posted(pool, book)).values())
    dates = [posting["issue_date"] for posting in postings]
    assert dates == sorted(dates)
    numbers = [posting["number"] for posting in postings if posting["series"] == "sales-2010"]
    assert numbers == [f"INV-2010-{n:06d}" for n in range(1, len(numbers) + 1)]


async def test_importing_a_file_again_imports_nothing(pool: Pool, books: Books, book: Book) -> None:
    rows = [row("1"), row("2"), row("3", customer="")]
    first = await imported(books, book, rows)
    head = await books.head(book.book_id)
    async with open_books(pool) as others:  # as a later run of the program
        again = await imported(others, book, rows)

    assert (first.posted, first.already, len(first.rejections)) == (2, 0, 1)
    assert (again.posted, again.already, len(again.rejections)) == (0, 2, 1)
    assert (again.customers, again.sums) == (0, {})
    assert await books.head(book.book_id) == head


async def test_the_same_number_in_another_book_is_another_invoice(
    pool: Pool, books: Books, book: Book
) -> None:
    other = await create_book(pool, name="Other", mode="sandbox")
    await set_seller(books, other.book_id)
    await imported(books, book, [row("1")])
    assert (await imported(books, other, [row("1")])).posted == 1


async def test_an_interrupted_import_goes_on_where_it_stopped(
    pool: Pool, books: Books, book: Book
) -> None:
    rows = [row(f"n{n}", day=str(date(2010, 12, 1) + timedelta(days=n // 100))) for n in range(900)]

    class PowerCut(Exception):
        pass

    def pull_the_plug(settled: int, _of: int) -> None:
        if settled == 300:
            raise PowerCut

    with pytest.raises(PowerCut):
        await imported(books, book, rows, report=pull_the_plug)
    await books.drain()
    before = len(await posted(pool, book))
    assert 300 <= before < 900
    async with open_books(pool) as others:
        again = await imported(others, book, rows)

    assert (again.posted, again.already) == (900 - before, before)
    postings = await posted(pool, book)
    assert len(postings) == 900
    numbers = [posting["number"] for posting in postings.values()]
    assert numbers == [f"INV-2010-{n:06d}" for n in range(1, 901)]


async def test_two_imports_of_one_file_at_once_post_each_invoice_once(
    pool: Pool, books: Books, book: Book
) -> None:
    rows = [row(f"n{n}", day=str(date(2010, 12, 1) + timedelta(days=n // 30))) for n in range(300)]
    async with open_books(pool) as others:
        one, two = await asyncio.gather(imported(books, book, rows), imported(others, book, rows))

    assert one.posted + two.posted == 300
    assert one.already + two.already == 300
    assert len(await posted(pool, book)) == 300


async def test_a_draft_that_an_earlier_import_left_is_posted_as_it_stands(
    books: Books, book: Book
) -> None:
    await imported(books, book, [row("0")])  # brings the customer
    id_ = invoice_id(book.book_id, "1")
    header = InvoiceDrafted(customer_id="17850", currency="GBP", reference="1")
    line = ItemLine(
        id="lin_1",
        description="WHITE LANTERN",
        quantity=Decimal(1),
        unit_price=Decimal(2),
        taxes=(Tax(rate=Decimal(0), category="Z"),),
    )

    def decide(_read: Read) -> list[Change]:
        return [(INVOICE(id_), draft(header, (line,)))]

    by = Metadata(actor="test")
    await books.execute(
        book.book_id, Command(aggregate=INVOICE, id=id_, decide=decide, metadata=by)
    )
    summary = await imported(books, book, [row("1", quantity="100")])

    assert (summary.posted, summary.already) == (1, 0)
    assert summary.sums["GBP"] == (Decimal("2.00"), Decimal("2.00"))


# ---------------------------------------------------------------- an independent computation


def made_up(seed: int) -> list[Row]:
    """A dirty file of some hundred rows."""
    random = Random(seed)  # noqa: S311 - test data
    rows = []
    for n in range(120):
        cancelled = random.random() < 0.1
        number = f"{'C' if cancelled else ''}{536000 + n}"
        day = str(date(2010, 11, 15) + timedelta(days=random.randint(0, 40)))
        customer = random.choice(["", *(str(12000 + k) for k in range(15))])
        for _ in range(random.randint(1, 8)):
            amount = random.randint(1, 400)
            returned = cancelled or random.random() < 0.1
            rows.append(
                row(
                    number,
                    quantity=str(-amount if returned else amount),
                    price=str(Decimal(random.randint(0, 99_999)) / random.choice((100, 1000))),
                    description=random.choice(["?", *(["SET OF 3 CANDLES"] * 60)]),
                    day=day,
                    customer=customer,
                )
            )
    random.shuffle(rows)
    return rows


def computed(rows: Sequence[Row], rate: Decimal) -> dict[str, tuple[Decimal, Decimal]]:
    """Net and gross of what can be booked, with nothing of the program but the rules.

    What is below zero becomes a credit note.
    """
    invoices: dict[str, list[Row]] = {}
    for cells in rows:
        invoices.setdefault(cells[0], []).append(cells)
    sums = {}
    for number, lines in invoices.items():
        nets = [
            (Decimal(cells[3]) * Decimal(cells[5])).quantize(CENT, ROUND_HALF_UP) for cells in lines
        ]
        net = sum(nets, Decimal(0))
        gross = net + (net * rate / 100).quantize(CENT, ROUND_HALF_UP)
        described = all(cells[2] != "?" for cells in lines)
        if lines[0][6] and described and (number[0] != "C" or net < 0):
            sums[number] = (net, gross)
    return sums


def sums_of(documents: Mapping[str, tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal]:
    nets, grosses = zip(*documents.values(), strict=True)
    return sum(nets, Decimal(0)), sum(grosses, Decimal(0))


async def booked(pool: Pool, book: Book, kind: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Net and gross of every posted document of a kind, by the number in the file."""
    totals = {number: it["totals"] for number, it in (await posted(pool, book, kind)).items()}
    return {number: (Decimal(it["net"]), Decimal(it["gross"])) for number, it in totals.items()}


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_posted_is_what_the_rules_say_to_the_cent(
    pool: Pool, books: Books, book: Book, seed: int
) -> None:
    rows = made_up(seed)
    rate = Decimal(("17.5", "19", "7.25", "0")[seed])
    expected = computed(rows, rate)
    terms = Terms(currency="GBP", tax_rate=rate)
    rehearsed = await imported(books, book, rows, terms, dry_run=True)
    assert await books.head(book.book_id) == 1
    summary = await imported(books, book, rows, terms)

    invoices = {number: sums for number, sums in expected.items() if sums[0] >= 0}
    credits_ = {number: (-net, -gross) for number, (net, gross) in expected.items() if net < 0}
    assert await booked(pool, book, "invoice") == invoices
    assert await booked(pool, book, "credit_note") == credits_
    assert summary.sums["GBP"] == sums_of(invoices)
    assert summary.credits["GBP"] == sums_of(credits_)
    assert (summary.posted, summary.credited) == (len(invoices), len(credits_))
    numbers = {cells[0] for cells in rows}
    assert sorted(rejection.number for rejection in summary.rejections) == sorted(
        numbers - expected.keys()
    )
    assert summary.posted_lines == sum(cells[0] in invoices for cells in rows)
    summary.seconds = rehearsed.seconds
    assert rehearsed == summary
