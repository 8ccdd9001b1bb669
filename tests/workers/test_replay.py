import asyncio
import random
import sys
from collections.abc import Sequence
from datetime import datetime

import pytest

from domain.facts.webhook_endpoint import WebhookEndpointDeleted
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from store.books import open_books
from store.database import open_pool
from store.ids import new_id
from store.replays import (
    Kind,
    Replay,
    cancel_replay,
    create_replay,
    find_repeated,
    find_replay,
    list_replays,
    selection_of,
    topics_wanted,
)
from tests.workers.receiver import reply
from tests.workers.stage import Stage
from tests.workers.webhooks import new_endpoint, tell, until
from workers.replay import Replayer


def unheard(_book_id: str, _endpoint_ids: Sequence[str]) -> None:
    """Sweeps deliver, in these tests, when they are told to."""


def replayer(stage: Stage, window: int = 2000) -> Replayer:
    return Replayer(stage.pool, stage.books, unheard, clock=stage.clock, window=window)


async def ask(
    stage: Stage,
    endpoint_id: str,
    kind: Kind,
    *,
    first: int = 1,
    last: int | None = None,
    since: datetime | None = None,
) -> str:
    """Ask for a replay of what the endpoint wants; answers its id."""
    endpoint = await stage.books.get(stage.book.book_id, WEBHOOK_ENDPOINT(endpoint_id))
    selection = await selection_of(
        stage.pool,
        stage.book.book_id,
        kind,
        first=first,
        last=last,
        since=since,
        topics=topics_wanted(endpoint.state),
    )
    id_ = new_id("rpl")
    replay = (stage.book.book_id, id_, endpoint_id)
    assert await create_replay(stage.pool, replay, selection, by="key_test", now=stage.clock())
    return id_


async def found(stage: Stage, replay_id: str) -> Replay:
    replay = await find_replay(stage.pool, stage.book.book_id, replay_id)
    assert replay is not None
    return replay


async def carry_out(stage: Stage, replay_id: str, window: int = 2000) -> Replay:
    working = replayer(stage, window)
    while (await found(stage, replay_id)).active:
        await working.sweep()
        await stage.deliver()
    return await found(stage, replay_id)


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
    for _ in range(3):
        await stage.deliver()
        stage.clock.pass_(86_400)
    assert [it.state for it in await stage.listed(endpoint)][:3] == ["failed"] * 3
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


async def test_a_delivery_that_somebody_is_recording_is_not_waited_for_and_not_left_out(
    stage: Stage,
) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(4)
    await stage.deliver()
    id_ = await ask(stage, endpoint, "range", first=2)
    async with stage.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "update store.deliveries set attempts = attempts where position = 4"
        )
        for _ in range(3):
            await replayer(stage).sweep()
        assert (await found(stage, id_)).planned == 2
    assert (await carry_out(stage, id_)).done == 4


async def test_no_kill_makes_a_replay_lose_its_place_or_plan_anything_twice(
    stage: Stage, database_url: str
) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(120)
    await stage.deliver()
    sent = {it.headers["webhook-id"]: it.body for it in stage.receiver.requests}
    stage.receiver.requests.clear()
    id_ = await ask(stage, endpoint, "range")
    chance, kills = random.Random(8), 0  # noqa: S311 - where to kill is no secret
    while (await found(stage, id_)).active:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.workers.replaying", database_url
        )
        planned = (await found(stage, id_)).planned
        # Kill it somewhere within what it does after its start.
        goal = planned + chance.randrange(1, 20)

        async def come_so_far(goal: int = goal) -> bool:
            await stage.deliver()
            replay = await found(stage, id_)
            return replay.planned >= min(goal, 120) or not replay.active

        await until(come_so_far, seconds=30)
        process.kill()
        await process.wait()
        kills += 1
        await stage.deliver()
        if (await found(stage, id_)).planned == 120:
            await carry_out(stage, id_)
    replay = await found(stage, id_)
    assert (replay.state, replay.total, replay.planned, replay.failed) == ("done", 120, 120, 0)
    assert kills > 3
    assert {it.headers["webhook-id"]: it.body for it in stage.receiver.requests} == sent
    assert len(stage.receiver.requests) == 120


async def test_a_lost_backend_in_the_middle_of_a_step_changes_nothing(
    stage: Stage, database_url: str
) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(30)
    await stage.deliver()
    id_ = await ask(stage, endpoint, "range", first=2)
    async with (
        open_pool(database_url, name="replaying") as pool,
        open_books(pool) as books,
        asyncio.timeout(60),
    ):
        running = asyncio.create_task(Replayer(pool, books, unheard, window=6).run())
        killed_at = [0]
        while (replay := await found(stage, id_)).active:
            if replay.planned > killed_at[-1]:
                killed_at.append(replay.planned)
                await stage.pool.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where application_name = 'replaying' and datname = current_database()"
                )
            await stage.deliver()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    replay = await found(stage, id_)
    assert killed_at == [0, 6, 12, 18, 24, 30]
    assert (replay.planned, replay.failed) == (30, 0)
