"""What is sent and kept with each attempt, as the endpoint asks for it."""

import base64
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.facts.webhook_endpoint import Header, WebhookEndpointChanged
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from store.attempt_log import list_attempts
from store.secrets import add_secret
from store.webhook_headers import keep_values
from tests.workers.stage import Stage
from tests.workers.webhooks import tell
from workers.signing import verify


async def test_the_record_holds_what_was_sent_and_how_long_it_took(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(3)
    await stage.deliver()
    rows = await stage.pool.fetch(
        "select request_headers::text as headers, body_sha256, name_ms, connect_ms, first_byte_ms"
        " from store.attempts order by at, position"
    )
    assert len(await list_attempts(stage.pool, stage.book.book_id, endpoint, 2)) == 1
    assert {row["body_sha256"] for row in rows} == {
        sha256(request.body).digest() for request in stage.receiver.requests
    }
    for row in rows:
        sent = msgspec.json.decode(row["headers"])
        assert sent.items() <= stage_headers(stage, sent["webhook-id"]).items()
        assert row["first_byte_ms"] > 0
    connected = [row["connect_ms"] for row in rows if row["connect_ms"] is not None]
    assert len(connected) == stage.receiver.connections < len(rows), "reused ones have none"


def stage_headers(stage: Stage, id_: str) -> dict[str, str]:
    [request] = [it for it in stage.receiver.requests if it.headers["webhook-id"] == id_]
    return request.headers


async def test_headers_of_an_integrator_are_sent_but_only_their_names_recorded(
    stage: Stage,
) -> None:
    endpoint = await stage.endpoint()
    values = await keep_values(
        stage.pool, stage.keyring, stage.book.book_id, endpoint, {"X-Api-Key": "hush"}
    )
    header = Header(name="X-Api-Key", value_id=values["X-Api-Key"])
    await tell(
        stage.books,
        stage.book.book_id,
        WEBHOOK_ENDPOINT,
        endpoint,
        WebhookEndpointChanged(headers=(header,)),
    )
    await stage.customers()
    await stage.deliver()
    [request] = stage.receiver.requests
    assert request.headers["x-api-key"] == "hush"
    assert b"hush" not in await stage.pool.fetchval("select value from store.webhook_headers")
    recorded = await stage.pool.fetchval("select request_headers::text from store.attempts")
    assert "hush" not in recorded
    assert msgspec.json.decode(recorded)["X-Api-Key"] == "***"


async def test_a_thin_payload_has_the_envelope_and_of_the_data_the_id(stage: Stage) -> None:
    await stage.endpoint(payload="thin")
    await stage.endpoint()
    await stage.customers()
    await stage.deliver()
    thin, full = sorted((it.body for it in stage.receiver.requests), key=len)
    slim, fat = msgspec.json.decode(thin), msgspec.json.decode(full)
    assert slim.pop("data") == {"id": fat["aggregate"]["id"]}
    assert fat.pop("data")["name"] == "Ofen Müller"
    assert slim == fat


async def test_a_private_key_adds_a_signature_that_its_public_key_verifies(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    private = await add_secret(
        stage.pool, stage.keyring, stage.book.book_id, endpoint, kind="ed25519"
    )
    await stage.customers()
    await stage.deliver()
    [request] = stage.receiver.requests
    verify(request.headers, request.body, [stage.secret], now=stage.clock().timestamp())
    hmac, ed25519 = request.headers["webhook-signature"].split(" ")
    assert hmac.startswith("v1,")
    assert ed25519.startswith("v1a,")
    public = Ed25519PublicKey.from_public_bytes(
        base64.b64decode(private.removeprefix("whsk_"))[32:]
    )
    signed = b"%s.%s.%s" % (
        request.headers["webhook-id"].encode(),
        request.headers["webhook-timestamp"].encode(),
        request.body,
    )
    public.verify(base64.b64decode(ed25519.removeprefix("v1a,")), signed)
