"""Reports over HTTP: JSON and CSV, pages, both times, and what is refused."""

import csv
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from domain.aggregate import Change, Read
from domain.facts.invoice import InvoiceDrafted
from domain.facts.lines import ItemLine, Tax
from domain.invoice import INVOICE, Invoice, draft
from domain.posting import post
from store.books import Book, Books
from store.command import Command
from store.database import Pool
from store.ids import new_id
from store.keys import create_key
from store.recorded import Metadata

pytestmark = pytest.mark.usefixtures("seller")

LINE = ItemLine(
    id="lin_1",
    code="STOVE",
    description="Stove",
    quantity=Decimal(2),
    unit_price=Decimal(100),
    taxes=(Tax(rate=Decimal(19)),),
)

Sell = Callable[[str], Awaitable[tuple[str, Invoice]]]


@pytest.fixture
def sell(books: Books, book: Book) -> Sell:
    """Posts an invoice of 238.00 over two stoves for a customer; gives its id and state."""

    async def sell(customer_id: str) -> tuple[str, Invoice]:
        id_ = new_id("inv")
        header = InvoiceDrafted(customer_id=customer_id, currency="EUR")
        drafted: Sequence[Change] = [(INVOICE(id_), draft(header, [LINE]))]

        async def execute(decide: Callable[[Read], Sequence[Change]]) -> None:
            by = Metadata(actor="key_seller")
            command = Command(aggregate=INVOICE, id=id_, decide=decide, metadata=by)
            await books.execute(book.book_id, command)

        await execute(lambda _: drafted)
        await execute(lambda read: post(read, id_, today=datetime.now(UTC).date()))
        return id_, (await books.get(book.book_id, INVOICE(id_))).state

    return sell


async def customer(client: httpx.AsyncClient, id_: str, **more: Any) -> None:
    body = {"id": id_, "name": f"Customer {id_}", "country": "DE", **more}
    assert (await client.post("/api/customers", json=body)).status_code == 201


