"""Payments on the XAPI: deposits while there is a draft, applied once it is posted."""

from typing import Any

import httpx
import pytest

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
    posted,
    rows,
)

pytestmark = pytest.mark.usefixtures("seller")


PAID: dict[str, Any] = {
    "billToCode": "ACME",
    "currency": "EUR",
    "payments": [
        {"paymentTypeCode": "CASH", "amount": "50"},
        {"paymentTypeCode": "CARD", "amount": "25.50", "reference": "T-1"},
    ],
}
"""A draft that came with two payments."""


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


async def test_the_payments_of_an_answer_exist(client: httpx.AsyncClient) -> None:
    await acme(client)
    answer = envelope(await call(client, "Invoice", **PAID), 201)
    (header,) = rows(answer, "Invoice")

    found = [
        (await client.get(f"/api/payments/{it['key']}")).json()
        for it in rows(answer, "InvoicePayment")
    ]

    assert [(it["amount"], it["unappliedAmount"], it["deposit"]) for it in found] == [
        ("50.00", "50.00", True),
        ("25.50", "25.50", True),
    ]
    assert [it["reference"] for it in found] == [header["key"], "T-1"]
    assert {it["memo"] for it in found} == {f"Deposit for invoice {header['key']}"}
    balance = (await client.get("/api/customers/ACME/balance")).json()
    assert "-75.50" in str(balance)


async def test_an_estimate_takes_no_payment(client: httpx.AsyncClient, pool: Pool) -> None:
    await acme(client)
    before = await facts(pool)

    answer = await call(client, "Invoice", **PAID, isEstimate=True)

    assert "An estimate takes no payments" in envelope(answer, 422)["exceptionMessage"]
    assert await facts(pool) == before
