"""Keys over HTTP: who may call, and what for."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api.caller import KeyRing
from store.books import Book, Books, create_book
from store.database import Pool
from store.keys import create_key, end_key
from tests.api.conftest import serving

URL = "/api/api-keys"


async def made(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    reply = await client.post(URL, json={"name": "new", **body})
    assert reply.status_code == 201, reply.text
    key: dict[str, Any] = reply.json()
    assert reply.headers["location"] == f"{URL}/{key['id']}"
    return key


def bearing(key: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {key['key']}"}


async def test_a_key_is_shown_once_and_works_at_once(client: httpx.AsyncClient) -> None:
    key = await made(client, scopes=["audit", "read"])
    assert key["scopes"] == ["read", "audit"]
    assert (await client.get("/api/invoices", headers=bearing(key))).status_code == 200
    assert (await client.post("/api/invoices", json={}, headers=bearing(key))).status_code == 403
    listed = (await client.get(URL)).json()["items"]
    assert [it["id"] for it in listed][-1] == key["id"]
    assert key["key"] not in str(listed)


async def test_keys_are_listed_in_pages(client: httpx.AsyncClient) -> None:
    for _ in range(4):
        await made(client)
    first = (await client.get(URL, params={"limit": 3})).json()
    second = (await client.get(URL, params={"limit": 3, "after": first["nextAfter"]})).json()
    assert (len(first["items"]), len(second["items"])) == (3, 2)
    assert second["nextAfter"] is None
    ids = [it["id"] for it in [*first["items"], *second["items"]]]
    assert ids == sorted(ids)


async def test_a_revoked_key_stops_working_at_once(client: httpx.AsyncClient) -> None:
    key = await made(client)
    assert (await client.get("/api/invoices", headers=bearing(key))).status_code == 200
    assert (await client.delete(f"{URL}/{key['id']}")).status_code == 204
    refused = await client.get("/api/invoices", headers=bearing(key))
    assert refused.status_code == 401
    assert (await client.delete(f"{URL}/{key['id']}")).status_code == 404
    listed = {it["id"]: it for it in (await client.get(URL)).json()["items"]}
    assert listed[key["id"]]["revokedAt"] is not None


async def test_a_rotated_key_works_on_for_the_overlap(client: httpx.AsyncClient) -> None:
    old = await made(client, scopes=["read"])
    reply = await client.post(f"{URL}/{old['id']}/rotate", json={"overlapHours": 2})
    new = reply.json()
    assert (reply.status_code, new["scopes"], new["name"]) == (201, ["read"], "new")
    for key in (old, new):
        assert (await client.get("/api/invoices", headers=bearing(key))).status_code == 200
    listed = {it["id"]: it for it in (await client.get(URL)).json()["items"]}
    ends = datetime.fromisoformat(listed[old["id"]]["expiresAt"])
    assert timedelta(hours=1, minutes=59) < ends - datetime.now(UTC) <= timedelta(hours=2)
    assert listed[new["id"]]["expiresAt"] is None


async def test_without_an_overlap_the_old_key_ends_at_once(client: httpx.AsyncClient) -> None:
    old = await made(client)
    assert (await client.get("/api/invoices", headers=bearing(old))).status_code == 200
    reply = await client.post(f"{URL}/{old['id']}/rotate", json={"overlapHours": 0})
    assert reply.status_code == 201
    assert (await client.get("/api/invoices", headers=bearing(old))).status_code == 401
    again = await client.post(f"{URL}/{old['id']}/rotate")
    assert again.status_code == 404


async def test_a_key_ends_at_its_instant_even_while_it_is_remembered(
    pool: Pool, book: Book
) -> None:
    ring = KeyRing(pool)
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    text, _ = await create_key(pool, book.book_id, name="short", expires_at=soon)
    assert await ring.find(text) is not None
    deadline = asyncio.get_running_loop().time() + 2
    while await ring.find(text) is not None:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


async def test_no_key_can_make_one_that_may_more(client: httpx.AsyncClient) -> None:
    admin = await made(client, scopes=["admin"])
    reply = await client.post(
        URL, json={"name": "more", "scopes": ["read", "admin"]}, headers=bearing(admin)
    )
    assert (reply.status_code, reply.json()["code"]) == (403, "not-permitted")


async def test_a_repeated_request_makes_no_second_key(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = await client.post(URL, json={"name": "once"}, headers=headers)
    again = await client.post(URL, json={"name": "once"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 409)
    assert first.json()["id"] in again.json()["detail"]
    assert len((await client.get(URL)).json()["items"]) == 2


async def test_a_repeated_rotation_tells_which_key_it_made_though_the_old_one_is_gone(
    client: httpx.AsyncClient,
) -> None:
    path = f"{URL}/{(await made(client))['id']}/rotate"
    asked: dict[str, Any] = {"json": {"overlapHours": 0}, "headers": {"Idempotency-Key": "k1"}}
    first = await client.post(path, **asked)
    again = await client.post(path, **asked)
    other = await client.post(path, json={"overlapHours": 0})
    assert (first.status_code, again.status_code, other.status_code) == (201, 409, 404)
    assert first.json()["id"] in again.json()["detail"]
    assert len((await client.get(URL)).json()["items"]) == 3


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": ""}, 422),
        ({"name": "x", "scopes": []}, 422),
        ({"name": "x", "scopes": ["everything"]}, 422),
        ({"name": "x", "expiresAt": "2020-01-01T00:00:00Z"}, 400),
        ({"name": "x", "expiresAt": "2020-01-01T00:00:00"}, 422),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, body: dict[str, Any], status: int
) -> None:
    assert (await client.post(URL, json=body)).status_code == status


async def test_keys_of_other_books_are_out_of_reach(
    client: httpx.AsyncClient, stranger: str
) -> None:
    key = await made(client)
    headers = {"Authorization": stranger}
    assert (await client.delete(f"{URL}/{key['id']}", headers=headers)).status_code == 404
    assert (await client.post(f"{URL}/{key['id']}/rotate", headers=headers)).status_code == 404
    listed = (await client.get(URL, headers=headers)).json()["items"]
    assert key["id"] not in [it["id"] for it in listed]


async def test_other_processes_hear_of_a_revocation(pool: Pool, book: Book) -> None:
    text, key = await create_key(pool, book.book_id, name="mine")
    ring = KeyRing(pool)
    listening = asyncio.create_task(ring.listen())
    try:
        deadline = asyncio.get_running_loop().time() + 2.5
        # It may take a moment until the other process listens.
        while await ring.find(text) is not None:
            assert asyncio.get_running_loop().time() < deadline
            await end_key(pool, book.book_id, key.key_id)
            await pool.execute("select pg_notify('daybook_keys', $1)", book.book_id)
            await asyncio.sleep(0.01)
    finally:
        listening.cancel()


# ---------------------------------------------------------------- sandboxes


async def test_a_sandbox_lives_by_the_clock_that_was_set(client: httpx.AsyncClient) -> None:
    before = (await client.get("/api/sandbox/clock")).json()
    assert before["standing"] is False
    reply = await client.put("/api/sandbox/clock", json={"now": "2027-02-28T12:00:00Z"})
    assert reply.json() == {"now": "2027-02-28T12:00:00Z", "standing": True}
    reply = await client.post("/api/sandbox/clock/advance", json={"days": 1, "seconds": 30})
    assert reply.json()["now"] == "2027-03-01T12:00:30Z"
    assert (await client.get("/api/sandbox/clock")).json() == reply.json()
    released = await client.delete("/api/sandbox/clock")
    assert released.json()["standing"] is False


@pytest.mark.parametrize("body", [{}, {"days": -1}, {"days": 36_601}, {"seconds": 2**60}])
async def test_a_clock_is_advanced_by_something_sensible(
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    reply = await client.post("/api/sandbox/clock/advance", json=body)
    assert reply.status_code in {400, 422}


async def test_a_sandbox_begins_again_empty_for_every_key(client: httpx.AsyncClient) -> None:
    other = await made(client)
    await client.post("/api/invoices", json={})
    book_id = (await client.post("/api/sandbox/reset")).json()["bookId"]
    for headers in ({}, bearing(other)):
        assert (await client.get("/api/invoices", headers=headers)).json()["items"] == []
    created = await client.post("/api/invoices", json={})
    assert created.status_code == 201
    events = (await client.get("/api/events")).json()["items"]
    assert [(it["position"], it["bookId"]) for it in events] == [(1, book_id)]
    keys = (await client.get(URL)).json()["items"]
    assert len(keys) == 2
    again = (await client.post("/api/sandbox/reset")).json()["bookId"]
    assert again != book_id
    assert (await client.get("/api/events", headers=bearing(other))).json()["items"] == []


async def test_a_live_book_refuses_to_be_played_with(pool: Pool, books: Books) -> None:
    live = await create_book(pool, name="Live", mode="live")
    text, _ = await create_key(pool, live.book_id, name="mine")
    async with serving(pool, books) as client:
        client.headers["Authorization"] = f"Bearer {text}"
        replies = [
            await client.post("/api/sandbox/reset"),
            await client.put("/api/sandbox/clock", json={"now": "2027-01-01T00:00:00Z"}),
            await client.post("/api/sandbox/clock/advance", json={"days": 1}),
            await client.delete("/api/sandbox/clock"),
        ]
    assert [(it.status_code, it.json()["code"]) for it in replies] == [(409, "live-book")] * 4
