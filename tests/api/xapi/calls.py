"""Calls on the XAPI, and what tests want to know of their answers."""

from typing import Any

import httpx

from api.xapi.objects import CHILDREN, OBJECTS, Object
from domain.invoice import INVOICE, Invoice
from store.books import Book, Books
from store.database import Pool

ROOT = "/api/v1/invoicing/invoice"
ACME = {"id": "ACME", "name": "Acme Ltd", "country": "DE"}

BY_TABLE: dict[str, Object] = {it.table: it for it in OBJECTS}
TABLES = tuple(it.table for it in CHILDREN)

KEYS = {"success", "warning", "httpStatusCode", "generalMessage", "exceptionMessage", "keys"}


def path_of(table: str, rest: str = "add") -> str:
    return f"{ROOT}{BY_TABLE[table].path}/{rest}"


async def call(client: httpx.AsyncClient, table: str, **body: Any) -> httpx.Response:
    return await client.post(path_of(table), json=body)


def envelope(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The envelope of an answer, which must be complete and agree with its status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    assert found.keys() == KEYS
    assert found["httpStatusCode"] == status
    assert found["success"] is (status == 201)
    assert len(found["generalMessage"]) > 5
    if status != 201:
        assert found["keys"] == []
        assert found["exceptionMessage"]
    return found


def rows(found: dict[str, Any], table: str) -> list[dict[str, Any]]:
    """The rows of a table in an envelope: key and fields of each."""
    return [
        {"key": it["key"], **{field["fieldName"]: field["fieldValue"] for field in it["fields"]}}
        for part in found["keys"]
        if part["table"] == table
        for it in part["keys"]
    ]


async def added(client: httpx.AsyncClient, table: str, **body: Any) -> dict[str, Any]:
    """The row that a call has added; the call must succeed."""
    return rows(envelope(await call(client, table, **body), 201), table)[-1]


async def draft(client: httpx.AsyncClient, **body: Any) -> str:
    """The id of a draft with this body."""
    key: str = (await added(client, "Invoice", **body))["key"]
    return key


async def acme(client: httpx.AsyncClient) -> None:
    """A customer to bill."""
    answer = await client.post("/api/customers", json=ACME)
    assert answer.status_code == 201, answer.text


async def posted(client: httpx.AsyncClient, **body: Any) -> str:
    """The id of an invoice to ACME over 119.00, if nothing else is said, that is posted."""
    item = {"description": "Stove", "sellingPrice": "100", "taxCategory": "S", "ratePct": "19"}
    usual = {"billToCode": "ACME", "currency": "EUR", "items": [item]}
    invoice_id = await draft(client, **{**usual, **body})
    answer = await client.post(f"/api/invoices/{invoice_id}/post", headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    return invoice_id


async def facts(pool: Pool, prefix: str = "") -> list[tuple[str, str]]:
    """Stream and topic of every event, in order; those of streams that begin so."""
    found = await pool.fetch("select stream, topic from store.events order by position")
    return [(it["stream"], it["topic"]) for it in found if it["stream"].startswith(prefix)]


async def invoice_now(books: Books, book: Book, invoice_id: str) -> Invoice:
    return (await books.get(book.book_id, INVOICE(invoice_id))).state
