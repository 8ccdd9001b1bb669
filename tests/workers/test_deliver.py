import asyncio
import random
from datetime import timedelta

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook

from domain.errors import NotAllowed
from domain.facts.webhook_endpoint import (
    WebhookEndpointDeleted,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
)
from domain.webhook_endpoint import WEBHOOK_ENDPOINT, disable
from store.attempt_log import list_attempts
from store.secrets import add_secret
from tests.workers.receiver import Received, receiving, reply
from tests.workers.stage import Stage
from tests.workers.webhooks import tell
from workers.breaker import FAILURES
from workers.signing import verify


async def test_an_event_arrives_signed_once_and_on_the_record(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers()
    stage.receiver.behave = reply(200, b"thanks")
    await stage.deliver()

    [request] = stage.receiver.requests
    verify(request.headers, request.body, [stage.secret], now=stage.clock().timestamp())
    body = msgspec.json.decode(request.body)
    assert (body["type"], body["position"]) == ("customer.created", 2)
    assert request.headers["webhook-id"] == body["id"]
    assert await stage.states(endpoint) == [("delivered", 1)]
    [attempt] = await list_attempts(stage.pool, stage.book.book_id, endpoint, 2)
    assert (attempt.status, attempt.response, attempt.peer) == (200, "thanks", "127.0.0.1")
    assert attempt.at == stage.clock()


async def test_an_independent_verifier_accepts_what_arrives_with_both_live_secrets(
    stage: Stage,
) -> None:
    endpoint = await stage.endpoint()
    old = stage.secret
    new = await add_secret(
        stage.pool, stage.keyring, stage.book.book_id, endpoint, overlap=timedelta(hours=2)
    )
    await stage.customers()
    stage.clock.pass_(-3600 + 60)  # the other verifier looks at the real clock
    await stage.deliver()
    [request] = stage.receiver.requests
    for secret in (old, new):
        Webhook(secret).verify(request.body, request.headers)


async def test_a_failing_receiver_is_tried_by_the_policy_and_then_given_up(stage: Stage) -> None:
    endpoint = await stage.endpoint(category="post-transaction")
    await stage.customers()
    stage.receiver.behave = reply(500, b"broken")
    for requests, wait in ((1, 29.0), (1, 1.0), (2, 299.0), (2, 1.0), (3, 1e7)):
        await stage.deliver()
        assert len(stage.receiver.requests) == requests
        stage.clock.pass_(wait)
    await stage.deliver()
    assert len(stage.receiver.requests) == 3
    [failed] = await stage.listed(endpoint)
    assert (failed.state, failed.attempts, failed.last_status) == ("failed", 3, 500)
    assert len({request.body for request in stage.receiver.requests}) == 1
    assert len({request.headers["webhook-id"] for request in stage.receiver.requests}) == 1
    stamps = [int(request.headers["webhook-timestamp"]) for request in stage.receiver.requests]
    assert stamps == sorted(set(stamps)), "each attempt is signed at its own time"


async def test_a_standard_endpoint_is_tried_ten_times(stage: Stage) -> None:
    endpoint = await stage.endpoint(category="standard")
    await stage.customers()
    stage.receiver.behave = reply(503)
    for _ in range(15):
        await stage.deliver()
        stage.clock.pass_(86400)
    assert len(stage.receiver.requests) == 10
    assert await stage.states(endpoint) == [("failed", 10)]


async def test_a_receiver_that_asks_for_patience_gets_it(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers()
    stage.receiver.behave = reply(429, retry_after="600")
    await stage.deliver()
    [waiting] = await stage.listed(endpoint)
    assert waiting.next_at == stage.clock() + timedelta(seconds=600)


async def test_a_redirect_is_a_failure(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers()
    stage.receiver.behave = reply(302, location="https://example.com/")
    await stage.deliver()
    assert await stage.states(endpoint) == [("pending", 1)]


async def test_a_receiver_that_was_down_gets_everything_when_it_is_up(stage: Stage) -> None:
    async with receiving() as down:
        url, port = down.url, down.port
    endpoint = await stage.endpoint(url)
    await stage.customers(20)
    await stage.deliver()
    states = await stage.states(endpoint)
    tried = [state for state in states if state == ("pending", 1)]
    assert FAILURES <= len(tried) < 2 * FAILURES
    assert set(states) - set(tried) == {("pending", 0)}, "what waits does not use up attempts"
    [attempt] = await list_attempts(stage.pool, stage.book.book_id, endpoint, 2)
    assert attempt.status is None
    assert attempt.error

    stage.clock.pass_(31)
    async with receiving(port=port) as up:
        await stage.deliver()
        assert len(up.ids) == len(set(up.ids)) == 20
    assert {state for state, _ in await stage.states(endpoint)} == {"delivered"}
    made = await stage.pool.fetchval("select count(*) from store.attempts")
    assert made == 20 + len(tried)


async def test_a_receiver_that_fails_at_random_gets_every_event_and_no_attempt_is_written_twice(
    stage: Stage,
) -> None:
    endpoint = await stage.endpoint(category="standard")
    await stage.customers(60)
    fate = random.Random(7)  # noqa: S311 - which request fails is no secret
    accepted: list[str] = []

    async def flaky(request: Received, writer: asyncio.StreamWriter) -> None:
        if fate.random() < 0.4:
            await fate.choice([reply(500), reply(301), hang_up])(request, writer)
        else:
            accepted.append(request.headers["webhook-id"])
            await reply(204)(request, writer)

    async def hang_up(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.close()

    stage.receiver.behave = flaky
    for _ in range(12):
        await asyncio.gather(*(stage.deliver() for _ in range(3)))
        stage.clock.pass_(86400)
    assert {state for state, _ in await stage.states(endpoint)} == {"delivered"}
    assert len(accepted) == len(set(accepted)) == 60
    attempts = await stage.pool.fetchval("select count(*) from store.attempts")
    assert attempts == len(stage.receiver.requests)


async def test_a_gone_endpoint_is_disabled_at_once_and_what_waits_is_kept(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(30)
    stage.receiver.behave = reply(410)
    await stage.deliver()
    entity = await stage.books.get(stage.book.book_id, WEBHOOK_ENDPOINT(endpoint))
    assert (entity.state.status, entity.state.disabled_reason) == (
        "Disabled",
        "It answered 410 Gone.",
    )
    assert len(stage.receiver.requests) < 30, "nothing new is started once it said so"
    events = await stage.books.history(stage.book.book_id, WEBHOOK_ENDPOINT(endpoint))
    assert events[-1].metadata.actor == "webhooks"
    assert events[-1].metadata.causation_id in stage.receiver.ids

    await stage.fan_out()
    asked = len(stage.receiver.requests)
    stage.clock.pass_(1e6)
    await stage.deliver()
    assert len(stage.receiver.requests) == asked
    stage.receiver.behave = reply(200)
    await tell(
        stage.books, stage.book.book_id, WEBHOOK_ENDPOINT, endpoint, WebhookEndpointEnabled()
    )
    await stage.fan_out()
    await stage.deliver()
    assert sorted(await stage.states(endpoint)) == sorted(
        [("failed", 1)] * asked + [("delivered", 1)] * (30 - asked)
    )


async def test_an_endpoint_that_is_disabled_already_may_answer_gone(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers()
    gone = WebhookEndpointDisabled(reason="Maintenance.")
    await tell(stage.books, stage.book.book_id, WEBHOOK_ENDPOINT, endpoint, gone)
    stage.receiver.behave = reply(410)
    await stage.deliver()
    entity = await stage.books.get(stage.book.book_id, WEBHOOK_ENDPOINT(endpoint))
    assert entity.state.disabled_reason == "Maintenance."
    with pytest.raises(NotAllowed):
        disable(entity.state, reason="again")


async def test_a_deleted_endpoint_gets_nothing_more(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(3)
    await tell(
        stage.books, stage.book.book_id, WEBHOOK_ENDPOINT, endpoint, WebhookEndpointDeleted()
    )
    await stage.fan_out()
    await stage.deliver()
    assert stage.receiver.requests == []
    assert await stage.states(endpoint) == [("failed", 0)] * 3
