"""What stands beside the lines, what becomes of invoices, and many commands at once."""

from typing import Any

import httpx
import pytest

from tests.api.dealings import LINE, at, customer, done, invoice, problems

pytestmark = pytest.mark.usefixtures("seller")
PLACE = "/api/invoices"


async def made(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post(PLACE, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_draft_is_opened_with_children_of_all_kinds(client: httpx.AsyncClient) -> None:
    opened = await made(
        client,
        type="Service",
        tags=["urgent"],
        salesperson1="S1",
        salesperson1Percent="2.5",
        lines=[LINE],
        addresses=[{"kind": "shipTo", "name": "Store 4", "country": "DE"}],
        notes=[{"text": "Call first", "mentions": ["Eve"]}],
        tables=[{"table": 1, "code": "FAIR", "amount": "5"}],
        taxOverrides=[{"category": "S", "rate": "19", "amount": "18.99", "reason": "As billed"}],
    )

    assert (opened["type"], opened["tags"], opened["salesperson1Percent"]) == (
        "Service",
        ["urgent"],
        "2.5",
    )
    assert opened["addresses"][0]["name"] == "Store 4"
    assert (opened["notes"][0]["text"], opened["notes"][0]["mentions"]) == ("Call first", ["Eve"])
    assert (opened["tables"][0]["code"], opened["tables"][0]["amount"]) == ("FAIR", "5")
    assert opened["totals"]["tax"] == "18.99"
    assert opened["totals"]["taxes"][0]["override"] == "As billed"


async def test_parts_are_written_and_taken_off_one_by_one(client: httpx.AsyncClient) -> None:
    opened = await made(client, lines=[LINE])
    path = f"{PLACE}/{opened['id']}"

    async def send(method: str, part: str, **body: Any) -> dict[str, Any]:
        now = (await client.get(path)).json()["rowVersion"]
        answer = await client.request(method, f"{path}/{part}", json=body or None, headers=at(now))
        assert answer.status_code in {200, 201}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    assert (await send("PUT", "addresses/payee", name="Bank"))["addresses"][0]["kind"] == "payee"
    assert (await send("DELETE", "addresses/payee"))["addresses"] == []
    entry = (await send("POST", "tables", table=2, code="X"))["tables"][0]
    assert (await send("DELETE", f"tables/{entry['id']}"))["tables"] == []
    tax = {"category": "S", "rate": "19", "amount": "18.99", "reason": "As billed"}
    override = (await send("POST", "tax-overrides", **tax))["taxOverrides"][0]
    assert (await send("DELETE", f"tax-overrides/{override['id']}"))["totals"]["tax"] == "19.00"
    note = (await send("POST", "notes", text="secret"))["notes"][0]
    assert (await send("PATCH", f"notes/{note['id']}", pinned=True))["notes"][0]["pinned"] is True


async def test_a_redacted_note_is_shown_nowhere(client: httpx.AsyncClient) -> None:
    opened = await made(client, notes=[{"text": "a secret"}])
    path = f"{PLACE}/{opened['id']}"
    note = f"{path}/notes/{opened['notes'][0]['id']}"
    await client.patch(note, json={"text": "another secret"}, headers=at(2))

    redacted = await client.post(f"{note}/redact", json={"reason": "Privacy"}, headers=at(3))

    assert redacted.json()["notes"][0]["text"] is None
    for place in (path, f"{path}?asOf=2", f"{path}?asOf=3", f"{path}/events", "/api/events"):
        shown = await client.get(place)
        assert shown.status_code == 200, shown.text
        assert "secret" not in shown.text, place


async def test_an_invoice_goes_through_its_life(client: httpx.AsyncClient) -> None:
    await customer(client)
    draft = await made(client, customerId="ACME", currency="EUR", lines=[LINE])
    own = await client.post(f"{PLACE}/{draft['id']}/approve", headers=at(draft["rowVersion"]))
    assert (own.status_code, own.json()["code"]) == (409, "separate-duties")
    settings = {"separateDuties": False, "rowVersion": 1}
    assert (await client.patch("/api/settings", json=settings)).status_code == 200

    now = await done(client, PLACE, "approve", draft)
    assert (now["status"], now["approver"]) == ("Approved", now["author"])
    now = await done(client, PLACE, "withdraw-approval", now, reason="More to come")
    now = await done(client, PLACE, "approve", now)
    now = await done(client, PLACE, "reject", now, reason="Too much")
    now = await done(client, PLACE, "post", now)
    now = await done(client, PLACE, "dispute", now, reason="Too late")
    assert now["disputed"] == "Too late"
    now = await done(client, PLACE, "resolve-dispute", now, resolution="Sorted out")
    now = await done(client, PLACE, "due-date", now, dueDate="2099-01-01")
    assert now["dueDate"] == "2099-01-01"
    now = await done(client, PLACE, "void", now, reason="Twice")
    now = await done(client, PLACE, "archive", now)
    now = await done(client, PLACE, "unarchive", now)
    assert now["status"] == "Voided"
    copy = await client.post(f"{PLACE}/{now['id']}/copy")
    assert (copy.status_code, copy.json()["copiedFrom"]) == (201, now["id"])


async def test_a_released_invoice_is_not_voided_but_shown_its_credit_note(
    client: httpx.AsyncClient,
) -> None:
    await customer(client)
    posted = await invoice(client)
    released = await done(client, PLACE, "release", posted)

    refused = await client.post(
        f"{PLACE}/{released['id']}/void",
        json={"reason": "Twice"},
        headers=at(released["rowVersion"]),
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "use-credit-note")
    assert refused.json()["preview"]["amount"] == "119.00"
    assert refused.json()["current"] == released


async def test_each_reason_of_a_refusal_has_a_code_and_an_explanation(
    client: httpx.AsyncClient,
) -> None:
    await customer(client)
    posted = await invoice(client)
    estimate = await made(client, type="Estimate", lines=[LINE])
    path = f"{PLACE}/{posted['id']}"
    await client.post(f"{path}/payments", json={"method": "cash"})
    now = (await client.get(path)).json()["rowVersion"]

    refused = [
        await client.post(f"{path}/payments", json={"method": "cash", "amount": "1"}),
        await client.post(f"{path}/resolve-dispute", json={"resolution": "No"}, headers=at(now)),
        await client.post(f"{path}/recover", json={"reason": "No"}, headers=at(now)),
        await client.post(f"{PLACE}/{estimate['id']}/post", headers=at(estimate["rowVersion"])),
    ]

    assert [(it.status_code, it.json()["code"]) for it in refused] == [
        (409, "nothing-owed"),
        (409, "not-disputed"),
        (409, "nothing-written-off"),
        (409, "estimate"),
    ]
    for answer in refused:
        assert answer.json()["availableActions"]
        assert (await client.get(answer.json()["type"])).json()["toDo"]


async def test_an_estimate_is_converted(client: httpx.AsyncClient) -> None:
    estimate = await made(client, type="Estimate", lines=[LINE])

    converted = await client.post(
        f"{PLACE}/{estimate['id']}/convert",
        json={"type": "Service"},
        headers=at(estimate["rowVersion"]),
    )

    assert converted.status_code == 200, converted.text
    place = converted.headers["Location"]
    assert place == f"{PLACE}/{converted.json()['convertedTo']}"
    assert (await client.get(place)).json()["type"] == "Service"


async def test_a_dry_run_of_posting_says_all_and_does_nothing(client: httpx.AsyncClient) -> None:
    await customer(client)
    draft = await made(client, customerId="ACME", currency="EUR", lines=[LINE])
    broken = await made(client, lines=[{}])

    fine = await client.post(f"{PLACE}/{draft['id']}/post?dryRun=true", headers=at(2))
    wrong = await client.post(f"{PLACE}/{broken['id']}/post?dryRun=true", headers=at(2))

    assert (fine.status_code, fine.json()["status"], fine.json()["violations"]) == (
        200,
        "Posted",
        [],
    )
    assert fine.json()["totals"]["gross"] == "119.00"
    assert (wrong.status_code, wrong.json()["status"]) == (200, "Draft")
    assert "P04" in {it["code"] for it in wrong.json()["violations"]}
    assert (await client.get(f"{PLACE}/{draft['id']}")).json() == draft


async def test_posting_warns_of_what_may_be_the_same_sale(client: httpx.AsyncClient) -> None:
    await customer(client)
    body = {"customerId": "ACME", "currency": "EUR", "poNumber": "PO 1", "lines": [LINE]}
    first = await done(client, PLACE, "post", await made(client, **body))
    await client.get(PLACE)

    second = await done(client, PLACE, "post", await made(client, **body))

    assert "warnings" not in first
    assert [(it["code"], it["pointer"]) for it in second["warnings"]] == [("P62", "/poNumber")]


async def test_a_transaction_of_many_commands_is_done_whole_or_not_at_all(
    client: httpx.AsyncClient,
) -> None:
    await customer(client)
    old = await made(client, memo="old")
    header = {"customerId": "ACME", "currency": "EUR"}
    operations: list[dict[str, Any]] = [
        {"op": "create", "ref": "new", "invoice": header},
        {"op": "addLine", "id": "new", "line": LINE},
        {"op": "post", "id": "new", "expectedTotal": "119.00"},
        {"op": "edit", "id": old["id"], "rowVersion": 1, "changes": {"memo": "new"}},
    ]
    body = {"mode": "singleTransaction", "operations": operations}

    wrong = [*operations[:2], {**operations[2], "expectedTotal": "1"}]
    refused = await client.post(f"{PLACE}/bulk", json={**body, "operations": wrong})
    assert problems(refused) == [("P52", "/operations/2/totals/gross")]
    assert refused.json()["operation"] == 2
    assert len((await client.get(PLACE)).json()["items"]) == 1

    dry = await client.post(f"{PLACE}/bulk?dryRun=true", json=body)
    assert [it["status"] for it in dry.json()["items"]] == [201, 200, 200, 200]
    key = {"Idempotency-Key": "bulk-1"}
    first = await client.post(f"{PLACE}/bulk", json=body, headers=key)
    again = await client.post(f"{PLACE}/bulk", json=body, headers=key)

    assert first.status_code == 200, first.text
    items = first.json()["items"]
    assert [it["status"] for it in items] == [201, 200, 200, 200]
    assert {it["entity"]["status"] for it in items[:3]} == {"Posted"}
    assert (await client.get(f"{PLACE}/{items[0]['entity']['id']}")).json() == items[0]["entity"]
    assert again.json() == first.json()
    stale = await client.post(f"{PLACE}/bulk", json={**body, "operations": operations[3:]})
    assert (stale.status_code, stale.json()["code"]) == (409, "row-version-conflict")
    blind = [{"op": "archive", "id": old["id"]}]
    unseen = await client.post(f"{PLACE}/bulk", json={**body, "operations": blind})
    assert unseen.status_code == 428


async def test_independent_commands_fail_each_for_itself(client: httpx.AsyncClient) -> None:
    old = await made(client, memo="old")
    operations: list[dict[str, Any]] = [
        {"op": "create", "ref": "a", "invoice": {"memo": "a"}},
        {"op": "edit", "id": "a", "changes": {"memo": "b"}},
        {"op": "edit", "id": old["id"], "rowVersion": 9, "changes": {"memo": "b"}},
        {"op": "post", "id": "a"},
        {"op": "delete", "id": "a"},
        {"op": "addNote", "id": "inv_0", "rowVersion": 1, "note": {"text": "x"}},
        {"op": "addLine", "id": old["id"], "rowVersion": 1, "line": {"brand": "x"}},
    ]
    body = {"mode": "independent", "operations": operations}
    key = {"Idempotency-Key": "bulk-2"}

    first = await client.post(f"{PLACE}/bulk", json=body, headers=key)
    again = await client.post(f"{PLACE}/bulk", json=body, headers=key)

    items = first.json()["items"]
    assert first.status_code == 207, items
    assert [it["status"] for it in items] == [201, 200, 409, 422, 204, 404, 422]
    assert [it["problem"]["code"] for it in items if "problem" in it] == [
        *("row-version-conflict", "rule-broken", "not-found", "rule-broken")
    ]
    assert [it["status"] for it in again.json()["items"]][:3] == [201, 200, 409]
    assert again.json()["items"][0] == items[0]
