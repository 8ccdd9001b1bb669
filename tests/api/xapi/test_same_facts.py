"""Both doors lead to the same facts: REST and XAPI, at once and one by one."""

from typing import Any

import httpx
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.invoice import INVOICE, Invoice
from store.books import Book, Books
from store.public import public_fact
from tests.api.xapi.calls import added, draft

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
        if isinstance(value, str) and value[:4] in {"lin_", "inv_"}:
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

    first, second = [await _plain(books, book, it) for it in (at_once, one_by_one)]

    assert first == second
    topics = [[it for it, _ in await told(books, book, id_)] for id_ in (at_once, one_by_one)]
    assert topics[0] == topics[1]


async def _plain(books: Books, book: Book, invoice_id: str) -> Any:
    """The invoice with ids replaced by the order in which they stand in it."""
    invoice: Invoice = (await books.get(book.book_id, INVOICE(invoice_id))).state
    text = msgspec.json.encode(invoice).decode()
    ids = [it.id for it in (*invoice.lines, *invoice.notes, *invoice.tables, *invoice.overrides)]
    for number, id_ in enumerate(ids):
        text = text.replace(id_, f"<{number}>")
    return msgspec.json.decode(text)
