"""The single transaction: everything at once, or nothing at all."""

from typing import Any

import httpx
import pytest

from domain.facts.invoice import InvoiceDrafted
from domain.facts.lines import (
    CommentLine,
    ItemLine,
    LaborLine,
    MiscLine,
    ModelLine,
    PackageLine,
    WarrantyLine,
)
from domain.invoice import INVOICE
from store.batch import Batch
from store.books import Book, Books
from store.database import Pool
from tests.api.xapi.calls import TABLES, acme, call, draft, envelope, facts, posted, rows

EVERYTHING: dict[str, Any] = {
    "invTypeCode": "Service",
    "billToCode": "ACME",
    "branchCode": "NORTH",
    "currency": "EUR",
    "invoiceDate": "2026-11-02",
    "documentDiscountPct": "2.5",
    "table1Code": "NEIGHBOUR",
    "tags": ["stove"],
    "addresses": [{"kind": "shipTo", "name": "Site", "country": "DE"}],
    "notes": [{"text": "Ring twice."}],
    "models": [{"modelCode": "ST-7", "qtyOrdered": "2", "sellingPrice": "900", "lineNo": 20}],
    "serials": [{"serialNumber": "A-1"}, {"serialNumber": "A-2", "modelLineId": "20"}],
    "taxes": [{"ratePct": "19", "amount": "1.00", "reason": "Agreed"}],
    "items": [
        {"itemCode": "PIPE", "sellingPrice": "20", "forModelLineId": "20", "inPackage": "30"},
        {"itemCode": "KNOB", "sellingPrice": "3", "lineNo": 10},
    ],
    "packages": [
        {
            "packageCode": "SET",
            "amount": "25",
            "lineNo": 30,
            "components": [{"lineId": "31", "allocationPct": "100"}],
        }
    ],
    "table1": [{"code": "FAIR"}],
    "table2": [{"code": "RADIO", "amount": "5.00"}],
    "misc": [{"miscCode": "REBATE", "amount": "-15.5", "qty": "2", "appliesTo": "document"}],
    "warranties": [
        {
            "extWarrantyCode": "W5",
            "price": "99",
            "details": [{"modelLineId": "20", "serialNumber": "A-1"}],
        }
    ],
    "labor": [{"laborRateCode": "FIT", "hours": "1.5", "sellingPrice": "80"}],
    "comments": [{"commentDesc": "Thank you", "afterLineId": "20"}],
    "payments": [
        {"paymentTypeCode": "CASH", "amount": "50"},
        {"paymentTypeCode": "CARD", "amount": "25.50", "reference": "T-1"},
    ],
}
"""A row, at least, of each table."""

GOOD: dict[str, Any] = {
    "billToCode": "ACME",
    "currency": "EUR",
    "models": [{"modelCode": f"M-{it}", "sellingPrice": "10"} for it in range(10)],
    "items": [{"itemCode": f"I-{it}", "sellingPrice": "1"} for it in range(10)],
    "misc": [{"miscCode": f"X-{it}", "amount": "1"} for it in range(5)],
    "labor": [{"hours": "1", "sellingPrice": "80"} for _ in range(5)],
    "comments": [{"commentDesc": "Thank you"} for _ in range(5)],
    "serials": [{"serialNumber": f"S-{it}", "modelLineId": str(it + 1)} for it in range(5)],
    "notes": [{"text": "Ring twice."} for _ in range(5)],
    "payments": [{"paymentTypeCode": "CASH", "amount": "1"} for _ in range(5)],
}
"""Fifty good children."""