async def report(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    names = {"from_": "from"}
    asked = {names.get(name, name): value for name, value in query.items()}
    answer = await client.get(f"/api/reports/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def table(answer: httpx.Response) -> list[Mapping[str, str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return [*csv.DictReader(io.StringIO(answer.text))]


async def test_ageing_and_balances_tell_what_is_open_by_customer(
    client: httpx.AsyncClient, sell: Sell
) -> None:
    for id_ in ("A", "B"):
        await customer(client, id_)
    await sell("A")
    _, invoice = await sell("B")
    assert invoice.due_date is not None

    later = (invoice.due_date + timedelta(days=31)).isoformat()
    ageing = await report(client, "ageing", asOf=later)
    balances = await report(client, "balances", customerId="A")

    assert [(it["customerId"], it["days31To60"], it["balance"]) for it in ageing["items"]] == [
        ("A", "238.00", "238.00"),
        ("B", "238.00", "238.00"),
    ]
    assert ageing["totals"][0]["days31To60"] == "476.00"
    assert ageing["date"] == later
    (balance,) = balances["items"]
    assert balance == {
        "customerId": "A",
        "customerName": "Customer A",
        "currency": "EUR",
        "receivable": "238.00",
        "overdue": "0.00",
        "credit": "0.00",
        "balance": "238.00",
    }


async def test_a_report_can_be_asked_as_it_was_known(client: httpx.AsyncClient, sell: Sell) -> None:
    await customer(client, "A")
    await sell("A")
    before = await report(client, "balances")
    await sell("A")

    now = await report(client, "balances")
    then = await report(client, "balances", knownAt=before["asOf"])
    (last,) = (await report(client, "audit-trail", **{"position.eq": before["asOf"]}))["items"]
    instant = last["recordedAt"]
    at_instant = await report(client, "balances", knownAt=instant)

    assert now["items"][0]["balance"] == "476.00"
    assert then == before
    assert at_instant == before
    assert now["asOf"] > before["asOf"]


async def test_pages_lead_through_a_report_and_the_file_has_all_of_it(
    client: httpx.AsyncClient, sell: Sell
) -> None:
    for id_ in ("A", "B", "C"):
        await customer(client, id_)
        await sell(id_)

    first = await client.get("/api/reports/ageing?limit=2")
    rest = await client.get(first.headers["link"].partition(">")[0].removeprefix("<"))
    file = table(await client.get("/api/reports/ageing?limit=1&format=csv"))

    assert [it["customerId"] for it in first.json()["items"]] == ["A", "B"]
    assert [it["customerId"] for it in rest.json()["items"]] == ["C"]
    assert rest.json()["nextCursor"] is None
    assert rest.json()["totals"] == first.json()["totals"]
    assert [it["customerId"] for it in file] == ["A", "B", "C"]


async def test_a_statement_leads_from_opening_to_closing(
    client: httpx.AsyncClient, sell: Sell
) -> None:
    await customer(client, "A")
    invoices = [await sell("A") for _ in range(3)]

    whole = await report(client, "statements/A")
    page = await report(client, "statements/A", limit=2)
    rest = await report(client, "statements/A", limit=2, cursor=page["nextCursor"])
    earlier = await report(client, "statements/A", from_="2020-01-01", to="2020-12-31")
    file = table(await client.get("/api/reports/statements/A", headers={"Accept": "text/csv"}))

    assert whole["totals"] == [
        {
            "currency": "EUR",
            "opening": "0.00",
            "debits": "714.00",
            "credits": "0.00",
            "closing": "714.00",
        }
    ]
    assert [it["balance"] for it in whole["items"]] == ["238.00", "476.00", "714.00"]
    assert [it["number"] for it in whole["items"]] == [it.number for _, it in invoices]
    assert page["items"] + rest["items"] == whole["items"]
    assert earlier["items"] == []
    assert [it["balance"] for it in file] == ["238.00", "476.00", "714.00"]
    assert (await client.get("/api/reports/statements/nobody")).status_code == 404


async def test_taxes_and_sales_are_summed_up(client: httpx.AsyncClient, sell: Sell) -> None:
    await customer(client, "A")
    await sell("A")
    await sell("A")

    (tax,) = (await report(client, "tax"))["items"]
    by = {it: (await report(client, "sales", by=it)) for it in ("month", "customer", "product")}

    assert (tax["category"], tax["rate"], tax["base"], tax["tax"]) == ("S", "19", "400.00", "76.00")
    assert [it["items"][0]["net"] for it in by.values()] == ["400.00"] * 3
    product = by["product"]["items"][0]
    assert (product["kind"], product["product"], product["quantity"]) == ("item", "STOVE", "4")
    assert by["customer"]["items"][0]["customerName"] == "Customer A"
    assert by["month"]["nextOffset"] is None
    assert table(await client.get("/api/reports/tax?format=csv"))[0]["tax"] == "76.00"
    assert table(await client.get("/api/reports/sales?format=csv"))[0]["net"] == "400.00"


async def test_the_audit_trail_tells_who_did_what_in_words(
    client: httpx.AsyncClient, sell: Sell
) -> None:
    await customer(client, "A")
    id_, invoice = await sell("A")
    trail = await report(client, "audit-trail", **{"entityId.eq": id_})
    kinds = await report(
        client, "audit-trail", **{"type.startswith": "customer.", "sort": "position"}
    )
    latest = trail["items"][0]

    assert latest["type"] == "invoice.posted"
    assert latest["what"].startswith(f"Posted the invoice as {invoice.number} over 238.00, ")
    assert latest["actor"] == "key_seller"
    assert [it["what"] for it in trail["items"]][-2:] == [
        "Added a line of kind item for STOVE.",
        "Opened the draft of an invoice of type Sales.",
    ]
    assert kinds["items"][0]["what"] == "Created the customer."
    until = latest["recordedAt"]
    earlier = (datetime.fromisoformat(until) - timedelta(microseconds=1)).isoformat()
    assert (await report(client, "audit-trail", to=until, limit=1))["items"][0] != {}
    before = await report(client, "audit-trail", to=earlier, **{"entityId.eq": id_})
    after = await report(client, "audit-trail", from_=until, **{"entityId.eq": id_})
    assert [it["type"] for it in before["items"]] == ["invoice.line_added", "invoice.drafted"]
    assert [it["type"] for it in after["items"]] == ["invoice.posted"]
    file = table(await client.get("/api/reports/audit-trail?format=csv&limit=5"))
    assert len(file) == 5


async def test_the_audit_trail_needs_its_scope(
    client: httpx.AsyncClient, pool: Pool, book: Book
) -> None:
    text, _ = await create_key(pool, book.book_id, name="reader", scopes=("read",))
    client.headers["Authorization"] = f"Bearer {text}"

    assert (await client.get("/api/reports/audit-trail")).status_code == 403
    assert (await client.get("/api/reports/ageing")).status_code == 200


async def test_another_book_sees_nothing(
    client: httpx.AsyncClient, sell: Sell, stranger: str
) -> None:
    await customer(client, "A")
    await sell("A")
    client.headers["Authorization"] = stranger

    for path in ("ageing", "balances", "tax", "sales", "audit-trail"):
        assert (await report(client, path))["items"] == [], path
    assert (await client.get("/api/reports/statements/A")).status_code == 404


async def test_reports_show_what_was_just_written(
    client: httpx.AsyncClient, sell: Sell, books: Books, book: Book
) -> None:
    await customer(client, "A")
    for count in range(1, 4):
        await sell("A")
        told = await report(client, "balances")
        assert told["items"][0]["balance"] == f"{238 * count}.00"
        assert told["asOf"] == await books.head(book.book_id)


async def test_the_list_of_customers_tells_what_each_owes(
    client: httpx.AsyncClient, sell: Sell
) -> None:
    for id_ in ("A", "B"):
        await customer(client, id_)
    await sell("A")

    listed = (await client.get("/api/customers?sort=name")).json()["items"]

    assert [it["balances"] for it in listed] == [
        [{"currency": "EUR", "balance": "238.00", "credit": "0.00"}],
        [],
    ]


async def test_lines_of_all_invoices_are_found_by_what_was_sold(
    client: httpx.AsyncClient, sell: Sell
) -> None:
    await customer(client, "A")
    id_, invoice = await sell("A")

    found = (await client.get("/api/invoice-lines?code.eq=STOVE&state.eq=Posted")).json()["items"]

    assert [(it["invoiceId"], it["number"], it["net"]) for it in found] == [
        (id_, invoice.number, "200.00")
    ]
    assert (await client.get("/api/serials?serialNumber.eq=1")).json()["items"] == []
