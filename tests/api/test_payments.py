import httpx
import pytest

from tests.api.dealings import at, customer, done, invoice, invoice_now, payment, problems

PAYMENTS = "/api/payments"

pytestmark = pytest.mark.usefixtures("seller")


@pytest.fixture(autouse=True)
async def acme(client: httpx.AsyncClient) -> None:
    await customer(client)


async def test_money_that_is_not_allocated_is_the_customers_credit(
    client: httpx.AsyncClient,
) -> None:
    recorded = await payment(client, "50", reference="A 17", receivedOn="2026-01-02")

    assert recorded["status"] == "Recorded"
    assert (recorded["amount"], recorded["unappliedAmount"]) == ("50.00", "50.00")
    assert recorded["receivedOn"] == "2026-01-02"
    assert recorded["availableActions"] == ["edit", "apply", "refund", "reverse"]
    balance = (await client.get("/api/customers/ACME/balance")).json()
    assert balance["balances"] == [{"currency": "EUR", "owed": "-50.00"}]


async def test_a_payment_settles_invoices_as_it_is_recorded(client: httpx.AsyncClient) -> None:
    first, second = await invoice(client), await invoice(client)
    wanted = [{"invoiceId": first["id"]}, {"invoiceId": second["id"], "amount": "1"}]

    recorded = await payment(client, "120.00", allocations=wanted)

    assert recorded["status"] == "Applied"
    assert recorded["allocations"] == [
        {"invoiceId": first["id"], "amount": "119.00"},
        {"invoiceId": second["id"], "amount": "1.00"},
    ]
    assert (await invoice_now(client, first["id"]))["settlement"] == "Paid"
    assert (await invoice_now(client, second["id"]))["balance"] == "118.00"


async def test_money_is_applied_moved_taken_back_and_refunded(client: httpx.AsyncClient) -> None:
    first, second = await invoice(client), await invoice(client)
    now = await payment(client, "100")

    wanted = [{"invoiceId": first["id"], "amount": "60"}]
    now = await done(client, PAYMENTS, "apply", now, allocations=wanted)
    assert (now["status"], now["unappliedAmount"]) == ("PartiallyApplied", "40.00")

    move = {"fromInvoiceId": first["id"], "toInvoiceId": second["id"], "amount": "10"}
    now = await done(client, PAYMENTS, "reallocate", now, **move)
    assert [it["amount"] for it in now["allocations"]] == ["50.00", "10.00"]

    now = await done(client, PAYMENTS, "unapply", now, invoiceId=first["id"], amount="20")
    assert now["unappliedAmount"] == "60.00"

    now = await done(client, PAYMENTS, "refund", now, amount="60", method="transfer")
    assert (now["refundedAmount"], now["status"]) == ("60.00", "Applied")
    assert now["refunds"][0]["id"].startswith("ref_")

    now = await done(client, PAYMENTS, "reverse", now, reason="Bounced")
    assert (now["status"], now["allocations"]) == ("Reversed", [])
    assert (await invoice_now(client, first["id"]))["balance"] == "119.00"
    balance = (await client.get("/api/customers/ACME/balance")).json()
    assert balance["balances"] == [{"currency": "EUR", "owed": "238.00"}]
    events = (await client.get(f"{PAYMENTS}/{now['id']}/events")).json()["items"]
    assert [it["type"] for it in events][:2] == ["payment.recorded", "payment.applied"]


async def test_everything_that_stands_against_a_payment_is_told_at_once(
    client: httpx.AsyncClient,
) -> None:
    draft = (await client.post("/api/invoices", json={"customerId": "ACME"})).json()
    body = {
        "customerId": "NOBODY",
        "amount": "-1",
        "currency": "XYZ",
        "method": "card",
        "reference": "4111 1111 1111 1111",
        "receivedOn": "2999-01-01",
        "allocations": [{"invoiceId": draft["id"]}],
    }

    refused = await client.post(PAYMENTS, json=body)

    assert {pointer for _, pointer in problems(refused)} == {
        *("/customerId", "/amount", "/currency", "/reference", "/receivedOn"),
        "/allocations/0/invoiceId",
    }


