"""Every POST of the route table runs once for one Idempotency-Key, also if it is no command."""

import asyncio
from typing import Any

import httpx
import pytest

from store.books import Books, create_book
from store.database import Pool
from store.keys import create_key
from tests.api.conftest import serving
from tests.api.everything import Operation, Owner, guarded
from tests.api.test_replays import start
from tests.api.test_webhook_endpoints import create
from tests.workers.receiver import receiving

CLOCK, RESET = "/api/sandbox/clock/advance", "/api/sandbox/reset"
TEXT_SHOWN_ONCE = {"POST /api/api-keys", "POST /api/api-keys/{key_id}/rotate"}


def posts() -> list[Operation]:
    return [it for it in guarded() if it.method == "POST"]


async def test_a_malformed_key_is_refused_by_every_post(owner: Owner) -> None:
    wrong = {}
    for operation in posts():
        answer = await owner.ask(operation, headers={"Idempotency-Key": "k" * 256})
        if "Idempotency-Key" not in answer.text or answer.status_code != 400:
            wrong[operation.name] = answer.text
    assert wrong == {}
    assert len(posts()) > 50


async def test_a_repeated_post_is_answered_alike_and_says_so(owner: Owner) -> None:
    wrong, ran = {}, set()
    for number, operation in enumerate(posts()):
        key = {"Idempotency-Key": f"once-{number}"}
        first = await owner.ask(operation, headers=key)
        again = await owner.ask(operation, headers=key)
        if not first.is_success:
            alike = again.json()["code"] == first.json()["code"]
        elif operation.name in TEXT_SHOWN_ONCE:
            alike = first.json()["id"] in again.json().get("detail", "")
        else:
            alike = (again.status_code, again.text) == (first.status_code, first.text)
            tried = "dry-run" in first.headers  # which uses no key up
            alike = alike and ("idempotent-replayed" in again.headers) is not tried
            ran.add(operation.name)
        if not alike:
            wrong[operation.name] = f"{first.status_code} {first.text} / {again.text}"
    assert wrong == {}
    assert len(ran) > 20


async def test_a_repeated_advance_advances_once_and_another_one_with_its_key_is_refused(
    client: httpx.AsyncClient,
) -> None:
    await client.put("/api/sandbox/clock", json={"now": "2027-01-01T00:00:00Z"})
    key = {"Idempotency-Key": "a day"}

    first = await client.post(CLOCK, json={"days": 1}, headers=key)
    again = await client.post(CLOCK, json={"days": 1}, headers=key)
    other = await client.post(CLOCK, json={"days": 2}, headers=key)
    command = await client.post("/api/customers", json={"name": "Acme"}, headers=key)

    assert first.json() == again.json() == {"now": "2027-01-02T00:00:00Z", "standing": True}
    assert "idempotent-replayed" not in first.headers
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert (command.status_code, command.json()["code"]) == (422, "idempotency-key-reused")
    assert (await client.get("/api/sandbox/clock")).json() == first.json()


async def test_a_repeated_reset_resets_once_even_after_another_one(
    client: httpx.AsyncClient,
) -> None:
    key = {"Idempotency-Key": "fresh"}
    first = await client.post(RESET, headers=key)
    again = await client.post(RESET, headers=key)
    other = await client.post(RESET)
    later = await client.post(RESET, headers=key)

    assert first.json() == again.json() == later.json() != other.json()
    assert later.headers["idempotent-replayed"] == "true"
    await client.post("/api/customers", json={"name": "Acme"})
    events = (await client.get("/api/events")).json()["items"]
    assert {it["bookId"] for it in events} == {other.json()["bookId"]}


async def test_of_resets_at_the_same_moment_each_key_has_one(client: httpx.AsyncClient) -> None:
    keyed = [client.post(RESET, headers={"Idempotency-Key": "same"}) for _ in range(4)]
    answers = await asyncio.gather(*keyed)
    assert {it.status_code for it in answers} == {200}
    assert len({it.json()["bookId"] for it in answers}) == 1

    answers = await asyncio.gather(*(client.post(RESET) for _ in range(3)))
    assert min(it.status_code for it in answers) == 200
    assert {it.json().get("code") for it in answers} <= {None, "invalid-transition"}


