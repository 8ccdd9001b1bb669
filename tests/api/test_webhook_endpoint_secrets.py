"""Secrets over HTTP: rotated with an overlap, shown once, and never in an event."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from store.database import Pool
from store.secrets import live_secrets
from tests.api.test_webhook_endpoints import ENDPOINTS, at, create


class Sealed:
    """Reads what is sealed as if it were plain: which secrets sign, not how they are encrypted."""

    def unseal(self, sealed: bytes) -> str:
        return sealed.decode()


async def signing(pool: Pool, endpoint_id: str, hours: float = 0.0) -> int:
    """How many secrets sign in so many hours."""
    book_id = await pool.fetchval("select book_id from store.webhook_secrets limit 1")
    now = datetime.now(UTC) + timedelta(hours=hours, seconds=1)
    keyring: Any = Sealed()
    live = await live_secrets(pool, keyring, book_id, [endpoint_id], now=now)
    return len(live[endpoint_id])


async def test_a_rotated_secret_is_shown_once_and_overlaps_with_the_old_one(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    created = await create(client)
    path = f"{ENDPOINTS}/{created['id']}"

    answer = await client.post(f"{path}/rotate-secret", headers=at(1))

    rotated = answer.json()
    assert (answer.status_code, rotated["rowVersion"]) == (200, 2)
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != created["secret"]
    assert "rotate-secret" in rotated["availableActions"]
    old, new = rotated["secrets"]
    ends_in = datetime.fromisoformat(old["until"]) - datetime.now(UTC)
    assert timedelta(hours=23) < ends_in <= timedelta(hours=24)
    assert (new["number"], new["until"]) == (2, None)
    assert [await signing(pool, created["id"], hours) for hours in (0, 23, 25)] == [2, 2, 1]
    shown = await client.get(path)
    assert "secret" not in shown.json()
    [_, event] = (await client.get("/api/events")).json()["items"]
    assert event["type"] == "webhook.endpoint_secret_rotated"
    written = repr(await pool.fetch("select state::text from store.events"))
    assert rotated["secret"] not in shown.text + repr(event) + written


async def test_without_overlap_the_old_secret_ends_at_once(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    id_ = (await create(client))["id"]
    body = {"overlapHours": 0, "rowVersion": 1}
    assert (await client.post(f"{ENDPOINTS}/{id_}/rotate-secret", json=body)).status_code == 200
    assert await signing(pool, id_) == 1


async def test_a_repeated_rotation_runs_once_and_shows_the_same_secret(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    path = f"{ENDPOINTS}/{(await create(client))['id']}/rotate-secret"
    key = {"Idempotency-Key": "k"}

    first = await client.post(path, headers=at(1) | key)
    again = await client.post(path, headers=at(1) | key)
    other = await client.post(path, json={"overlapHours": 1}, headers=at(1) | key)

    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await pool.fetchval("select count(*) from store.webhook_secrets") == 2


@pytest.mark.parametrize("kind", ["hmac", "ed25519"])
async def test_a_dry_run_of_a_rotation_makes_no_secret_and_shows_none(
    client: httpx.AsyncClient, pool: Pool, kind: str
) -> None:
    path = f"{ENDPOINTS}/{(await create(client))['id']}"
    question = f"{path}/rotate-secret?dryRun=true"

    tried = await client.post(question, json={"kind": kind}, headers=at(1))
    stale = await client.post(question, headers=at(2))

    would_be = tried.json()
    assert (tried.status_code, tried.headers["dry-run"], would_be["rowVersion"]) == (200, "true", 2)
    assert (would_be["secrets"][-1]["kind"], len(would_be["secrets"])) == (kind, 2)
    assert would_be["secrets"][-1]["publicKey"] is None
    assert "secret" not in would_be
    assert "etag" not in tried.headers
    assert stale.status_code == 409
    assert (await client.get(path)).json()["rowVersion"] == 1
    assert await pool.fetchval("select count(*) from store.webhook_secrets") == 1


async def test_a_repeated_creation_shows_the_first_secret_even_after_a_rotation(
    client: httpx.AsyncClient,
) -> None:
    key, body = {"Idempotency-Key": "k"}, {"url": "https://example.com/", "events": ["*"]}
    first = await client.post(ENDPOINTS, json=body, headers=key)
    await client.post(f"{ENDPOINTS}/{first.json()['id']}/rotate-secret", headers=at(1))
    again = await client.post(ENDPOINTS, json=body, headers=key)
    assert again.json() == first.json()


async def test_an_endpoint_gets_a_private_key_of_which_the_public_half_is_shown(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    id_ = (await create(client))["id"]
    path = f"{ENDPOINTS}/{id_}"

    rotated = await client.post(f"{path}/rotate-secret", json={"kind": "ed25519"}, headers=at(1))

    assert "secret" not in rotated.json()
    [shared, private] = (await client.get(path)).json()["secrets"]
    assert (shared["kind"], shared["until"], shared["publicKey"]) == ("hmac", None, None)
    assert (private["kind"], private["number"], private["until"]) == ("ed25519", 1, None)
    assert len(base64.b64decode(private["publicKey"].removeprefix("whpk_"))) == 32
    assert await signing(pool, id_) == 2


async def test_so_many_secrets_sign_at_a_time_and_no_more(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    id_ = (await create(client))["id"]
    path = f"{ENDPOINTS}/{id_}/rotate-secret"
    for version in range(1, 5):
        assert (await client.post(path, headers=at(version))).status_code == 200

    refused = await client.post(path, headers=at(5))
    at_once = await client.post(path, json={"overlapHours": 0}, headers=at(5))

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/overlapHours")
    assert at_once.status_code == 200
    assert await signing(pool, id_) == 1
    assert await pool.fetchval("select count(*) from store.webhook_secrets") == 6


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"overlapHours": -1}, 422),
        ({"overlapHours": 169}, 422),
        ({"overlapHours": 1.5}, 422),
        ({"overlapHours": None}, 422),
        ({"overlapHours": 10**30}, 422),
        ({"kind": "rsa"}, 422),
        ({"secret": "whsec_mine"}, 422),
        ({"rowVersion": 2}, 400),
    ],
)
async def test_a_bad_rotation_is_refused_and_leaves_nothing(
    client: httpx.AsyncClient, pool: Pool, body: dict[str, Any], status: int
) -> None:
    path = f"{ENDPOINTS}/{(await create(client))['id']}/rotate-secret"
    assert (await client.post(path, json=body, headers=at(1))).status_code == status
    assert await pool.fetchval("select count(*) from store.webhook_secrets") == 1


async def test_what_does_not_exist_or_is_not_ones_own_cannot_be_rotated(
    client: httpx.AsyncClient, pool: Pool, stranger: str
) -> None:
    path = f"{ENDPOINTS}/{(await create(client))['id']}/rotate-secret"
    missing = await client.post(f"{ENDPOINTS}/whe_none/rotate-secret", headers=at(1))
    foreign = await client.post(path, headers=at(1) | {"Authorization": stranger})
    required = await client.post(path)
    assert [it.status_code for it in (missing, foreign, required)] == [404, 404, 428]
    assert await pool.fetchval("select count(*) from store.webhook_secrets") == 1
