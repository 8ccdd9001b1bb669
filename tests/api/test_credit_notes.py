from typing import Any

import httpx
import pytest

from tests.api.dealings import (
    LINE,
    at,
    customer,
    done,
    invoice,
    invoice_now,
    made,
    payment,
    problems,
)

NOTES = "/api/credit-notes"

pytestmark = pytest.mark.usefixtures("seller")


@pytest.fixture(autouse=True)
async def acme(client: httpx.AsyncClient) -> None:
    await customer(client)


async def over(client: httpx.AsyncClient, billed: dict[str, Any], **body: Any) -> dict[str, Any]:
    return await made(client, NOTES, invoiceId=billed["id"], reasonCode="return", **body)


async def test_a_draft_over_an_invoice_credits_all_that_is_left_of_it(
    client: httpx.AsyncClient,
) -> None:
    billed = await invoice(client, {**LINE, "quantity": "3"})

    first = await over(
        client, billed, lines=[{"lineId": billed["lines"][0]["id"], "quantity": "1"}]
    )
    first = await done(client, NOTES, "post", first)
    rest = await over(client, billed)

    assert first["number"].startswith("CRN-")
    assert (first["totals"]["gross"], first["status"]) == ("119.00", "Applied")
    assert first["lines"][0]["net"] == "100.00"
    assert first["precedingNumber"] == billed["number"]
    assert (rest["status"], rest["customerId"], rest["currency"]) == ("Draft", "ACME", "EUR")
    assert [it["quantity"] for it in rest["lines"]] == ["2"]
    assert (await invoice_now(client, billed["id"]))["balance"] == "238.00"


async def test_a_draft_is_edited_line_by_line(client: httpx.AsyncClient) -> None:
    billed = await invoice(client, LINE, LINE)
    note = await over(client, billed, lines=[])
    path, (one, two) = f"{NOTES}/{note['id']}", (it["id"] for it in billed["lines"])

    put = await client.put(f"{path}/lines/{one}", json={"quantity": "1"}, headers=at(1))
    body = {"quantity": "0.5", "reason": "Scratched", "rowVersion": 2}
    await client.put(f"{path}/lines/{two}", json=body)
    left = await client.delete(f"{path}/lines/{one}", headers=at(3))
    edited = await client.patch(path, json={"memo": "Sorry"}, headers=at(4))
    gone = await client.delete(f"{path}/lines/{one}", headers=at(5))

    assert put.json()["lines"] == [
        {"lineId": one, "quantity": "1", "reason": None, "serialNumbers": [], "net": None}
    ]
    assert [it["reason"] for it in left.json()["lines"]] == ["Scratched"]
    assert (edited.json()["memo"], edited.json()["rowVersion"]) == ("Sorry", 5)
    assert gone.status_code == 404
    deleted = await client.delete(path, headers=at(5))
    assert deleted.status_code == 204
    assert (await client.get(path)).status_code == 404
    assert (await client.get(f"{path}?asOf=5")).json() == edited.json()


async def test_a_memo_over_a_flat_amount_is_posted_applied_and_refunded(
    client: httpx.AsyncClient,
) -> None:
    billed = await invoice(client)
    flat = {"description": "Late", "amount": "10", "taxes": [{"rate": "19"}]}
    now = await made(client, NOTES, customerId="ACME", currency="EUR", reasonCode="goodwill")
    path = f"{NOTES}/{now['id']}"
    set_ = await client.put(f"{path}/amount", json={**flat, "amount": "11"}, headers=at(1))
    cleared = await client.delete(f"{path}/amount", headers=at(2))
    now = (await client.put(f"{path}/amount", json=flat, headers=at(3))).json()

    tried = await client.post(f"{path}/post?dryRun=true", headers=at(4))
    now = await done(client, NOTES, "post", now, expectedTotal="11.90")
    wanted = [{"invoiceId": billed["id"], "amount": "1.90"}]
    now = await done(client, NOTES, "apply", now, allocations=wanted)
    now = await done(client, NOTES, "unapply", now, invoiceId=billed["id"], amount="0.90")
    now = await done(client, NOTES, "refund", now, amount="10", method="transfer")

    assert set_.json()["flat"]["amount"] == "11"
    assert cleared.json()["flat"] is None
    assert tried.json()["totals"] == now["totals"]
    assert tried.json()["number"] == now["number"]
    assert (now["openAmount"], now["refundedAmount"]) == ("0.90", "10.00")
    assert now["allocations"] == [{"invoiceId": billed["id"], "amount": "1.00"}]
    balance = (await client.get("/api/customers/ACME/balance")).json()
    assert balance["balances"][0]["owed"] == "117.10"