FAILING: dict[str, tuple[str, list[dict[str, Any]], str]] = {
    "InvoiceAddress": ("addresses", [{"kind": "shipTo"}, {"kind": "shipTo"}], "duplicate-id"),
    "InvoiceNote": ("notes", [{"text": ""}], "too-short"),
    "InvoiceModel": ("models", [{"tax1Code": "NONE"}], "tax-code"),
    "InvoiceSerial": ("serials", [{"serialNumber": "SOLD", "modelLineId": "1"}], "P28"),
    "InvoiceTax": ("taxes", [{"ratePct": "19", "amount": "1", "reason": " "}], "reason-required"),
    "InvoiceItem": ("items", [{"forModelLineId": "999"}], "no-such-line"),
    "InvoicePackage": ("packages", [{"components": [{"lineId": "999"}]}], "no-such-line"),
    "InvoiceTable1": ("table1", [{"code": "A", "amount": "much"}], "wrong-format"),
    "InvoiceTable2": ("table2", [{"code": "A"}] * 51, "too-long"),
    "InvoiceMisc": ("misc", [{"taxCategory": "S"}], "tax-rate"),
    "InvoiceWarranty": ("warranties", [{"details": [{"modelLineId": "999"}]}], "no-such-line"),
    "InvoiceLabor": ("labor", [{"tax1Code": "STD", "ratePct": "19"}], "tax-ambiguous"),
    "InvoiceComment": ("comments", [{"afterLineId": "999"}], "no-such-line"),
    "InvoicePayment": (
        "payments",
        [{"paymentTypeCode": "CASH", "amount": "1", "date": "2999-01-01"}],
        "P08",
    ),
}
"""For every child: its key, rows of which the last fails, and by which rule."""


async def everything(pool: Pool) -> list[list[Any]]:
    """Every row of every table that a call may write to."""
    return [
        await pool.fetch(f"select * from {table} order by 1, 2")  # noqa: S608 - names of tables
        for table in ("store.events", "store.commands", "store.books")
    ]


async def test_every_table_is_written_by_one_call(
    client: httpx.AsyncClient, pool: Pool, books: Books, book: Book
) -> None:
    await acme(client)

    answer = envelope(await call(client, "Invoice", **EVERYTHING), 201)

    assert {it: len(rows(answer, it)) for it in TABLES} == {
        **dict.fromkeys(TABLES, 1),
        "InvoiceSerial": 2,
        "InvoiceItem": 2,
        "InvoiceTable1": 2,
        "InvoicePayment": 2,
    }
    (header,) = rows(answer, "Invoice")
    found = await books.get(book.book_id, INVOICE(header["key"]))
    assert header == {
        "key": found.id,
        "status": "Draft",
        "number": None,
        "rowVersion": str(found.version),
    }
    assert len({it["recorded_at"] for it in (await everything(pool))[0][1:]}) == 1
    invoice = found.state
    assert (invoice.type, invoice.branch, invoice.tags) == ("Service", "NORTH", ("stove",))
    assert [type(it).__name__ for it in invoice.lines] == [
        *("ItemLine", "ModelLine", "PackageLine"),
        *("ItemLine", "MiscLine", "WarrantyLine", "LaborLine", "CommentLine"),
    ]


async def test_rows_refer_to_each_other_by_line_number(
    client: httpx.AsyncClient, books: Books, book: Book
) -> None:
    await acme(client)
    invoice_id = await draft(client, **EVERYTHING)

    invoice = (await books.get(book.book_id, INVOICE(invoice_id))).state
    _, model, package, pipe, rebate, warranty, labor, comment = invoice.lines
    assert isinstance(model, ModelLine)
    assert isinstance(package, PackageLine)
    assert isinstance(rebate, MiscLine)
    assert isinstance(warranty, WarrantyLine)
    assert isinstance(labor, LaborLine)
    assert isinstance(pipe, ItemLine)
    assert isinstance(comment, CommentLine)
    assert [it.serial_number for it in model.serials] == ["A-1", "A-2"]
    assert (pipe.for_line_id, pipe.package_id) == (model.id, package.id)
    assert [it.line_id for it in package.components] == [pipe.id]
    assert [it.line_id for it in warranty.covers] == [model.id]
    assert comment.after_line_id == model.id
    assert (str(rebate.quantity), str(rebate.unit_price)) == ("-2", "15.5")
    assert (str(labor.quantity), labor.uom) == ("1.5", "HUR")


