from typing import Any

import httpx

from store.database import Pool

ENDPOINTS = "/api/webhook-endpoints"
BODY = {"url": "https://example.com/hook", "events": ["invoice.*"]}


def at(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


async def create(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post(ENDPOINTS, json={**BODY, **body})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def test_the_secret_is_shown_at_creation_and_never_again(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    created = await create(client)

    assert created["secret"].startswith("whsec_")
    shown = (await client.get(f"{ENDPOINTS}/{created['id']}")).json()
    assert "secret" not in shown
    assert shown["events"] == ["invoice.*"]
    stored = await pool.fetch("select state::text, metadata::text from store.events")
    sealed = await pool.fetchval("select secret from store.webhook_secrets")
    assert created["secret"] not in repr(stored)
    assert created["secret"].encode() not in sealed


async def test_a_repeated_creation_makes_one_endpoint_and_shows_the_same_secret(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    key = {"Idempotency-Key": "k"}
    first = await client.post(ENDPOINTS, json=BODY, headers=key)
    again = await client.post(ENDPOINTS, json=BODY, headers=key)

    assert again.json() == first.json()
    assert await pool.fetchval("select count(*) from store.webhook_secrets") == 1


async def test_an_endpoint_that_must_not_be_reached_is_refused_with_reasons(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    body = {"url": "https://10.0.0.1/hook", "events": ["invoice.posted", "invoice.unheard_of"]}

    answer = await client.post(ENDPOINTS, json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "rule-broken")
    assert {e["pointer"] for e in answer.json()["errors"]} == {"/url", "/events/1"}
    assert await pool.fetchval("select count(*) from store.webhook_secrets") == 0


async def test_an_endpoint_is_changed_disabled_enabled_and_deleted(
    client: httpx.AsyncClient,
) -> None:
    path = f"{ENDPOINTS}/{(await create(client))['id']}"

    changed = await client.patch(path, json={"events": ["*"]}, headers=at(1))
    disabled = await client.post(f"{path}/disable", json={"reason": "moving"}, headers=at(2))
    twice = await client.post(f"{path}/disable", json={"reason": "moving"}, headers=at(3))
    enabled = await client.post(f"{path}/enable", headers=at(3))
    deleted = await client.delete(path, headers=at(4))

    assert changed.json()["events"] == ["*"]
    assert disabled.json()["disabledReason"] == "moving"
    assert (twice.status_code, twice.json()["code"]) == (409, "invalid-transition")
    assert enabled.json()["status"] == "Enabled"
    assert deleted.status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_a_delivery_that_does_not_exist_is_not_found(client: httpx.AsyncClient) -> None:
    created = await create(client)
    path = f"{ENDPOINTS}/{created['id']}/deliveries"

    assert (await client.get(path)).json() == {"items": [], "nextBefore": None}
    assert (await client.get(f"{path}/1/attempts")).status_code == 404
    assert (await client.get(f"{path}/99999999999999999999/attempts")).status_code == 404
    assert (await client.get(f"{path}?state.eq=lost")).status_code == 400


async def test_another_books_endpoint_is_not_found(
    client: httpx.AsyncClient, stranger: str
) -> None:
    created = await create(client)
    answer = await client.get(f"{ENDPOINTS}/{created['id']}", headers={"Authorization": stranger})
    assert answer.status_code == 404
