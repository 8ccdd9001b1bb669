"""Both doors lead to the same facts: REST and XAPI, at once and one by one."""

from typing import Any

import httpx
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.xapi.line_rows import InvoicePackageComponent, InvoiceWarrantyDetail
from api.xapi.objects import BY_KIND
from api.xapi.rows import Row, keys_of
from domain.invoice import INVOICE
from store.books import Book, Books
from store.public import public_fact
from tests.api.xapi.calls import BY_TABLE, added, draft

KINDS = {
    "item": ("items", "InvoiceItem", "itemCode", "qty", "sellingPrice"),
    "labor": ("labor", "InvoiceLabor", "laborRateCode", "hours", "sellingPrice"),
    "misc": ("misc", "InvoiceMisc", "miscCode", "qty", "amount"),
    "model": ("models", "InvoiceModel", "modelCode", "qtyOrdered", "sellingPrice"),
    "warranty": ("warranties", "InvoiceWarranty", "extWarrantyCode", "qty", "price"),
}
"""For each kind of line over REST: table and keys on the XAPI."""

HEADERS = {
    "customerId": "billToCode",
    "currency": "currency",
    "issueDate": "invoiceDate",
    "dueDate": "dueDate",
    "poNumber": "poNumber",
    "reference": "reference",
    "memo": "memo",
}

_amounts = st.integers(0, 10**9).map(lambda it: f"{it // 100}.{it % 100:02d}")

LINES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(sorted(KINDS)),
        "quantity": _amounts,
        "unitPrice": _amounts,
        "taxRate": st.sampled_from(["0", "7", "19"]),
    },
    optional={"code": st.sampled_from(["A", "B"]), "description": st.sampled_from(["Stove", ""])},
)

INVOICES = st.fixed_dictionaries(
    {"lines": st.lists(LINES, max_size=4)},
    optional={
        "customerId": st.sampled_from(["ACME", "12"]),
        "currency": st.sampled_from(["EUR", "JPY"]),
        "issueDate": st.dates().map(str),
        "dueDate": st.dates().map(str),
        "poNumber": st.just("4711"),
        "reference": st.just("Order 7"),
        "memo": st.just("Ring twice.\nThen wait."),
    },
)


def on_xapi(line: dict[str, Any]) -> dict[str, Any]:
    """The row that says what the line over REST says."""
    _, _, code, quantity, price = KINDS[line["kind"]]
    names = {"code": code, "quantity": quantity, "unitPrice": price, "taxRate": "ratePct"}
    row = {names.get(name, name): value for name, value in line.items() if name != "kind"}
    return row if line["kind"] != "warranty" else _with_description(row)


def _with_description(row: dict[str, Any]) -> dict[str, Any]:
    return {"extWarrantyDesc" if it == "description" else it: row[it] for it in row}


def header_on_xapi(invoice: dict[str, Any]) -> dict[str, Any]:
    return {HEADERS[name]: value for name, value in invoice.items() if name != "lines"}


def body_on_xapi(invoice: dict[str, Any]) -> dict[str, Any]:
    tables: dict[str, list[dict[str, Any]]] = {}
    for number, line in enumerate(invoice["lines"], 1):
        rows = tables.setdefault(KINDS[line["kind"]][0], [])
        rows.append({**on_xapi(line), "lineNo": number})
    return {**header_on_xapi(invoice), **tables}


async def told(books: Books, book: Book, invoice_id: str) -> list[tuple[str, Any]]:
    """The facts of an invoice, with ids replaced by the order in which they came."""
    events = await books.history(book.book_id, INVOICE(invoice_id))
    known: dict[str, str] = {}

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: named(it) for name, it in value.items()}
        if isinstance(value, list):
            return [named(it) for it in value]
        if isinstance(value, str) and value[:4] in {"lin_", "inv_", "ser_", "not_", "tab_", "tov_"}:
            return known.setdefault(value, f"{value[:4]}{len(known)}")
        return value

    return [
        (it.topic, named(msgspec.json.decode(msgspec.json.encode(public_fact(it.fact)))))
        for it in events
    ]


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(invoice=INVOICES)
async def test_the_same_invoice_makes_the_same_facts(
    client: httpx.AsyncClient, books: Books, book: Book, invoice: dict[str, Any]
) -> None:
    over_rest = (await client.post("/api/invoices", json=invoice)).json()["id"]
    at_once = await draft(client, **body_on_xapi(invoice))
    one_by_one = await draft(client, **header_on_xapi(invoice))
    for line in invoice["lines"]:
        await added(client, KINDS[line["kind"]][1], invoiceId=one_by_one, **on_xapi(line))

    facts = await told(books, book, over_rest)

    assert [topic for topic, _ in facts] == [
        "invoice.drafted",
        *["invoice.line_added"] * len(invoice["lines"]),
    ]
    assert await told(books, book, at_once) == facts
    assert await told(books, book, one_by_one) == facts


