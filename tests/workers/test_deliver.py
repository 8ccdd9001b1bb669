import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
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
from projections.webhook_endpoints import read_endpoints
from store import deliveries
from store.books import Book, Books, create_book
from store.database import Pool
from store.delivery_log import Delivery, list_attempts, list_deliveries
from store.secrets import Keyring, add_secret
from tests.workers.receiver import Received, Receiver, receiving, reply
from tests.workers.webhooks import Clock, new_customers, new_endpoint, prepare, tell, until
from workers.deliver import Deliverer, open_deliverer
from workers.drain import Means
from workers.fan_out import fan_out_follower
from workers.sender import open_sender
from workers.signing import verify


@dataclass
class Stage:
    """Everything between a commit and a receiver, with a clock that only moves when told to."""

    pool: Pool
    books: Books
    book: Book
    keyring: Keyring
    clock: Clock
    means: Means
    deliverer: Deliverer
    receiver: Receiver

    async def endpoint(self, url: str | None = None, category: str = "post-transaction") -> str:
        id_ = await new_endpoint(
            self.books, self.book.book_id, url or self.receiver.url, category=category
        )
        self.secret = await add_secret(self.pool, self.keyring, self.book.book_id, id_)
        return id_

    async def customers(self, count: int = 1) -> None:
        """So many events, fanned out but not sent."""
        await new_customers(self.books, self.book.book_id, count)
        await self.fan_out()

    async def fan_out(self) -> None:
        await fan_out_follower(self.pool, lambda _book, _ids: None).catch_up()

    async def deliver(self) -> None:
        """Deliver what is due by the clock."""
        while await self.deliverer.sweep():
            await self.deliverer.settled()

    async def listed(self, endpoint_id: str) -> list[Delivery]:
        return await list_deliveries(self.pool, self.book.book_id, endpoint_id, limit=200)

    async def states(self, endpoint_id: str) -> list[tuple[str, int]]:
        return [(it.state, it.attempts) for it in await self.listed(endpoint_id)]

    async def delivered(self, endpoint_id: str, count: int) -> bool:
        """Whether so many were delivered, each at the first attempt, and nothing else is there."""
        return await self.states(endpoint_id) == [("delivered", 1)] * count


@pytest.fixture
async def stage(pool: Pool, books: Books, book: Book) -> AsyncIterator[Stage]:
    await prepare(pool)
    keyring, clock = Keyring([Keyring.new_key()]), Clock()
    async with open_sender(loopback=True) as sender, receiving() as receiver:
        means = Means(
            pool=pool,
            books=books,
            sender=sender,
            keyring=keyring,
            sockets=asyncio.Semaphore(100),
            clock=clock,
            chance=lambda: 0.0,
        )
        deliverer = Deliverer(means)
        yield Stage(pool, books, book, keyring, clock, means, deliverer, receiver)
        await deliverer.stop()


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
    assert await stage.states(endpoint) == [("pending", 1)] * 20
    [attempt] = await list_attempts(stage.pool, stage.book.book_id, endpoint, 2)
    assert attempt.status is None
    assert attempt.error

    stage.clock.pass_(31)
    async with receiving(port=port) as up:
        await stage.deliver()
        assert len(up.ids) == len(set(up.ids)) == 20
    assert await stage.states(endpoint) == [("delivered", 2)] * 20
    assert await stage.pool.fetchval("select count(*) from store.attempts") == 40


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


