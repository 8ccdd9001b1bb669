from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from store.books import Books
from store.database import Pool
from tests.api.test_webhook_endpoints import create
from tests.workers.receiver import Receiver, receiving, reply
from workers.fan_out import fan_out_follower
from workers.replay import Replayer


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def endpoint(client: httpx.AsyncClient, receiver: Receiver) -> str:
    """The path of an endpoint for customers that listens on this machine, after two events."""
    for name in ("One", "Two"):
        await client.post("/api/customers", json={"name": name})
    created = await create(client, url=receiver.url, events=["customer.*"])
    return f"/api/webhook-endpoints/{created['id']}"


def replayer(pool: Pool, books: Books) -> Replayer:
    return Replayer(pool, books, lambda _book, _ids: None)


async def start(client: httpx.AsyncClient, endpoint: str, **select: Any) -> dict[str, Any]:
    answer = await client.post(f"{endpoint}/replays", json={"select": select})
    assert answer.status_code == 202, answer.text
    shown: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{endpoint}/replays/{shown['id']}"
    return shown


async def test_a_replay_is_accepted_counted_and_shown_with_its_progress(
    client: httpx.AsyncClient, endpoint: str, pool: Pool, books: Books
) -> None:
    started = await start(client, endpoint, kind="never-attempted")
    assert (started["state"], started["total"], started["done"]) == ("pending", None, 0)
    await replayer(pool, books).sweep()
    shown = (await client.get(f"{endpoint}/replays/{started['id']}")).json()
    assert (shown["state"], shown["total"], shown["waiting"]) == ("running", 4, 4)
    assert (shown["done"], shown["failed"], shown["perSecond"]) == (0, 0, None)
    listed = (await client.get(f"{endpoint}/replays")).json()
    assert [it["id"] for it in listed["items"]] == [started["id"]]
    deliveries = (await client.get(f"{endpoint}/deliveries?type.eq=customer.created")).json()
    assert {it["replayId"] for it in deliveries["items"]} == {started["id"]}


@pytest.mark.parametrize(
    ("select", "first", "last"),
    [
        ({"kind": "one", "position": 2}, 2, 2),
        ({"kind": "range", "first": 2}, 2, 5),
        ({"kind": "range", "first": 2, "last": 3}, 2, 3),
        ({"kind": "range", "first": 2, "last": 10**9}, 2, 5),
        ({"kind": "failed", "since": "2026-01-01T00:00:00Z"}, 1, 5),
        ({"kind": "never-attempted"}, 1, 5),
        ({"kind": "never-attempted", "since": "2020-01-01T00:00:00+02:00"}, 1, 5),
        ({"kind": "never-attempted", "since": "2999-01-01T00:00:00Z"}, 6, 5),
    ],
)
async def test_what_is_selected_is_told_in_positions(
    client: httpx.AsyncClient, endpoint: str, select: dict[str, Any], first: int, last: int
) -> None:
    started = await start(client, endpoint, **select)
    assert (started["first"], started["last"]) == (first, last)


@pytest.mark.parametrize(
    ("select", "status"),
    [
        ({"kind": "one", "position": 99}, 404),
        ({"kind": "one"}, 422),
        ({"kind": "one", "position": 0}, 422),
        ({"kind": "range", "first": 5, "last": 4}, 422),
        ({"kind": "failed"}, 422),
        ({"kind": "failed", "since": "2026-01-01T00:00:00"}, 422),
        ({"kind": "everything"}, 422),
        ({}, 422),
    ],
)
async def test_what_cannot_be_selected_is_refused(
    client: httpx.AsyncClient, endpoint: str, select: dict[str, Any], status: int
) -> None:
    answer = await client.post(f"{endpoint}/replays", json={"select": select})
    assert answer.status_code == status, answer.text


async def test_a_repeated_request_starts_one_replay_and_another_body_is_refused(
    client: httpx.AsyncClient, endpoint: str
) -> None:
    headers = {"Idempotency-Key": "again"}
    bodies = [{"select": {"kind": "one", "position": position}} for position in (1, 1, 2)]
    answers = [
        await client.post(f"{endpoint}/replays", json=body, headers=headers) for body in bodies
    ]
    assert [it.status_code for it in answers] == [202, 202, 422]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert len((await client.get(f"{endpoint}/replays")).json()["items"]) == 1