async def test_posting_tells_everything_that_is_wrong(client: httpx.AsyncClient) -> None:
    note = await made(client, NOTES)
    wrong = await made(
        client,
        NOTES,
        customerId="ACME",
        currency="EUR",
        reasonCode="goodwill",
        flat={"description": "x", "amount": "1", "taxes": [{"rate": "0", "category": "Z"}]},
    )

    refused = await client.post(f"{NOTES}/{note['id']}/post", headers=at(1))
    total = await client.post(
        f"{NOTES}/{wrong['id']}/post", json={"expectedTotal": "2"}, headers=at(2)
    )

    assert set(problems(refused)) == {
        ("P04", "/customerId"),
        ("P07", "/currency"),
        ("P73", "/reasonCode"),
        ("P20", "/lines"),
    }
    assert problems(total) == [("P52", "/totals/gross")]


async def test_a_credit_note_of_which_nothing_was_used_is_voided(
    client: httpx.AsyncClient,
) -> None:
    billed = await invoice(client)
    now = await over(client, billed)
    now = await done(client, NOTES, "post", now, apply=False)
    assert now["openAmount"] == "119.00"

    now = await done(client, NOTES, "void", now, reason="Wrong customer")

    assert (now["status"], now["openAmount"]) == ("Voided", "0.00")
    assert now["availableActions"] == []
    again = await client.post(f"{NOTES}/{now['id']}/post", headers=at(now["rowVersion"]))
    assert (again.status_code, again.json()["code"]) == (409, "invalid-transition")
    assert again.json()["current"] == now


async def test_an_invoice_is_paid_by_its_own_door(client: httpx.AsyncClient) -> None:
    billed = await invoice(client)
    path = f"/api/invoices/{billed['id']}/payments"

    part = await made(client, path, amount="19", method="cash")
    rest = await made(client, path, method="card", cardLast4="4242")
    more = await client.post(path, json={"method": "cash"})

    assert (part["customerId"], part["status"]) == ("ACME", "Applied")
    assert rest["allocations"] == [{"invoiceId": billed["id"], "amount": "100.00"}]
    assert (await invoice_now(client, billed["id"]))["settlement"] == "Paid"
    assert more.status_code == 409
    assert (
        await client.post("/api/invoices/inv_1/payments", json={"method": "x"})
    ).status_code == 404


async def test_more_than_the_invoice_owes_is_credit(client: httpx.AsyncClient) -> None:
    billed = await invoice(client)

    paid = await made(client, f"/api/invoices/{billed['id']}/payments", amount="120", method="cash")

    assert (paid["status"], paid["unappliedAmount"]) == ("PartiallyApplied", "1.00")


async def test_an_invoice_is_credited_by_its_own_door(client: httpx.AsyncClient) -> None:
    billed = await invoice(client)
    path = f"/api/invoices/{billed['id']}/credit"

    whole = await made(client, path)
    flat = {"description": "Scratch", "amount": "5", "taxes": [{"rate": "19"}]}
    part = await made(client, path, flat=flat, reasonCode="defect")
    draft = (await client.post("/api/invoices", json={})).json()
    refused = await client.post(f"/api/invoices/{draft['id']}/credit")

    assert [it["lineId"] for it in whole["lines"]] == [billed["lines"][0]["id"]]
    assert (part["lines"], part["flat"]["amount"]) == ([], "5")
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid-transition")


async def test_a_debt_is_written_off_and_recovered(client: httpx.AsyncClient) -> None:
    billed = await invoice(client)
    await made(client, f"/api/invoices/{billed['id']}/payments", amount="118.98", method="cash")
    now = await invoice_now(client, billed["id"])

    much = await client.post(
        f"/api/invoices/{billed['id']}/write-off",
        json={"kind": "small-difference", "reason": "Cents", "amount": "0.03"},
        headers=at(now["rowVersion"]),
    )
    now = await done(
        client, "/api/invoices", "write-off", now, kind="small-difference", reason="Cents"
    )
    assert (now["settlement"], now["balance"]) == ("Paid", "0.00")
    now = await done(client, "/api/invoices", "recover", now, reason="It came after all")

    assert problems(much) == [("more-than-balance", "/amount")]
    assert (now["settlement"], now["balance"]) == ("PartiallyPaid", "0.02")


async def test_credit_notes_are_listed_by_what_is_open(client: httpx.AsyncClient) -> None:
    billed = await invoice(client)
    await payment(client)
    note = await over(client, billed)
    note = await done(client, NOTES, "post", note, apply=False)
    await over(client, await invoice(client))

    page = (await client.get(f"{NOTES}?openAmount.gt=0&fields=id,gross,invoiceNumber")).json()

    assert page["items"] == [
        {"id": note["id"], "gross": "119.00", "invoiceNumber": billed["number"]}
    ]
