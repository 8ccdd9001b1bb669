import pytest

from domain.facts.webhook_endpoint import WebhookEndpointDeleted
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from store.ids import new_id
from store.replays import cancel_replay, create_replay, find_repeated, list_replays, selection_of
from tests.workers.receiver import reply
from tests.workers.replays import ask, carry_out, found, replayer
from tests.workers.stage import Stage
from tests.workers.webhooks import new_endpoint, tell


async def test_a_range_is_sent_again_with_the_same_ids_and_the_same_bytes(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(5)
    await stage.deliver()
    first = {it.headers["webhook-id"]: it.body for it in stage.receiver.requests}
    stage.receiver.requests.clear()

    replay = await carry_out(stage, await ask(stage, endpoint, "range", first=3, last=5))

    assert (replay.state, replay.total, replay.done, replay.failed) == ("done", 3, 3, 0)
    again = {it.headers["webhook-id"]: it.body for it in stage.receiver.requests}
    assert len(again) == 3
    assert again.items() <= first.items()
    assert [it.attempts for it in await stage.listed(endpoint)] == [1, 2, 2, 2, 1]


async def test_one_event_is_sent_again(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(3)
    await stage.deliver()
    stage.receiver.requests.clear()
    replay = await carry_out(stage, await ask(stage, endpoint, "one", first=2, last=2))
    assert (replay.total, len(stage.receiver.requests)) == (1, 1)
    assert b'"position":2,' in stage.receiver.requests[0].body


async def test_what_failed_is_sent_again_and_what_did_not_is_left_alone(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(2)
    await stage.deliver()
    stage.receiver.behave = reply(500)
    await stage.customers(3)
    while "pending" in {it.state for it in await stage.listed(endpoint)}:
        await stage.deliver()
        stage.clock.pass_(86_400)
    stage.receiver.requests.clear()
    stage.receiver.behave = reply(200)

    replay = await carry_out(stage, await ask(stage, endpoint, "failed"))

    assert (replay.total, replay.done, replay.failed) == (3, 3, 0)
    assert len(set(stage.receiver.ids)) == len(stage.receiver.ids) == 3
    assert {it.state for it in await stage.listed(endpoint)} == {"delivered"}


async def test_failed_since_goes_by_the_last_attempt(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    stage.receiver.behave = reply(410)
    await stage.customers(1)
    await stage.deliver()
    stage.clock.pass_(3600)
    assert [it.state for it in await stage.listed(endpoint)] == ["failed"]
    later = await ask(stage, endpoint, "failed", since=stage.clock())
    stage.clock.pass_(-7200)
    earlier = await ask(stage, endpoint, "failed", since=stage.clock())
    working = replayer(stage)
    await working.sweep()
    assert (await found(stage, later)).total == 0
    assert (await found(stage, earlier)).total == 1


async def test_a_replayed_delivery_gets_a_fresh_set_of_attempts(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    stage.receiver.behave = reply(500)
    await stage.customers(1)
    for _ in range(3):
        await stage.deliver()
        stage.clock.pass_(86_400)
    assert await stage.states(endpoint) == [("failed", 3)]
    id_ = await ask(stage, endpoint, "failed")
    await replayer(stage).sweep()
    for attempts in (4, 5):
        await stage.deliver()
        assert await stage.states(endpoint) == [("pending", attempts)]
        stage.clock.pass_(86_400)
    await stage.deliver()
    assert await stage.states(endpoint) == [("failed", 6)]
    replay = await carry_out(stage, id_)
    assert (replay.state, replay.done, replay.failed) == ("done", 1, 1)


async def test_events_from_before_the_endpoint_are_sent_when_asked_for(stage: Stage) -> None:
    await stage.customers(4)
    endpoint = await stage.endpoint()
    await stage.customers(1)
    await stage.deliver()
    assert len(stage.receiver.requests) == 1
    replay = await carry_out(stage, await ask(stage, endpoint, "never-attempted"))
    assert (replay.total, replay.done) == (4, 4)
    positions = [it.position for it in await stage.listed(endpoint)]
    assert positions == [6, 4, 3, 2, 1]
    again = await carry_out(stage, await ask(stage, endpoint, "never-attempted"))
    assert again.total == 0


async def test_only_what_the_endpoint_asks_for_is_replayed(stage: Stage) -> None:
    await stage.customers(2)
    endpoint = await new_endpoint(
        stage.books, stage.book.book_id, stage.receiver.url, events=["invoice.*"]
    )
    await stage.fan_out()
    for kind in ("range", "never-attempted"):
        replay = await carry_out(stage, await ask(stage, endpoint, kind))
        assert (replay.state, replay.total) == ("done", 0)


async def test_since_finds_the_first_position_of_an_instant(stage: Stage) -> None:
    await stage.customers(7)
    events = await stage.books.events(stage.book.book_id, after=0, limit=10)
    for event in events:
        selection = await selection_of(
            stage.pool, stage.book.book_id, "range", since=event.recorded_at
        )
        assert selection.after == event.position - 1
    future = await selection_of(stage.pool, stage.book.book_id, "range", since=stage.clock())
    assert (future.after, future.until) == (7, 7)


async def test_only_a_window_waits_at_a_time_so_that_new_events_need_not_queue(
    stage: Stage,
) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(20)
    await stage.deliver()
    id_ = await ask(stage, endpoint, "range", first=2)
    working = replayer(stage, window=6)
    for _ in range(3):
        await working.sweep()
    replay = await found(stage, id_)
    assert (replay.total, replay.planned, replay.waiting, replay.done) == (20, 6, 6, 0)
    assert (replay.rate(stage.clock()), replay.seconds_left(stage.clock())) == (None, None)
    await stage.deliver()
    stage.clock.pass_(2)
    replay = await found(stage, id_)
    assert replay.done == 6
    assert replay.rate(stage.clock()) == pytest.approx(3)
    assert replay.seconds_left(stage.clock()) == pytest.approx(14 / 3)
    assert (await carry_out(stage, id_, window=6)).done == 20


async def test_a_cancelled_replay_leaves_what_it_did_not_send_as_it_was(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(6)
    await stage.deliver()
    before = await stage.states(endpoint)
    id_ = await ask(stage, endpoint, "range")
    await replayer(stage, window=3).sweep()
    await cancel_replay(stage.pool, stage.book.book_id, id_, now=stage.clock())
    assert await stage.states(endpoint) == before
    replay = await found(stage, id_)
    assert (replay.state, replay.waiting, replay.active) == ("cancelled", 0, False)
    await replayer(stage).sweep()
    assert await stage.states(endpoint) == before


async def test_what_was_waiting_anyway_is_sent_at_once_and_survives_a_cancel(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    stage.receiver.behave = reply(500)
    await stage.customers(1)
    await stage.deliver()
    id_ = await ask(stage, endpoint, "range")
    await replayer(stage).sweep()
    await cancel_replay(stage.pool, stage.book.book_id, id_, now=stage.clock())
    assert await stage.states(endpoint) == [("pending", 1)]
    stage.receiver.behave = reply(200)
    await stage.deliver()
    assert await stage.states(endpoint) == [("delivered", 2)]


async def test_a_replay_of_a_deleted_endpoint_ends(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(3)
    id_ = await ask(stage, endpoint, "range")
    book_id = stage.book.book_id
    await tell(stage.books, book_id, WEBHOOK_ENDPOINT, endpoint, WebhookEndpointDeleted())
    await replayer(stage).sweep()
    await stage.fan_out()
    assert (await found(stage, id_)).state == "cancelled"
    assert {it.state for it in await stage.listed(endpoint)} == {"failed"}
    assert stage.receiver.requests == []


async def test_a_repeated_request_finds_the_first_replay(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    selection = await selection_of(stage.pool, stage.book.book_id, "range")
    ids = [new_id("rpl"), new_id("rpl")]
    made = [
        await create_replay(
            stage.pool,
            (stage.book.book_id, id_, endpoint),
            selection,
            by="key_test",
            now=stage.clock(),
            repeat=("key_test:once", b"same"),
        )
        for id_ in ids
    ]
    assert made == [True, False]
    known = await find_repeated(stage.pool, stage.book.book_id, "key_test:once")
    assert known is not None
    assert (known.replay_id, known.fingerprint) == (ids[0], b"same")
    listed = await list_replays(stage.pool, stage.book.book_id, endpoint)
    assert [it.replay_id for it in listed] == [ids[0]]