async def test_a_replay_can_be_cancelled_until_it_is_done(
    client: httpx.AsyncClient, endpoint: str, pool: Pool, books: Books
) -> None:
    cancelled = await start(client, endpoint, kind="range", first=1)
    path = f"{endpoint}/replays/{cancelled['id']}/cancel"
    for _ in range(2):
        answer = await client.post(path)
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    done = await start(client, endpoint, kind="range", first=5)
    for _ in range(3):
        await replayer(pool, books).sweep()
    shown = (await client.get(f"{endpoint}/replays/{done['id']}")).json()
    assert (shown["state"], shown["total"], shown["secondsLeft"]) == ("done", 0, None)
    answer = await client.post(f"{endpoint}/replays/{done['id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid-transition")


async def test_replays_are_of_their_endpoint_and_book_alone(
    client: httpx.AsyncClient, endpoint: str, stranger: str
) -> None:
    started = await start(client, endpoint, kind="range", first=1)
    other = await create(client)
    path = f"/api/webhook-endpoints/{other['id']}/replays"
    assert (await client.get(f"{path}/{started['id']}")).status_code == 404
    assert (await client.get(path)).json()["items"] == []
    headers = {"Authorization": stranger}
    body = {"select": {"kind": "range", "first": 1}}
    answer = await client.post(f"{endpoint}/replays", json=body, headers=headers)
    assert answer.status_code == 404
    answer = await client.get(f"{endpoint}/replays/{started['id']}", headers=headers)
    assert answer.status_code == 404


async def test_a_ping_answers_what_the_receiver_did(
    client: httpx.AsyncClient, endpoint: str, receiver: Receiver
) -> None:
    receiver.behave = reply(503, b"not now")
    shown = (await client.post(f"{endpoint}/ping")).json()
    assert (shown["accepted"], shown["status"], shown["response"]) == (False, 503, "not now")
    assert shown["requestHeaders"]["webhook-id"] == shown["id"]
    assert shown["phasesMs"]["firstByte"] > 0
    receiver.behave = reply(204)
    assert (await client.post(f"{endpoint}/ping")).json()["accepted"] is True
    listed = (await client.get(f"{endpoint}/pings?limit=1")).json()
    assert [it["status"] for it in listed["items"]] == [204]
    rest = (await client.get(f"{endpoint}/pings?before={listed['nextBefore']}")).json()
    assert [it["id"] for it in rest["items"]] == [shown["id"]]


async def test_an_integrators_own_header_is_sent_and_shown_without_its_value(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    created = await create(client, url=receiver.url, headers={"X-Api-Key": "hush"})
    answer = await client.post(f"/api/webhook-endpoints/{created['id']}/ping")
    [request] = receiver.requests
    assert request.headers["x-api-key"] == "hush"
    assert answer.json()["requestHeaders"]["X-Api-Key"] == "***"
    assert "hush" not in answer.text


async def test_what_is_listed_of_an_endpoint_that_never_was_is_not_found_and_of_a_deleted_one_stays(
    client: httpx.AsyncClient, endpoint: str
) -> None:
    lists = ("deliveries", "lost-leases", "replays", "pings")
    await client.delete(endpoint, headers={"If-Match": '"1"'})
    for name in lists:
        assert (await client.get(f"{endpoint}/{name}")).json()["items"] == []
        answer = await client.get(f"/api/webhook-endpoints/whe_none/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), name


async def test_what_is_listed_of_another_books_endpoint_is_not_found(
    client: httpx.AsyncClient, endpoint: str, stranger: str
) -> None:
    for name in ("deliveries", "lost-leases", "replays", "pings"):
        answer = await client.get(f"{endpoint}/{name}", headers={"Authorization": stranger})
        assert answer.status_code == 404, name


async def test_an_endpoint_that_is_not_there_cannot_be_pinged(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/webhook-endpoints/whe_none/ping")
    assert answer.status_code == 404


async def test_the_deliveries_of_an_event_are_listed_by_endpoint(
    client: httpx.AsyncClient, endpoint: str, pool: Pool
) -> None:
    ids = [endpoint.rpartition("/")[2]]
    ids += [(await create(client, events=["customer.created"]))["id"] for _ in range(2)]
    await client.post("/api/customers", json={"id": "late", "name": "Late"})
    await fan_out_follower(pool, lambda _book, _ids: None).catch_up()
    position = (await client.get("/api/events?limit=200")).json()["head"]
    page = (await client.get(f"/api/events/{position}/deliveries?limit=2")).json()
    after = page["nextAfter"]
    rest = (await client.get(f"/api/events/{position}/deliveries?after={after}")).json()
    assert [it["endpointId"] for it in page["items"] + rest["items"]] == sorted(ids)
    assert rest["nextAfter"] is None
    assert (await client.get("/api/events/1/deliveries")).json()["items"] == []
    for nowhere, status in ((0, 400), (position + 1, 404), (10**30, 400)):
        answer = await client.get(f"/api/events/{nowhere}/deliveries")
        assert answer.status_code == status, answer.text