async def test_what_a_live_book_refuses_uses_no_key_up(pool: Pool, books: Books) -> None:
    live = await create_book(pool, name="Live", mode="live")
    text, _ = await create_key(pool, live.book_id, name="test")
    headers = {"Authorization": f"Bearer {text}", "Idempotency-Key": "k"}
    async with serving(pool, books) as client:
        answers = [await client.post(RESET, headers=headers) for _ in range(2)]
    assert [it.json()["code"] for it in answers] == ["live-book"] * 2
    assert await pool.fetchval("select count(*) from store.commands") == 0


async def test_a_repeated_ping_is_sent_once(client: httpx.AsyncClient, pool: Pool) -> None:
    async with receiving() as receiver:
        path = f"/api/webhook-endpoints/{(await create(client, url=receiver.url))['id']}/ping"
        key = {"Idempotency-Key": "try it"}
        first = await client.post(path, headers=key)
        again = await client.post(path, headers=key)
        assert (first.json(), again.headers["idempotent-replayed"]) == (again.json(), "true")
        assert len(receiver.requests) == 1
        await pool.execute("delete from store.pings")
        late = await client.post(path, headers=key)
    assert (late.status_code, late.json()["id"] != first.json()["id"]) == (200, True)


async def test_pings_of_one_key_at_the_same_moment_are_answered_alike(
    client: httpx.AsyncClient,
) -> None:
    async with receiving() as receiver:
        path = f"/api/webhook-endpoints/{(await create(client, url=receiver.url))['id']}/ping"
        key = {"Idempotency-Key": "try it"}
        answers = await asyncio.gather(*(client.post(path, headers=key) for _ in range(3)))
    assert len({it.json()["id"] for it in answers}) == 1


async def test_a_dry_run_does_not_care_what_its_key_was_used_for(client: httpx.AsyncClient) -> None:
    endpoint = f"/api/webhook-endpoints/{(await create(client))['id']}"
    key = {"Idempotency-Key": "k"}
    await client.post("/api/customers", json={"name": "Acme"}, headers=key)
    replay = await start(client, endpoint, kind="range", first=1)
    path = f"{endpoint}/replays/{replay['id']}/cancel"

    tried = await client.post(path, params={"dryRun": "true"}, headers=key)
    meant = await client.post(path, headers=key)

    assert (tried.status_code, tried.json()["state"]) == (200, "cancelled")
    assert (meant.status_code, meant.json()["code"]) == (422, "idempotency-key-reused")


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_cancelled_replay_is_cancelled_once_and_a_dry_run_cancels_nothing(
    client: httpx.AsyncClient, pool: Pool, *, dry_run: bool
) -> None:
    endpoint = f"/api/webhook-endpoints/{(await create(client))['id']}"
    replay = await start(client, endpoint, kind="range", first=1)
    path, key = f"{endpoint}/replays/{replay['id']}", {"Idempotency-Key": "stop"}
    asked: dict[str, Any] = {"params": {"dryRun": str(dry_run).lower()}, "headers": key}

    first = await client.post(f"{path}/cancel", **asked)
    again = await client.post(f"{path}/cancel", **asked)

    assert first.json()["state"] == again.json()["state"] == "cancelled"
    assert first.json()["endedAt"] is not None
    shown = (await client.get(path)).json()
    if dry_run:
        assert first.headers["dry-run"] == again.headers["dry-run"] == "true"
        assert (shown["state"], shown["endedAt"]) == ("pending", None)
        assert await pool.fetchval("select count(*) from store.commands") == 0
    else:
        assert again.json() == first.json() == shown
        assert again.headers["idempotent-replayed"] == "true"
