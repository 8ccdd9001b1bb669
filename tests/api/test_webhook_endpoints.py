from typing import Any

import httpx
import pytest

from domain import webhook_endpoint as decisions
from store.database import Pool
from workers.fan_out import fan_out_follower

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


async def test_a_dry_run_of_a_transition_answers_what_would_be_and_changes_nothing(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    path = f"{ENDPOINTS}/{(await create(client))['id']}"
    dry: dict[str, Any] = {"params": {"dryRun": "true"}, "headers": at(1)}

    disabled = await client.post(f"{path}/disable", json={"reason": "moving"}, **dry)
    enabled = await client.post(f"{path}/enable", **dry)
    deleted = await client.delete(path, **dry)

    assert (disabled.status_code, disabled.headers["dry-run"]) == (200, "true")
    assert (disabled.json()["status"], disabled.json()["rowVersion"]) == ("Disabled", 2)
    assert (enabled.status_code, enabled.json()["code"]) == (409, "invalid-transition")
    assert deleted.status_code == 204
    shown = (await client.get(path)).json()
    assert (shown["status"], shown["rowVersion"]) == ("Enabled", 1)
    assert await pool.fetchval("select count(*) from store.events") == 1


async def test_an_endpoint_has_an_order_a_rate_a_payload_and_headers(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    headers = {"X-Api-Key": "hunter2", "X-Tenant": "acme"}
    asked = {"order": "aggregate", "rateLimit": 20, "payload": "thin", "description": "Ledger"}
    created = await create(client, **asked, headers=headers)
    path = f"{ENDPOINTS}/{created['id']}"

    assert created == created | asked | {"headers": ["X-Api-Key", "X-Tenant"]}
    body = {"headers": {"x-api-key": "hunter3", "X-Tenant": None}, "rateLimit": None}
    changed = await client.patch(path, json=body, headers=at(1))
    assert changed.json()["headers"] == ["x-api-key"]
    assert changed.json()["rateLimit"] is None
    written = await pool.fetch("select state::text, metadata::text from store.events")
    sealed = await pool.fetch("select value from store.webhook_headers")
    for secret in ("hunter2", "hunter3"):
        assert secret not in repr(written)
        assert secret not in repr(sealed)
        assert secret not in (await client.get(path)).text
        assert secret not in (await client.get("/api/events")).text


async def test_a_change_to_what_is_so_already_makes_no_event_headers_included(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    created = await create(client, headers={"X-A": "one"}, order="strict")
    path = f"{ENDPOINTS}/{created['id']}"

    same = {"headers": {"X-A": "one", "X-B": None}, "order": "strict", "events": ["invoice.*"]}
    unchanged = await client.patch(path, json=same, headers=at(1))
    changed = await client.patch(path, json={"headers": {"X-A": "two"}}, headers=at(1))

    assert (unchanged.status_code, unchanged.json()["rowVersion"]) == (200, 1)
    assert (changed.status_code, changed.json()["rowVersion"]) == (200, 2)
    assert await pool.fetchval("select count(*) from store.webhook_headers") == 2


async def test_a_refused_change_leaves_no_value_behind_and_takes_none_away(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    created = await create(client, headers={"X-A": "one"})
    path = f"{ENDPOINTS}/{created['id']}"
    wrong = {"headers": {"X-A": "one", "X-B": "two", "Host": "x"}}

    refused = await client.patch(path, json=wrong, headers=at(1))
    stale = await client.patch(path, json={"headers": {"X-B": "b"}}, headers=at(7))
    unknown = await client.patch(
        f"{ENDPOINTS}/whe_none", json={"headers": {"X-B": "b"}}, headers={"If-Match": "*"}
    )

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/headers/Host")
    assert (stale.status_code, unknown.status_code) == (409, 404)
    assert await pool.fetchval("select count(*) from store.webhook_headers") == 1


async def test_a_stale_change_gets_the_current_endpoint_and_what_happened(
    client: httpx.AsyncClient,
) -> None:
    path = f"{ENDPOINTS}/{(await create(client))['id']}"
    await client.patch(path, json={"order": "strict"}, headers=at(1))

    for answer in (
        await client.patch(path, json={"order": "none"}, headers=at(1)),
        await client.post(f"{path}/rotate-secret", headers=at(1)),
        await client.post(f"{path}/disable", json={"reason": "x"}, headers=at(1)),
    ):
        conflict = answer.json()
        assert (answer.status_code, conflict["code"]) == (409, "row-version-conflict")
        assert (conflict["currentRowVersion"], conflict["current"]["order"]) == (2, "strict")
        assert [change["type"] for change in conflict["changes"]] == ["webhook.endpoint_changed"]
        assert "secret" not in conflict["current"]


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"url": "http://10.0.0.1/"}, {"/url"}),
        ({"events": []}, {"/events"}),
        ({"events": ["nothing.*", "invoice.posted"]}, {"/events/0"}),
        ({"order": "random"}, {"/order"}),
        ({"payload": None}, {"/payload"}),
        ({"category": "sometimes"}, {"/category"}),
        ({"rateLimit": 0, "order": 1}, {"/rateLimit", "/order"}),
        ({"rateLimit": 2**70}, {"/rateLimit"}),
        ({"rateLimit": "5"}, {"/rateLimit"}),
        ({"headers": []}, {"/headers"}),
        ({"headers": {"X": 1}}, {"/headers/X"}),
        ({"headers": {"X": ""}}, {"/headers/X"}),
        ({"headers": {"X": "a\r\nY: b"}}, {"/headers/X"}),
        ({"headers": {"X": "é"}, "url": "x" * 8}, {"/headers/X", "/url"}),
        ({"headers": {"": "x", "webhook-id": "x"}}, {"/headers/", "/headers/webhook-id"}),
        ({"headers": {"X-A": "x", "x-a": "y"}}, {"/headers/x-a"}),
        ({"headers": {f"X-{number}": "x" for number in range(11)}}, {"/headers"}),
        ({"colour": "red"}, {"/colour"}),
        ({"secret": "whsec_mine"}, {"/secret"}),
    ],
)
async def test_a_bad_body_is_refused_with_every_fault(
    client: httpx.AsyncClient, pool: Pool, body: dict[str, Any], pointers: set[str]
) -> None:
    answer = await client.post(ENDPOINTS, json={**BODY, **body})

    assert answer.status_code == 422, answer.text
    assert {error["pointer"] for error in answer.json()["errors"]} == pointers
    assert await pool.fetchval("select count(*) from store.events") == 0
    assert await pool.fetchval("select count(*) from store.webhook_secrets") == 0
    assert await pool.fetchval("select count(*) from store.webhook_headers") == 0


