from typing import Any

import httpx
import pytest

from tests.api.dealings import LINE, at, done, made, problems
from tests.documents import published

PRODUCTS = "/api/products"
TAX_CODES = "/api/tax-codes"
MASTERS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (PRODUCTS, {"id": "STOVE", "description": "Stove", "unitPrice": "99.95"}, {"cost": "50"}),
    (TAX_CODES, {"id": "STOVE", "name": "Standard", "rate": "19"}, {"rate": "7.5"}),
]

masters = pytest.mark.parametrize(("path", "body", "patch"), MASTERS, ids=["products", "taxes"])


@masters
async def test_master_data_are_created_changed_and_archived_under_their_code(
    client: httpx.AsyncClient, path: str, body: dict[str, Any], patch: dict[str, Any]
) -> None:
    now = await made(client, path, **body)
    assert now["availableActions"] == ["edit", "archive"]
    taken = await client.post(path, json=body)

    changed = await client.patch(f"{path}/STOVE", json=patch, headers=at(1))
    same = await client.patch(f"{path}/STOVE", json=patch, headers=at(2))
    stale = await client.patch(f"{path}/STOVE", json=patch, headers=at(1))
    now = await done(client, path, "archive", same.json())

    assert (taken.status_code, taken.json()["code"]) == (409, "already-exists")
    assert changed.json() == same.json() == stale.json()["current"]
    assert {**patch, "rowVersion": 2}.items() <= changed.json().items()
    assert (now["active"], now["availableActions"]) == (False, ["edit", "unarchive"])
    now = await done(client, path, "unarchive", now)
    assert (await client.delete(f"{path}/STOVE", headers=at(4))).status_code == 204
    again = await client.delete(f"{path}/STOVE", headers=at(5))
    assert (again.status_code, again.json()["code"]) == (409, "invalid-transition")
    events = (await client.get(f"{path}/STOVE/events?order=desc&limit=1")).json()["items"]
    assert [it["type"].partition(".")[2] for it in events] == ["archived"]
    page = (await client.get(f"{path}?active.eq=false&fields=id,rowVersion")).json()
    assert page["items"] == [{"id": "STOVE", "rowVersion": 5}]


async def test_null_clears_and_what_must_have_a_value_cannot_be_cleared(
    client: httpx.AsyncClient,
) -> None:
    await made(client, PRODUCTS, id="P", brand="Glow", taxes=[{"rate": "7", "category": "S"}])
    path = f"{PRODUCTS}/P"

    cleared = await client.patch(path, json={"brand": None, "taxes": []}, headers=at(1))
    kept = await client.patch(path, json={"kind": None}, headers=at(2))

    assert (cleared.json()["brand"], cleared.json()["taxes"]) == (None, [])
    assert (kept.status_code, kept.json()["code"]) == (422, "invalid-body")


async def test_a_tax_code_that_makes_no_sense_is_refused(client: httpx.AsyncClient) -> None:
    body = {"id": "X", "category": "E", "rate": "19"}

    refused = await client.post(
        TAX_CODES, json={**body, "validFrom": "2026-02-01", "validTo": "2026-01-01"}
    )

    assert problems(refused) == [("tax-rate", "/rate"), ("tax-validity", "/validTo")]


async def test_every_book_has_the_code_tables(client: httpx.AsyncClient) -> None:
    tables = (await client.get("/api/codes")).json()["items"]

    assert {"table": "salespeople", "description": "Who sold"} in tables
    for method in ("GET", "POST"):
        answer = await client.request(method, "/api/codes/nothing", json={"code": "A"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_entries_of_a_table_are_kept_by_their_code(client: httpx.AsyncClient) -> None:
    now = await made(client, "/api/codes/misc", code="DEL 1", description="Delivery", amount="9.5")
    await made(client, "/api/codes/referrals", code="AD", description="Advertisement")
    path = "/api/codes/misc/DEL%201"

    assert (now["table"], now["code"], now["amount"]) == ("misc", "DEL 1", "9.5")
    dates = {"startDate": "2026-02-01", "endDate": "2026-01-01"}
    refused = await client.patch(path, json=dates, headers=at(1))
    changed = await client.patch(path, json={"obsolete": True, "rowVersion": 1})
    page = (await client.get("/api/codes/misc?fields=table,code,obsolete")).json()

    assert problems(refused) == [("code-dates", "/endDate")]
    assert changed.json()["obsolete"] is True
    assert page["items"] == [{"table": "misc", "code": "DEL 1", "obsolete": True}]
    assert (await client.delete(path, headers=at(2))).status_code == 204
    assert (await client.get(path)).status_code == 404
    assert (await client.patch(path, json={}, headers=at(3))).status_code == 404
    again = await made(client, "/api/codes/misc", code="DEL 1")
    assert (again["description"], again["rowVersion"]) == (None, 4)
    events = (await client.get(f"{path}/events")).json()["items"]
    assert [it["type"] for it in events] == [
        *("code.created", "code.changed", "code.removed", "code.created")
    ]


async def test_a_customer_is_held_limited_and_anonymised(client: httpx.AsyncClient) -> None:
    path = "/api/customers"
    now = await made(client, path, id="ACME", name="Acme", email="a@example.com", city="Kiel")

    now = await done(client, path, "hold", now, reason="Does not pay")
    assert now["hold"] == "Does not pay"
    assert "release" in now["availableActions"]
    now = await done(client, path, "release", now)
    now = await done(client, path, "credit-limit", now, limit="500", reason="Known")
    assert (now["hold"], now["creditLimit"]) == (None, "500")
    early = await client.post(
        f"{path}/ACME/anonymise", json={"reason": "Asked"}, headers=at(now["rowVersion"])
    )
    now = await done(client, path, "archive", now)
    now = await done(client, path, "anonymise", now, reason="Asked")

    assert early.status_code == 409
    assert early.json()["current"]["name"] == "Acme"
    assert (now["name"], now["email"], now["city"]) == (None, None, "Kiel")
    assert (now["anonymised"], now["availableActions"]) == (True, [])
    balance = (await client.get(f"{path}/ACME/balance")).json()
    assert balance == {"customerId": "ACME", "balances": [], "rowVersion": 0}
    assert (await client.get(f"{path}/NOBODY/balance")).status_code == 404


async def test_the_examples_of_the_contract_work_as_they_stand(client: httpx.AsyncClient) -> None:
    document = published()

    def example(method: str, path: str) -> Any:
        return document["paths"][path][method]["requestBody"]["content"]["application/json"][
            "example"
        ]

    settings = await client.patch("/api/settings", json=example("patch", "/api/settings"))
    assert settings.status_code == 200, settings.text
    for path in ("/api/customers", PRODUCTS, TAX_CODES, "/api/payments", "/api/credit-notes"):
        await made(client, path, **example("post", path))
    await made(client, "/api/codes/misc", **example("post", "/api/codes/{table}"))
    draft = await client.post(
        "/api/invoices", json={"customerId": "ACME", "currency": "EUR", "lines": [LINE]}
    )
    path = f"/api/invoices/{draft.json()['id']}"
    posted = await client.post(f"{path}/post", headers={"If-Match": "*"})
    assert posted.status_code == 200, posted.text
    for door in ("payments", "credit"):
        body = example("post", f"/api/invoices/{{invoice_id}}/{door}")
        await made(client, f"{path}/{door}", **body)
