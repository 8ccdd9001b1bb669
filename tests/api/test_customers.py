from typing import Any

import httpx
import pytest

CUSTOMERS = "/api/customers"


def at(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


async def create(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post(CUSTOMERS, json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{CUSTOMERS}/{created['id']}"
    return created


async def test_customers_without_a_code_get_the_next_free_integer(
    client: httpx.AsyncClient,
) -> None:
    assert (await create(client, name="One"))["id"] == "1"
    assert (await create(client, id="2", name="Taken"))["id"] == "2"
    assert (await create(client, name="Three"))["id"] == "3"


async def test_a_code_that_is_taken_is_refused(client: httpx.AsyncClient) -> None:
    await create(client, id="ACME", name="First")

    answer = await client.post(CUSTOMERS, json={"id": "ACME", "name": "Second"})

    assert (answer.status_code, answer.json()["code"]) == (409, "already-exists")
    assert (await client.get(f"{CUSTOMERS}/ACME")).json()["name"] == "First"


async def test_a_customer_is_changed_field_by_field(client: httpx.AsyncClient) -> None:
    await create(client, id="ACME", name="Acme", city="Bremen")

    changed = await client.patch(f"{CUSTOMERS}/ACME", json={"city": None}, headers=at(1))

    assert changed.json()["city"] is None
    assert changed.json()["name"] == "Acme"
    assert changed.headers["ETag"] == '"2"'
    stale = await client.patch(f"{CUSTOMERS}/ACME", json={"city": "Kiel"}, headers=at(1))
    assert stale.status_code == 409
    assert stale.json()["current"] == changed.json()


@pytest.mark.usefixtures("seller")
async def test_an_archived_customer_cannot_be_billed_until_it_is_unarchived(
    client: httpx.AsyncClient,
) -> None:
    await create(client, id="ACME", name="Acme", country="DE")
    line = {"description": "x", "quantity": "1", "unitPrice": "1", "taxRate": "0"}
    body = {"customerId": "ACME", "currency": "EUR", "lines": [line]}
    draft = (await client.post("/api/invoices", json=body)).json()
    archived = await client.post(f"{CUSTOMERS}/ACME/archive", headers=at(1))
    assert archived.json()["active"] is False

    refused = await client.post(f"/api/invoices/{draft['id']}/post", headers=at(2))
    await client.post(f"{CUSTOMERS}/ACME/unarchive", json={}, headers=at(2))
    posted = await client.post(f"/api/invoices/{draft['id']}/post", headers=at(2))

    assert [error["code"] for error in refused.json()["errors"]] == ["P04"]
    assert posted.status_code == 200


async def test_deleting_a_customer_archives_it(client: httpx.AsyncClient) -> None:
    await create(client, id="ACME", name="Acme")

    assert (await client.delete(f"{CUSTOMERS}/ACME", headers=at(1))).status_code == 204

    assert (await client.get(f"{CUSTOMERS}/ACME")).json()["active"] is False
    again = await client.delete(f"{CUSTOMERS}/ACME", headers=at(2))
    assert (again.status_code, again.json()["code"]) == (409, "invalid-transition")


async def test_customers_are_listed_by_name_whatever_the_case(client: httpx.AsyncClient) -> None:
    for name in ("Müller", "ABEL", "abt"):
        await create(client, name=name)

    page = (await client.get(f"{CUSTOMERS}?name.startswith=AB&sort=-name")).json()

    assert [item["name"] for item in page["items"]] == ["abt", "ABEL"]


async def test_the_history_tells_who_did_what(client: httpx.AsyncClient) -> None:
    await create(client, id="ACME", name="Acme")
    headers = {**at(1), "X-Change-Reason": "asked by phone", "X-Request-Id": "req-7"}
    await client.patch(f"{CUSTOMERS}/ACME", json={"city": "Kiel"}, headers=headers)

    events = (await client.get(f"{CUSTOMERS}/ACME/events")).json()["items"]

    assert [event["type"] for event in events] == ["customer.created", "customer.changed"]
    assert events[1]["reason"] == "asked by phone"
    assert events[1]["requestId"] == "req-7"
    assert events[1]["actor"].startswith("key_")
    assert (events[1]["rowVersion"], events[1]["previousRowVersion"]) == (2, 1)


async def test_a_history_can_be_paged_from_either_end(client: httpx.AsyncClient) -> None:
    await create(client, id="ACME", name="Acme")
    for version, city in enumerate(("Kiel", "Bonn", "Jena", "Ulm"), start=1):
        await client.patch(f"{CUSTOMERS}/ACME", json={"city": city}, headers=at(version))

    async def versions(order: str) -> list[int]:
        found: list[int] = []
        after = 0
        while True:
            params: dict[str, str | int] = {"order": order, "limit": 2, "after": after}
            page = (await client.get(f"{CUSTOMERS}/ACME/events", params=params)).json()
            found += [event["rowVersion"] for event in page["items"]]
            if page["nextAfter"] is None:
                return found
            after = page["nextAfter"]

    assert await versions("asc") == [1, 2, 3, 4, 5]
    assert await versions("desc") == [5, 4, 3, 2, 1]
    wrong = await client.get(f"{CUSTOMERS}/ACME/events", params={"order": "newest"})
    assert wrong.status_code == 400