async def test_a_sender_that_lost_its_lease_records_nothing(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(2)
    book_id = stage.book.book_id
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def held_up(request: Received, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await answer.wait()
        await reply(500)(request, writer)

    stage.receiver.behave = held_up
    await stage.deliverer.sweep()
    await arrived.wait()
    await stage.pool.execute("update store.endpoint_leases set leased_until = '-infinity'")
    [successor] = await deliveries.lease(
        stage.pool, book_id, [endpoint], now=stage.clock(), seconds=60
    )
    answer.set()
    await stage.deliverer.settled()
    assert await stage.states(endpoint) == [("pending", 0)] * 2
    assert await list_attempts(stage.pool, book_id, endpoint, 2) == []

    stage.receiver.behave = reply(200)
    await deliveries.release(stage.pool, book_id, successor)
    await stage.deliver()
    assert await stage.states(endpoint) == [("delivered", 1)] * 2
    assert len(stage.receiver.ids) == 4
    assert len(set(stage.receiver.ids)) == 2


async def test_a_slow_endpoint_does_not_hold_up_another(stage: Stage) -> None:
    release = asyncio.Event()
    async with receiving() as slow:

        async def hangs(request: Received, writer: asyncio.StreamWriter) -> None:
            await release.wait()
            await reply(200)(request, writer)

        slow.behave = hangs
        stuck = await stage.endpoint(slow.url)
        quick = await stage.endpoint()
        await stage.customers(5)
        await stage.deliverer.sweep()
        await until(lambda: stage.delivered(quick, 5))
        await stage.customers(1)
        stage.deliverer.hint(stage.book.book_id, [quick, stuck])
        await until(lambda: stage.delivered(quick, 6))
        assert {state for state, _ in await stage.states(stuck)} == {"pending"}
        release.set()
        await stage.deliverer.settled()
        await stage.deliver()
        assert await stage.states(stuck) == [("delivered", 1)] * 6


async def test_hints_deliver_without_a_sweep_and_wrong_hints_do_no_harm(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(150)
    for _ in range(5):
        stage.deliverer.hint(stage.book.book_id, [endpoint, "whe_unknown"])
        stage.deliverer.hint("bok_unknown", [endpoint])
    await stage.deliverer.settled()
    assert await stage.states(endpoint) == [("delivered", 1)] * 150
    assert len(set(stage.receiver.ids)) == len(stage.receiver.ids) == 150


async def test_a_deliverer_that_runs_finds_the_work_by_itself(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(3)
    async with open_deliverer(stage.means):
        await until(lambda: stage.delivered(endpoint, 3))


async def test_stopping_finishes_what_is_under_way_and_starts_nothing_new(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(40)
    arrived = asyncio.Event()

    async def takes_a_moment(request: Received, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await asyncio.sleep(0.02)
        await reply(200)(request, writer)

    stage.receiver.behave = takes_a_moment
    await stage.deliverer.sweep()
    await arrived.wait()
    await stage.deliverer.stop()
    received = len(stage.receiver.requests)
    assert 0 < received < 40
    states = await stage.states(endpoint)
    assert sorted(states) == [("delivered", 1)] * received + [("pending", 0)] * (40 - received)

    successor = Deliverer(stage.means)
    await successor.sweep()
    await successor.settled()
    assert len(stage.receiver.ids) == len(set(stage.receiver.ids)) == 40, "nothing was sent twice"


async def test_without_a_readable_secret_nothing_is_sent_and_nothing_is_lost(
    stage: Stage,
) -> None:
    endpoint = await stage.endpoint()
    await stage.customers()
    await stage.pool.execute("update store.webhook_secrets set secret = 'damaged'")
    await stage.deliver()
    assert stage.receiver.requests == []
    assert await stage.states(endpoint) == [("pending", 0)]


async def test_live_books_never_send_to_this_machine(stage: Stage) -> None:
    live = await create_book(stage.pool, name="Live", mode="live")
    endpoint = await new_endpoint(stage.books, live.book_id, stage.receiver.url)
    await add_secret(stage.pool, stage.keyring, live.book_id, endpoint)
    await new_customers(stage.books, live.book_id)
    await stage.fan_out()
    await stage.deliver()
    assert stage.receiver.connections == 0
    [refused] = await list_deliveries(stage.pool, live.book_id, endpoint)
    assert refused.attempts == 1
    assert "https" in (refused.last_error or "")


async def test_no_signing_secret_is_in_the_log_or_the_read_models(stage: Stage) -> None:
    await stage.endpoint()
    await stage.customers()
    await stage.deliver()
    key = stage.secret.removeprefix("whsec_")
    tables = await stage.pool.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables"
        " where schemaname in ('store', 'projections')"
    )
    assert len(tables) > 5
    for table in tables:
        rows = await stage.pool.fetch(f"select t::text as row from {table['name']} t")  # noqa: S608 - from the catalogue
        assert not [row for row in rows if key in row["row"]], table["name"]
    assert await read_endpoints(stage.pool, stage.book.book_id)
