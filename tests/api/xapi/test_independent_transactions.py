"""Independent transactions: one child at a time, each a transaction of its own."""

from typing import Any

import httpx
import pytest

from domain.facts.lines import BilledLine, ModelLine
from domain.invoice import INVOICE, Invoice
from domain.payment import PAYMENT
from store.books import Book, Books
from store.database import Pool
from tests.api.xapi.calls import (
    acme,
    added,
    call,
    draft,
    envelope,
    facts,
    path_of,
    posted,
    rows,
)

pytestmark = pytest.mark.usefixtures("seller")


@pytest.fixture
async def invoice_id(client: httpx.AsyncClient) -> str:
    """A draft of ACME with one model."""
    await acme(client)
    return await draft(
        client,
        billToCode="ACME",
        currency="EUR",
        models=[{"modelCode": "M-1", "sellingPrice": "9"}],
    )


async def now(books: Books, book: Book, invoice_id: str) -> Invoice:
    return (await books.get(book.book_id, INVOICE(invoice_id))).state


async def test_children_get_keys_and_the_invoice_a_row_version_each(
    client: httpx.AsyncClient, invoice_id: str
) -> None:
    first = envelope(await call(client, "InvoiceItem", invoiceId=invoice_id, itemCode="A"), 201)
    second = envelope(await call(client, "InvoiceMisc", invoiceId=invoice_id, miscCode="B"), 201)

    assert [it["table"] for it in first["keys"]] == ["Invoice", "InvoiceItem"]
    assert [rows(it, "Invoice")[0]["rowVersion"] for it in (first, second)] == ["3", "4"]
    (item,), (misc,) = rows(first, "InvoiceItem"), rows(second, "InvoiceMisc")
    assert (item["lineNo"], item["code"], misc["lineNo"], misc["code"]) == ("2", "A", "3", "B")
    assert item["key"] != misc["key"]


async def test_a_line_goes_where_its_number_says(
    client: httpx.AsyncClient, books: Books, book: Book, invoice_id: str
) -> None:
    await added(client, "InvoiceItem", invoiceId=invoice_id, itemCode="LAST")
    first = await added(client, "InvoiceComment", invoiceId=invoice_id, lineNo=1)
    far = await added(client, "InvoiceItem", invoiceId=invoice_id, itemCode="FAR", lineNo=99)

    assert (first["lineNo"], far["lineNo"]) == ("1", "4")
    lines = (await now(books, book, invoice_id)).lines
    assert [it.code for it in lines] == [None, "M-1", "LAST", "FAR"]


async def test_rows_refer_to_lines_by_id_or_by_number(
    client: httpx.AsyncClient, books: Books, book: Book, invoice_id: str
) -> None:
    model = (await now(books, book, invoice_id)).lines[0]

    await added(client, "InvoiceSerial", invoiceId=invoice_id, serialNumber="S-1")
    await added(client, "InvoiceSerial", invoiceId=invoice_id, serialNumber="S-2", modelLineId="1")
    third = await added(
        client, "InvoiceSerial", invoiceId=invoice_id, serialNumber="S-3", modelLineId=model.id
    )
    await added(client, "InvoiceItem", invoiceId=invoice_id, forModelLineId="01")

    after = await now(books, book, invoice_id)
    found = after.lines[0]
    assert isinstance(found, ModelLine)
    assert [it.serial_number for it in found.serials] == ["S-1", "S-2", "S-3"]
    assert (third["serialNumber"], third["modelLineId"]) == ("S-3", model.id)
    assert getattr(after.lines[1], "for_line_id", None) == model.id


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"modelLineId": "9"}, "/modelLineId: There is no line 9"),
        ({"modelLineId": "2"}, "/modelLineId: Only models have serial numbers"),
        ({"serialNumber": "TAKEN"}, "/serialNumber: The serial number is reserved by invoice"),
    ],
)
async def test_a_serial_number_needs_a_model_and_a_free_number(
    client: httpx.AsyncClient, invoice_id: str, body: dict[str, Any], where: str
) -> None:
    taken = {"models": [{"modelCode": "M-1"}], "serials": [{"serialNumber": "TAKEN"}]}
    await draft(client, **taken)
    await added(client, "InvoiceItem", invoiceId=invoice_id)

    answer = await call(
        client, "InvoiceSerial", **{"invoiceId": invoice_id, "serialNumber": "S", **body}
    )

    assert envelope(answer, 422)["exceptionMessage"].startswith(where)


async def test_an_address_replaces_the_one_of_its_kind(
    client: httpx.AsyncClient, books: Books, book: Book, invoice_id: str
) -> None:
    for name in ("Old", "New"):
        row = await added(client, "InvoiceAddress", invoiceId=invoice_id, kind="shipTo", name=name)
        assert row == {"key": "shipTo", "name": name}

    assert [it.name for it in (await now(books, book, invoice_id)).addresses] == ["New"]