CHILDREN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("models", "InvoiceModel", {"modelCode": "M", "sellingPrice": "9", "tax1Included": True}),
    ("items", "InvoiceItem", {"itemCode": "P", "forModelLineId": "1", "coreCharge": "2"}),
    ("packages", "InvoicePackage", {"amount": "9", "components": [{"lineId": "2"}]}),
    ("misc", "InvoiceMisc", {"amount": "-3", "appliesTo": "1", "reasonCode": "95"}),
    ("warranties", "InvoiceWarranty", {"details": [{"modelLineId": "1"}], "termMonths": 24}),
    ("labor", "InvoiceLabor", {"start": "2026-11-02T08:00:00Z", "rate": "80"}),
    ("comments", "InvoiceComment", {"commentDesc": "Thanks", "afterLineId": "1"}),
    ("addresses", "InvoiceAddress", {"kind": "shipTo", "country": "DE"}),
    ("notes", "InvoiceNote", {"text": "Ring twice.", "mentions": ["Ann"]}),
    ("table1", "InvoiceTable1", {"code": "FAIR", "amount": "5"}),
    ("table2", "InvoiceTable2", {"code": "RADIO"}),
    ("taxes", "InvoiceTax", {"ratePct": "19", "amount": "1", "reason": "Agreed"}),
)


async def test_one_transaction_and_many_make_the_same_invoice(
    client: httpx.AsyncClient, books: Books, book: Book
) -> None:
    at_once = await draft(client, poNumber="1", **{key: [row] for key, _, row in CHILDREN})
    one_by_one = await draft(client, poNumber="1")
    for _, table, row in CHILDREN:
        await added(client, table, invoiceId=one_by_one, **row)

    facts = await told(books, book, at_once)

    assert len(facts) == 1 + len(CHILDREN)
    assert await told(books, book, one_by_one) == facts


# ---------------------------------------------------------------- every table, over REST too

HEADER = {
    "isEstimate": False,
    "invTypeCode": "Service",
    "billToCode": "ACME",
    "soldToCode": "ADA",
    "branchCode": "NORTH",
    "department": "SHOP",
    "paymentTypeCode": "AR",
    "currency": "EUR",
    "exchangeRate": "1",
    "invoiceDate": "2026-11-02",
    "jobStatusCode": "OPEN",
    "salesperson1": "ANN",
    "salesperson1CommissionPct": "2.5",
    "contractRef": "C-1",
    "documentDiscountPct": "3",
    "documentChargeAmount": "4.00",
    "tags": ["stove"],
    "tax1Code": "STD",
}


def over_rest(row: type[Row], sent: dict[str, Any]) -> dict[str, Any]:
    """What the body of a row is called over REST."""
    names = {key: name for name, key in keys_of(row).items()}
    return {names[key]: value for key, value in sent.items()}


def rest_body() -> dict[str, Any]:
    body: dict[str, Any] = over_rest(BY_TABLE["Invoice"].row, HEADER)
    del body["isEstimate"], body["tax1Code"]
    body["taxCodes"] = ["STD"]
    for key, table, sent in CHILDREN:
        row = over_rest(BY_TABLE[table].row, sent)
        if table in KIND_OF:
            lines = body.setdefault("lines", [])
            lines.append({**_line(row), "kind": KIND_OF[table], "ref": str(len(lines) + 1)})
        elif key.startswith("table"):
            body.setdefault("tables", []).append({**row, "table": int(key[-1])})
        elif key == "taxes":
            body["taxOverrides"] = [{**row, "category": "S"}]
        else:
            body[key] = [row]
    body["lines"][0]["serials"] = [{"serialNumber": "S-1"}]
    return body


KIND_OF = {table: kind for kind, table in BY_KIND.items()}


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """Where REST has another form: parts of lines, a credit's sign, and what is usual."""
    line = {name: it for name, it in row.items() if name != "tax1Included"}
    for name, of in (("components", InvoicePackageComponent), ("covers", InvoiceWarrantyDetail)):
        if name in line:
            line[name] = [over_rest(of, it) for it in line[name]]
    if line.get("unitPrice", "").startswith("-"):
        line |= {"unitPrice": line["unitPrice"][1:], "quantity": "-1"}
    return {"quantity": "1", **line} if "afterLineId" not in line else line


async def test_every_table_makes_the_same_facts_as_rest(
    client: httpx.AsyncClient, books: Books, book: Book
) -> None:
    await client.post("/api/tax-codes", json={"id": "STD", "category": "S", "rate": "19"})
    sold = {"id": "P", "description": "Pipe", "unitPrice": "20", "cost": "11"}
    await client.post("/api/products", json=sold)
    children = {key: [row] for key, _, row in CHILDREN}
    children["models"] = [{"modelCode": "M", "sellingPrice": "9"}]

    rest = await client.post("/api/invoices", json=rest_body())
    assert rest.status_code == 201, rest.text
    first = await told(books, book, rest.json()["id"])
    await client.delete(f"/api/invoices/{rest.json()['id']}", headers={"If-Match": "*"})
    at_once = await draft(client, **HEADER, **children, serials=[{"serialNumber": "S-1"}])

    assert await told(books, book, at_once) == first
    assert "invoice.serial_reserved" in [topic for topic, _ in first]
    items = [it["line"] for topic, it in first if topic == "invoice.line_added"]
    assert items[1]["description"] == "Pipe"
    assert items[1]["taxes"][0]["code"] == "STD"
