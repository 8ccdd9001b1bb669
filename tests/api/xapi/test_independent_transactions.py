"""Independent transactions: one child at a time, each a transaction of its own."""

from typing import Any

import httpx
import pytest

from domain.facts.lines import ModelLine
from store.books import Book, Books
from store.database import Pool
from tests.api.xapi.calls import (
    acme,
    added,
    call,
    draft,
    envelope,
    facts,
    invoice_now,
    path_of,
    posted,
    rows,
)

pytestmark = pytest.mark.usefixtures("seller")


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
    lines = (await invoice_now(books, book, invoice_id)).lines
    assert [it.code for it in lines] == [None, "M-1", "LAST", "FAR"]


async def test_rows_refer_to_lines_by_id_or_by_number(
    client: httpx.AsyncClient, books: Books, book: Book, invoice_id: str
) -> None:
    model = (await invoice_now(books, book, invoice_id)).lines[0]

    await added(client, "InvoiceSerial", invoiceId=invoice_id, serialNumber="S-1")
    await added(client, "InvoiceSerial", invoiceId=invoice_id, serialNumber="S-2", modelLineId="1")
    third = await added(
        client, "InvoiceSerial", invoiceId=invoice_id, serialNumber="S-3", modelLineId=model.id
    )
    await added(client, "InvoiceItem", invoiceId=invoice_id, forModelLineId="01")

    after = await invoice_now(books, book, invoice_id)
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

    assert [it.name for it in (await invoice_now(books, book, invoice_id)).addresses] == ["New"]


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