@pytest.mark.parametrize("table", TABLES)
async def test_one_failing_child_among_fifty_good_ones_leaves_nothing(
    client: httpx.AsyncClient, pool: Pool, table: str
) -> None:
    await acme(client)
    sold = {"models": [{"modelCode": "M-0"}], "serials": [{"serialNumber": "SOLD"}]}
    await draft(client, **sold)
    before = await everything(pool)
    key, failing, code = FAILING[table]
    good = GOOD.get(key, [])
    assert sum(len(it) for it in GOOD.values() if isinstance(it, list)) == 50
    keyed = {"Idempotency-Key": "once"}

    body = {**GOOD, key: [*good, *failing]}
    answer = await client.post("/api/v1/invoicing/invoice/add", json=body, headers=keyed)

    message = envelope(answer, 422)["exceptionMessage"]
    assert code in message
    assert f"/{key}" in message
    assert await everything(pool) == before
    whole = await client.post("/api/v1/invoicing/invoice/add", json=GOOD, headers=keyed)
    assert envelope(whole, 201)


async def test_all_that_is_wrong_is_told_at_its_place(client: httpx.AsyncClient) -> None:
    answer = await call(
        client,
        "Invoice",
        tax2Code="NONE",
        items=[{"itemCode": "A"}, {"forModelLineId": "77"}],
        models=[{"modelCode": "M", "lineNo": 4}, {"lineNo": 4}],
        serials=[{"serialNumber": "S", "modelLineId": "5"}],
        notes=[{"text": "x"}],
        taxes=[{"ratePct": "1", "amount": "1", "reason": " "}],
        addresses=[{"kind": "billTo"}, {"kind": "billTo"}],
    )

    found = envelope(answer, 422)
    assert found["generalMessage"].startswith("Rule broken: 6 faults")
    assert [it.split(":")[0] for it in found["exceptionMessage"].splitlines()] == [
        "/models/1/lineNo",
        "/serials/0/modelLineId",
        "/tax2Code",
        "/items/1/forModelLineId",
        "/addresses",
        "/taxes/0/reason",
    ]


async def test_an_unexpected_error_leaves_nothing(
    client: httpx.AsyncClient, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await acme(client)
    before = await everything(pool)

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Batch, "_accept", broken)
    answer = await call(client, "Invoice", **EVERYTHING)

    assert "ZeroDivision" not in str(envelope(answer, 500))
    assert await everything(pool) == before


async def test_a_repeated_call_gets_its_first_answer_again(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    await acme(client)
    url, keyed = "/api/v1/invoicing/invoice/add", {"Idempotency-Key": "inv-1"}

    first = await client.post(url, json=EVERYTHING, headers=keyed)
    await call(client, "InvoiceNote", invoiceId=first.json()["keys"][0]["keys"][0]["key"], text="x")
    events = await facts(pool)
    second = await client.post(url, json=EVERYTHING, headers=keyed)
    other = await client.post(url, json={"memo": "another"}, headers=keyed)

    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json()["keys"] == first.json()["keys"]
    assert "different request" in envelope(other, 422)["generalMessage"]
    assert await facts(pool) == events


async def test_a_dry_run_writes_nothing(client: httpx.AsyncClient, pool: Pool) -> None:
    await acme(client)
    before = await everything(pool)

    answer = await client.post("/api/v1/invoicing/invoice/add?dryRun=true", json=EVERYTHING)

    assert (answer.status_code, answer.headers["Dry-Run"]) == (200, "true")
    assert await everything(pool) == before


async def test_what_was_added_can_be_posted(client: httpx.AsyncClient, seller: None) -> None:
    assert seller is None
    await acme(client)
    invoice_id = await posted(client, serials=[], comments=[{"commentDesc": "Thank you"}])

    invoice = (await client.get(f"/api/invoices/{invoice_id}")).json()

    assert (invoice["status"], invoice["totals"]["gross"]) == ("Posted", "119.00")


async def test_null_is_as_good_as_left_out(
    client: httpx.AsyncClient, books: Books, book: Book
) -> None:
    first = await draft(client, items=[{}])
    second = await draft(
        client, invTypeCode=None, tags=None, notes=None, items=[{"qty": None, "itemCode": None}]
    )

    bare, nulls = [(await books.get(book.book_id, INVOICE(it))).state for it in (first, second)]
    assert [getattr(it, "quantity", None) for it in nulls.lines] == [1]
    assert {it: getattr(bare, it) for it in InvoiceDrafted.__struct_fields__} == {
        it: getattr(nulls, it) for it in InvoiceDrafted.__struct_fields__
    }
