from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from store.books import Book
from store.database import Pool

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ATTEMPTS = "/api/webhook-attempts"

INSERT = """
insert into store.attempts (book_id, endpoint_id, position, number, at, status, error, duration_ms,
                            peer, response, epoch, request_headers, body_sha256, name_ms)
values ($1, $2, $3, $4, $5, $6, $7, 12, '192.0.2.1', 'body', 1, $8, '\\x01ff', 1.5)
"""


@pytest.fixture
async def attempts(client: httpx.AsyncClient, pool: Pool, book: Book) -> list[tuple[Any, ...]]:
    """Twelve attempts, a minute apart: of two endpoints, three events and many statuses."""
    for name in ("One", "Two"):
        await client.post("/api/customers", json={"name": name})
    statuses = [200, 204, 301, 404, 410, 500, 503, None, 200, 200, 429, 200]
    made = []
    for minute, status in enumerate(statuses):
        endpoint, position = ("whe_a", "whe_b")[minute % 2], 1 + minute % 3
        at = NOON + timedelta(minutes=minute)
        made.append((endpoint, position, minute, at, status))
        error = None if status else "The host did not answer in time."
        headers = b'{"webhook-id":"evt_1"}'
        await pool.execute(
            INSERT, book.book_id, endpoint, position, minute, at, status, error, headers
        )
    for endpoint in ("whe_a", "whe_b"):
        await pool.execute(
            "insert into store.endpoint_leases (book_id, endpoint_id) values ($1, $2)",
            book.book_id,
            endpoint,
        )
        await pool.execute(
            "insert into store.deliveries (book_id, endpoint_id, position, state)"
            " select $1, $2, p, case p when 2 then 'failed' else 'delivered' end"
            " from generate_series(1, 3) as p",
            book.book_id,
            endpoint,
        )
    return made


async def minutes(client: httpx.AsyncClient, query: str) -> list[int]:
    """The minutes of the attempts found, over all pages of two."""
    found: list[int] = []
    cursor = ""
    while True:
        answer = await client.get(f"{ATTEMPTS}?limit=2&{query}{cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [it["number"] for it in page["items"]]
        if page["nextCursor"] is None:
            return found
        cursor = f"&cursor={page['nextCursor']}"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", range(12)),
        ("endpointId.eq=whe_a", range(0, 12, 2)),
        ("endpointId.eq=whe_none", ()),
        ("statusClass.eq=2xx", (0, 1, 8, 9, 11)),
        ("statusClass.eq=3xx", (2,)),
        ("statusClass.eq=4xx", (3, 4, 10)),
        ("statusClass.eq=5xx", (5, 6)),
        ("statusClass.eq=none", (7,)),
        ("state.eq=failed", (1, 4, 7, 10)),
        ("state.eq=failed&endpointId.eq=whe_b&statusClass.eq=2xx", (1,)),
        ("type.eq=customer.code_assigned", (1, 4, 7, 10)),
        ("type.eq=customer.*", range(12)),
        ("type.eq=invoice.*", ()),
        ("since=2026-11-21T12:05:00Z", range(5, 12)),
        ("until=2026-11-21T13:05:00%2B01:00", range(5)),
        ("since=2026-11-21T12:02:00Z&until=2026-11-21T12:04:00Z", (2, 3)),
    ],
)
@pytest.mark.usefixtures("attempts")
async def test_attempts_are_found_by_what_they_are_newest_first(
    client: httpx.AsyncClient, query: str, expected: Iterator[int]
) -> None:
    assert await minutes(client, query) == sorted(expected, reverse=True)


@pytest.mark.usefixtures("attempts")
async def test_attempts_of_the_same_instant_are_neither_lost_nor_repeated_between_pages(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    await pool.execute("update store.attempts set at = $1", NOON)
    assert sorted(await minutes(client, "")) == list(range(12))


@pytest.mark.usefixtures("attempts")
async def test_an_attempt_is_told_with_everything_that_is_known_of_it(
    client: httpx.AsyncClient,
) -> None:
    (item,) = (await client.get(f"{ATTEMPTS}?statusClass.eq=none")).json()["items"]
    event_id = item.pop("eventId")
    assert event_id.startswith("evt_")
    assert item == {
        "endpointId": "whe_b",
        "position": 2,
        "type": "customer.code_assigned",
        "deliveryState": "failed",
        "number": 7,
        "at": "2026-11-21T12:07:00Z",
        "status": None,
        "error": "The host did not answer in time.",
        "durationMs": 12,
        "phasesMs": {"name": 1.5, "connect": None, "firstByte": None},
        "peer": "192.0.2.1",
        "requestHeaders": {"webhook-id": "evt_1"},
        "bodySha256": "01ff",
        "response": "body",
    }
    path = "/api/webhook-endpoints/whe_b/deliveries/2/attempts?after=6&limit=1"
    (same,) = (await client.get(path)).json()["items"]
    assert same == {**item, "eventId": event_id}


@pytest.mark.usefixtures("attempts")
async def test_another_book_sees_none_of_them(client: httpx.AsyncClient, stranger: str) -> None:
    page = (await client.get(ATTEMPTS, headers={"Authorization": stranger})).json()
    assert page == {"items": [], "nextCursor": None}


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x",
        "cursor=eyJ9",
        "cursor=WyIyMDI2LTExLTIxVDEyOjA3OjAwWiIsIndoZV9iIiwyLDk5OTk5OTk5OTk5OTk5XQ",
        "cursor=WyIyMDI2LTExLTIxVDEyOjA3OjAwIiwid2hlX2IiLDIsM10",
        "statusClass.eq=6xx",
        "state.eq=lost",
        "since=yesterday",
        "since=2026-11-21T12:00:00",
        "until=0001-01-01T00:00:00%2B14:00",
        "limit=0",
    ],
)
async def test_what_cannot_be_meant_is_refused(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"{ATTEMPTS}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter"), answer.text


async def test_lost_leases_are_listed(client: httpx.AsyncClient, pool: Pool, book: Book) -> None:
    for epoch in (3, 7):
        await pool.execute(
            "insert into store.lost_leases values ($1, 'whe_a', $2, $3, $4)",
            book.book_id,
            epoch,
            NOON,
            NOON + timedelta(seconds=epoch),
        )
    listed = (await client.get("/api/webhook-endpoints/whe_a/lost-leases")).json()["items"]
    assert listed[0] == {
        "epoch": 7,
        "leasedAt": "2026-11-21T12:00:00Z",
        "lostAt": "2026-11-21T12:00:07Z",
    }
    assert [it["epoch"] for it in listed] == [7, 3]


async def test_event_types_are_listed_with_their_schemas(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/api/event-types")).json()["items"]
    known = {it["type"]: it for it in listed}
    assert known["webhook.ping"]["schemaVersion"] == 1
    answer = await client.get(known["invoice.posted"]["schema"])
    assert answer.headers["content-type"].startswith("application/schema+json")
    assert answer.json()["title"] == "invoice.posted"
    etag = {"If-None-Match": answer.headers["etag"]}
    assert (await client.get(known["invoice.posted"]["schema"], headers=etag)).status_code == 304
    assert (await client.get("/api/event-types/no.such/schema")).status_code == 404