async def test_an_external_id_is_used_once(client: httpx.AsyncClient) -> None:
    await payment(client, externalId="bank 1")

    again = await client.post(
        PAYMENTS,
        json={
            "customerId": "ACME",
            "amount": "50",
            "currency": "EUR",
            "method": "transfer",
            "externalId": "bank 1",
        },
    )

    assert (again.status_code, again.json()["code"]) == (409, "already-exists")


async def test_a_repeated_request_records_once(client: httpx.AsyncClient) -> None:
    body = {"customerId": "ACME", "amount": "50", "currency": "EUR", "method": "cash"}
    key = {"Idempotency-Key": "till 1"}

    first = await client.post(PAYMENTS, json=body, headers=key)
    second = await client.post(PAYMENTS, json=body, headers=key)

    assert second.json() == first.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Location"] == first.headers["Location"]


async def test_details_are_put_right_and_amounts_are_not(client: httpx.AsyncClient) -> None:
    now = await payment(client, memo="old")
    path = f"{PAYMENTS}/{now['id']}"

    changed = await client.patch(path, json={"memo": None, "cardLast4": "4242"}, headers=at(1))
    amount = await client.patch(path, json={"amount": "1"}, headers=at(2))

    assert (changed.json()["memo"], changed.json()["cardLast4"]) == (None, "4242")
    assert changed.json()["rowVersion"] == 2
    assert (amount.status_code, amount.json()["code"]) == (422, "invalid-body")
    before = await client.get(f"{path}?asOf=1")
    assert (before.json()["memo"], before.json()["cardLast4"]) == ("old", None)


async def test_a_command_that_the_status_forbids_says_what_is_possible(
    client: httpx.AsyncClient,
) -> None:
    now = await payment(client)
    now = await done(client, PAYMENTS, "reverse", now, reason="Error")

    again = await client.post(
        f"{PAYMENTS}/{now['id']}/reverse", json={"reason": "Error"}, headers=at(now["rowVersion"])
    )

    assert (again.status_code, again.json()["code"]) == (409, "invalid-transition")
    assert again.json()["current"] == now
    assert again.json()["availableActions"] == ["edit"]


async def test_a_dry_run_answers_what_would_be_and_changes_nothing(
    client: httpx.AsyncClient,
) -> None:
    owed = await invoice(client)
    now = await payment(client, "50")
    path = f"{PAYMENTS}/{now['id']}"

    tried = await client.post(
        f"{path}/apply?dryRun=true",
        json={"allocations": [{"invoiceId": owed["id"]}]},
        headers={**at(1), "Idempotency-Key": "k"},
    )
    refused = await client.post(
        f"{path}/apply?dryRun=true",
        json={"allocations": [{"invoiceId": owed["id"], "amount": "51"}]},
        headers=at(1),
    )

    assert (tried.status_code, tried.headers["Dry-Run"]) == (200, "true")
    assert "ETag" not in tried.headers
    assert (tried.json()["status"], tried.json()["rowVersion"]) == ("Applied", 2)
    assert problems(refused) == [("more-than-unapplied", "/allocations/0/amount")]
    assert (await client.get(path)).json() == now
    assert (await invoice_now(client, owed["id"]))["settlement"] == "Unpaid"


async def test_a_dry_run_of_a_creation_creates_nothing(client: httpx.AsyncClient) -> None:
    body = {"customerId": "ACME", "amount": "50", "currency": "EUR", "method": "cash"}

    tried = await client.post(f"{PAYMENTS}?dryRun=true", json=body)

    assert tried.status_code == 200
    assert "Location" not in tried.headers
    assert (await client.get(f"{PAYMENTS}/{tried.json()['id']}")).status_code == 404


async def test_payments_are_listed_by_what_is_left_of_them(client: httpx.AsyncClient) -> None:
    owed = await invoice(client)
    await payment(client, "5", allocations=[{"invoiceId": owed["id"]}])
    left = await payment(client, "7")

    page = (
        await client.get(f"{PAYMENTS}?unappliedAmount.gt=0&fields=id,unappliedAmount,status")
    ).json()

    assert page["items"] == [{"id": left["id"], "unappliedAmount": "7.00", "status": "Recorded"}]