async def test_a_row_version_is_kept_to_if_it_is_sent(
    client: httpx.AsyncClient, pool: Pool, invoice_id: str
) -> None:
    before = await facts(pool)
    body = {"invoiceId": invoice_id, "text": "x"}

    stale = await call(client, "InvoiceNote", **body, rowVersion=1)
    header = await client.post(path_of("InvoiceNote"), json=body, headers={"If-Match": '"1"'})
    both = await client.post(
        path_of("InvoiceNote"), json={**body, "rowVersion": 2}, headers={"If-Match": '"1"'}
    )

    assert "is at RowVersion 2" in envelope(stale, 409)["generalMessage"]
    assert envelope(header, 409)
    assert envelope(both, 400)
    assert await facts(pool) == before
    assert envelope(await call(client, "InvoiceNote", **body, rowVersion=2), 201)


async def test_a_repeated_child_is_added_once(
    client: httpx.AsyncClient, pool: Pool, invoice_id: str
) -> None:
    keyed = {"Idempotency-Key": "line-1"}
    body = {"invoiceId": invoice_id, "itemCode": "A", "lineNo": 1}

    first = await client.post(path_of("InvoiceItem"), json=body, headers=keyed)
    await added(client, "InvoiceItem", invoiceId=invoice_id, itemCode="B", lineNo=1)
    events = await facts(pool)
    second = await client.post(path_of("InvoiceItem"), json=body, headers=keyed)

    assert (second.status_code, second.headers["Idempotent-Replayed"]) == (201, "true")
    assert second.json()["keys"] == first.json()["keys"]
    assert await facts(pool) == events


async def test_a_posted_invoice_takes_notes_but_no_lines(client: httpx.AsyncClient) -> None:
    await acme(client)
    invoice_id = await posted(client)

    refused = await call(client, "InvoiceItem", invoiceId=invoice_id, itemCode="A")
    note = await call(client, "InvoiceNote", invoiceId=invoice_id, text="Paid soon?")

    assert "while the invoice is Posted" in envelope(refused, 409)["generalMessage"]
    assert rows(envelope(note, 201), "Invoice")[0]["status"] == "Posted"


# ---------------------------------------------------------------- payments


async def test_a_payment_of_a_draft_is_a_deposit_that_is_applied_later(
    client: httpx.AsyncClient, books: Books, book: Book
) -> None:
    await acme(client)
    item = {"sellingPrice": "100", "description": "Stove", "taxCategory": "S", "ratePct": "19"}
    invoice_id = await draft(client, billToCode="ACME", currency="EUR", items=[item])

    paid = {"invoiceId": invoice_id, "paymentTypeCode": "CASH", "amount": "50"}
    answer = envelope(await call(client, "InvoicePayment", **paid), 201)

    (row,) = rows(answer, "InvoicePayment")
    assert answer["warning"]
    assert f"apply {row['key']} once the invoice is posted" in answer["generalMessage"]
    assert (row["status"], row["unapplied"], row["deposit"]) == ("Recorded", "50.00", "True")
    kept = (await books.get(book.book_id, PAYMENT(row["key"]))).state
    assert (kept.customer_id, kept.currency, kept.reference) == ("ACME", "EUR", invoice_id)
    await client.post(f"/api/invoices/{invoice_id}/post", headers={"If-Match": "*"})
    applied = await client.post(
        f"/api/payments/{row['key']}/apply",
        json={"allocations": [{"invoiceId": invoice_id}]},
        headers={"If-Match": "*"},
    )
    assert applied.status_code == 200, applied.text
    assert (await client.get(f"/api/invoices/{invoice_id}")).json()["balance"] == "69.00"


async def test_a_payment_of_a_posted_invoice_is_applied_at_once(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    await acme(client)
    invoice_id = await posted(client)

    paid = {"invoiceId": invoice_id, "paymentTypeCode": "CARD", "amount": "150"}
    row = await added(client, "InvoicePayment", **paid)
    again = await call(client, "InvoicePayment", **paid)

    assert (row["status"], row["unapplied"], row["deposit"]) == (
        *("PartiallyApplied", "31.00", "False"),
    )
    assert [topic for _, topic in (await facts(pool))[-4:]] == [
        *("payment.recorded", "payment.applied"),
        *("invoice.paid", "customer.balance_changed"),
    ]
    assert envelope(again, 422)


async def test_a_payment_is_known_by_its_external_id(
    client: httpx.AsyncClient, pool: Pool, invoice_id: str
) -> None:
    paid = {"invoiceId": invoice_id, "paymentTypeCode": "CARD", "amount": "5", "externalId": "T1"}
    await added(client, "InvoicePayment", **paid)
    before = await facts(pool)

    answer = await call(client, "InvoicePayment", **paid)

    assert "external id 'T1' already" in envelope(answer, 409)["generalMessage"]
    assert await facts(pool) == before


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"amount": "0"}, "/amount"),
        ({"amount": "1.005"}, "/amount"),
        ({"date": "2999-01-01"}, "/date"),
        ({"currency": "XXQ"}, "/currency"),
        ({"bankFee": "9"}, "/bankFee"),
        ({"reference": "4111 1111 1111 1111"}, "/reference"),
    ],
)
async def test_what_is_wrong_with_a_payment_is_told_at_its_key(
    client: httpx.AsyncClient, invoice_id: str, body: dict[str, Any], where: str
) -> None:
    paid = {"invoiceId": invoice_id, "paymentTypeCode": "card", "amount": "5", **body}

    answer = envelope(await call(client, "InvoicePayment", **paid), 422)

    assert answer["exceptionMessage"].startswith(f"{where}: ")


