"""What master data give on the XAPI, and what it warns of."""

from typing import Any

import httpx
import pytest

from domain.facts.lines import BilledLine
from store.books import Book, Books
from tests.api.xapi.calls import (
    added,
    call,
    envelope,
    invoice_now,
)

pytestmark = pytest.mark.usefixtures("seller")


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
    first, second = [_said(it) for it in (await invoice_now(books, book, invoice_id)).lines[1:]]
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

    taxes = getattr((await invoice_now(books, book, invoice_id)).lines[-1], "taxes", ())
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
    tables = (await invoice_now(books, book, invoice_id)).tables
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