async def test_endpoints_are_listed_filtered_and_sorted(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    one = await create(client, order="strict", description="Ledger", headers={"X-A": "secret"})
    two = await create(client, payload="thin", rateLimit=3)
    await client.post(f"{ENDPOINTS}/{one['id']}/disable", json={"reason": "x"}, headers=at(1))
    await fan_out_follower(pool, lambda _book, _ids: None).catch_up()

    async def ids(query: str) -> list[str]:
        answer = await client.get(f"{ENDPOINTS}?{query}")
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert await ids("") == [two["id"], one["id"]]
    assert await ids("sort=createdAt") == [one["id"], two["id"]]
    assert await ids("status.eq=Disabled") == [one["id"]]
    assert await ids("order.in=none,aggregate") == [two["id"]]
    assert await ids("payload.eq=thin") == [two["id"]]
    assert await ids("description.contains=edge") == [one["id"]]
    assert await ids("url.startswith=https://example.com&limit=1") == [two["id"]]
    [_, listed] = (await client.get(ENDPOINTS)).json()["items"]
    assert (listed["order"], listed["headers"], listed["rowVersion"]) == ("strict", ["X-A"], 2)
    assert "secret" not in repr(listed)
    chosen = (await client.get(f"{ENDPOINTS}?fields=id,order&limit=1")).json()["items"]
    assert chosen == [{"id": two["id"], "order": "none"}]
    assert (await client.get(f"{ENDPOINTS}?order.eq=backwards")).status_code == 400


async def test_a_book_has_so_many_endpoints_and_no_more(
    client: httpx.AsyncClient, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "MAX_ENDPOINTS", 1)
    key = {"Idempotency-Key": "k"}
    first = await client.post(ENDPOINTS, json=BODY, headers=key)
    await fan_out_follower(pool, lambda _book, _ids: None).catch_up()

    second = await client.post(ENDPOINTS, json=BODY)
    again = await client.post(ENDPOINTS, json=BODY, headers=key)

    assert (second.status_code, second.json()["code"]) == (422, "rule-broken")
    assert "at most 1 webhook endpoints" in second.json()["detail"]
    assert again.json() == first.json()


async def test_an_endpoint_is_shown_as_it_was_and_its_history_outlives_it(
    client: httpx.AsyncClient,
) -> None:
    path = f"{ENDPOINTS}/{(await create(client, headers={'X-A': 'hunter2'}))['id']}"
    await client.patch(path, json={"order": "strict"}, headers=at(1))
    await client.delete(path, headers=at(2))

    was = await client.get(f"{path}?asOf=1")
    history = await client.get(f"{path}/events")

    assert (was.json()["order"], was.json()["rowVersion"]) == ("none", 1)
    assert (await client.get(f"{path}?asOf=yesterday")).status_code == 400
    assert [event["type"] for event in history.json()["items"]] == [
        "webhook.endpoint_created",
        "webhook.endpoint_changed",
        "webhook.endpoint_deleted",
    ]
    assert "hunter2" not in history.text
    assert (await client.get(f"{ENDPOINTS}/whe_none/events")).status_code == 404


async def test_a_delivery_that_does_not_exist_is_not_found(client: httpx.AsyncClient) -> None:
    created = await create(client)
    path = f"{ENDPOINTS}/{created['id']}/deliveries"

    assert (await client.get(path)).json() == {"items": [], "nextBefore": None}
    assert (await client.get(f"{path}/1/attempts")).status_code == 404
    assert (await client.get(f"{path}/99999999999999999999/attempts")).status_code == 400
    assert (await client.get(f"{path}?state.eq=lost")).status_code == 400


async def test_another_books_endpoint_is_not_found(
    client: httpx.AsyncClient, stranger: str
) -> None:
    created = await create(client)
    answer = await client.get(f"{ENDPOINTS}/{created['id']}", headers={"Authorization": stranger})
    assert answer.status_code == 404