async def test_a_payment_needs_somebody_who_pays(client: httpx.AsyncClient) -> None:
    invoice_id = await draft(client)

    paid = {"invoiceId": invoice_id, "paymentTypeCode": "CASH", "amount": "5"}
    answer = envelope(await call(client, "InvoicePayment", **paid), 422)

    assert [it.split(":")[0] for it in answer["exceptionMessage"].splitlines()] == [
        *("/billToCode", "/currency"),
    ]


# ---------------------------------------------------------------- master data


async def test_a_known_code_gives_what_was_not_sent(
    client: httpx.AsyncClient, books: Books, book: Book, invoice_id: str
) -> None:
    await client.post("/api/tax-codes", json={"id": "STD", "category": "S", "rate": "19"})
    product = {"description": "Pipe", "unitPrice": "20", "cost": "11", "taxCode": "STD"}
    await client.post("/api/products", json={"id": "PIPE", **product})

    plain = await call(client, "InvoiceItem", invoiceId=invoice_id, itemCode="PIPE")
    own = await call(
        client,
        "InvoiceItem",
        invoiceId=invoice_id,
        itemCode="PIPE",
        sellingPrice="18",
        ratePct="7",
        description="Old pipe",
    )

    assert not envelope(plain, 201)["warning"]
    assert not envelope(own, 201)["warning"]
    first, second = [_said(it) for it in (await now(books, book, invoice_id)).lines[1:]]
    assert first == ("Pipe", "20", "11", ["19"], ["STD"])
    assert second == ("Old pipe", "18", "11", ["7"], [None])


def _said(line: Any) -> tuple[str | None, str, str, list[str], list[str | None]]:
    found: BilledLine = line
    taxes = found.taxes
    return (
        found.description,
        str(found.unit_price),
        str(found.cost),
        [str(it.rate) for it in taxes],
        [it.code for it in taxes],
    )


async def test_taxes_are_named_by_their_codes(
    client: httpx.AsyncClient, books: Books, book: Book, invoice_id: str
) -> None:
    for code, rate in (("STATE", "6"), ("CITY", "1.5")):
        await client.post("/api/tax-codes", json={"id": code, "category": "S", "rate": rate})

    named = {"tax1Code": "STATE", "tax3Code": "CITY", "tax3Included": True}
    await added(client, "InvoiceLabor", invoiceId=invoice_id, **named)
    unknown = await call(client, "InvoiceLabor", invoiceId=invoice_id, tax2Code="MOON")

    taxes = getattr((await now(books, book, invoice_id)).lines[-1], "taxes", ())
    assert [(it.code, str(it.rate), it.included) for it in taxes] == [
        ("STATE", "6", None),
        ("CITY", "1.5", True),
    ]
    assert envelope(unknown, 422)["exceptionMessage"].startswith("/tax2Code: ")


async def test_an_entry_of_an_own_table_gives_what_was_not_sent(
    client: httpx.AsyncClient, books: Books, book: Book, invoice_id: str
) -> None:
    entry = {"code": "FAIR", "description": "Autumn fair", "amount": "12.00"}
    made = await client.post("/api/codes/table1", json=entry)
    assert made.status_code == 201, made.text

    known = await call(client, "InvoiceTable1", invoiceId=invoice_id, code="FAIR", amount="10")
    unknown = await call(client, "InvoiceTable2", invoiceId=invoice_id, code="FAIR")

    assert not envelope(known, 201)["warning"]
    assert envelope(unknown, 201)["warning"]
    tables = (await now(books, book, invoice_id)).tables
    assert [(it.table, it.description, str(it.amount)) for it in tables] == [
        (1, "Autumn fair", "10"),
        (2, None, "None"),
    ]


async def test_warnings_do_not_fail_a_call(client: httpx.AsyncClient, invoice_id: str) -> None:
    answer = envelope(await call(client, "InvoiceItem", invoiceId=invoice_id, itemCode="NEW"), 201)
    header = envelope(await call(client, "Invoice", billToCode="NOBODY"), 201)

    assert answer["warning"]
    assert answer["generalMessage"] == "Added. There is no item 'NEW' in the master data."
    assert header["warning"]
    assert "There is no customer 'NOBODY'" in header["generalMessage"]
