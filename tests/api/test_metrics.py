"""What is counted, and who may see it."""

from typing import Any, cast

import httpx
import pytest
from prometheus_client import generate_latest

from api.metrics import UNMATCHED, Meters
from store.books import Book, Books
from store.database import Pool
from tests.api.conftest import serving
from tests.sample_api import client_of, sample_app


def counted(meters: Meters) -> list[str]:
    text = generate_latest(meters.registry).decode()
    return [line for line in text.splitlines() if line.startswith("daybook_http_requests_total")]


async def test_requests_are_counted_by_template_also_when_no_route_matches() -> None:
    meters = Meters()
    async with client_of(sample_app(), meters=meters) as client:
        for path in ("/api/orders/a", "/api/orders/b", "/nowhere", "/nowhere/else"):
            await client.get(path)
        await client.head("/api/orders/a")
        await client.request("MADEUP", "/api/orders/a")

    lines = counted(meters)
    name = "daybook_http_requests_total"
    order = "/api/orders/{code}"
    assert f'{name}{{method="GET",route="{order}",status="200"}} 2.0' in lines
    assert f'{name}{{method="HEAD",route="{order}",status="200"}} 1.0' in lines
    assert f'{name}{{method="GET",route="{UNMATCHED}",status="404"}} 2.0' in lines
    assert any('method="OTHER"' in line for line in lines)
    assert len(lines) == 4


async def test_metrics_tell_the_head_of_each_book_and_the_lag_of_its_followers(
    client: httpx.AsyncClient, book: Book
) -> None:
    await client.post("/api/invoices", json={})
    await client.get("/api/invoices")
    reply = await client.get("/metrics")

    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain")
    assert f'daybook_book_head{{book="{book.book_id}"}}' in reply.text
    assert f'daybook_follower_lag_events{{book="{book.book_id}",' in reply.text
    assert 'route="/api/invoices"' in reply.text


@pytest.mark.parametrize(
    ("peer", "status"), [("127.0.0.1", 200), ("::1", 200), ("203.0.113.9", 403), ("10.0.0.1", 403)]
)
async def test_strangers_do_not_see_metrics(
    client: httpx.AsyncClient, peer: str, status: int
) -> None:
    transport = cast("Any", client)._transport
    far = httpx.ASGITransport(app=transport.app, client=(peer, 1), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=far, base_url="http://daybook") as stranger:
        assert (await stranger.get("/metrics")).status_code == status


async def test_with_a_token_only_its_holder_sees_metrics(pool: Pool, books: Books) -> None:
    async with serving(pool, books, metrics_token="0123456789abcdef") as client:
        assert (await client.get("/metrics")).status_code == 401
        headers = {"Authorization": "Bearer 0123456789abcdef"}
        assert (await client.get("/metrics", headers=headers)).status_code == 200


# ---------------------------------------------------------------- browsers and compression


async def test_pages_of_listed_origins_may_call_and_read_what_they_need(
    pool: Pool, books: Books
) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"}
    async with serving(pool, books, cors_origins=["https://app.example"]) as client:
        preflight = await client.options("/api/invoices/inv_1", headers=asked)
        other = {**asked, "Origin": "https://evil.example"}
        refused = await client.options("/api/invoices/inv_1", headers=other)
        answer = await client.get("/api/invoices", headers={"Origin": "https://app.example"})

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert "If-Match".lower() in preflight.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-origin" not in refused.headers
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "ETag" in answer.headers["access-control-expose-headers"]


async def test_without_the_setting_no_page_may_call(client: httpx.AsyncClient) -> None:
    reply = await client.get("/api/invoices", headers={"Origin": "https://app.example"})
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize(("asked", "coding"), [("gzip", "gzip"), ("br, gzip", "br")])
async def test_long_answers_are_compressed_for_those_who_ask(
    client: httpx.AsyncClient, asked: str, coding: str
) -> None:
    long = await client.get("/api/openapi.json", headers={"Accept-Encoding": asked})
    short = await client.get("/healthz", headers={"Accept-Encoding": asked})
    plain = await client.get("/api/openapi.json", headers={"Accept-Encoding": "identity"})
    assert long.headers["content-encoding"] == coding
    assert "content-encoding" not in short.headers
    assert "content-encoding" not in plain.headers
    assert long.json() == plain.json()


async def test_a_trace_that_a_client_began_goes_on_in_the_book(client: httpx.AsyncClient) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    await client.post("/api/invoices", json={}, headers=headers)
    broken = {"traceparent": "00-0-0-01", "X-Request-Id": "mine"}
    await client.post("/api/invoices", json={}, headers=broken)
    events = (await client.get("/api/events")).json()["items"]
    assert [event["type"] for event in events] == ["invoice.drafted"] * 2
    history = [
        (await client.get(f"/api/invoices/{event['aggregate']['id']}/events")).json()["items"][0]
        for event in events
    ]
    assert [event["correlationId"] for event in history] == [trace, "mine"]
