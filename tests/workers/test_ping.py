import hashlib

import msgspec
import pytest

from domain.errors import NotFound
from domain.facts.webhook_endpoint import WebhookEndpointDisabled
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from store.pings import list_pings
from tests.workers.receiver import reply
from tests.workers.stage import Stage
from tests.workers.webhooks import tell
from workers.ping import ping
from workers.signing import verify


async def test_a_ping_arrives_signed_and_is_on_the_record(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    stage.receiver.behave = reply(202, b"pong")
    made = await ping(stage.means, stage.book.book_id, endpoint)
    (request,) = stage.receiver.requests
    verify(request.headers, request.body, [stage.secret], now=stage.clock().timestamp())
    body = msgspec.json.decode(request.body)
    assert (body["type"], body["data"]) == ("webhook.ping", {"endpointId": endpoint})
    assert (made.status, made.response, made.error) == (202, b"pong", None)
    assert made.body_sha256 == hashlib.sha256(request.body).digest()
    assert msgspec.json.decode(made.request_headers)["webhook-id"] == made.ping_id == body["id"]
    assert made.timings.first_byte_ms is not None
    (listed,) = await list_pings(stage.pool, stage.book.book_id, endpoint)
    assert (listed.ping_id, listed.status, listed.response) == (made.ping_id, 202, b"pong")
    assert await stage.listed(endpoint) == []


async def test_a_disabled_endpoint_can_be_tried_out(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    disabled = WebhookEndpointDisabled(reason="It failed.")
    await tell(stage.books, stage.book.book_id, WEBHOOK_ENDPOINT, endpoint, disabled)
    await stage.fan_out()
    assert (await ping(stage.means, stage.book.book_id, endpoint)).status == 200


async def test_a_ping_that_reaches_nobody_says_why(stage: Stage) -> None:
    endpoint = await stage.endpoint("http://10.0.0.1/hook")
    made = await ping(stage.means, stage.book.book_id, endpoint)
    assert made.status is None
    assert made.error
    assert stage.receiver.connections == 0


async def test_only_an_endpoint_of_the_book_can_be_pinged(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await ping(stage.means, stage.book.book_id, "whe_other")
