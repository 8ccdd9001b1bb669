import asyncio
import random
import sys

import pytest
from dramatiq.brokers.stub import StubBroker

import workers.replay
from store.books import open_books
from store.database import open_pool
from tests.workers.replays import ask, carry_out, found, replayer, unheard
from tests.workers.stage import Stage
from tests.workers.webhooks import until
from workers.broker import make_worker, middleware
from workers.hints import REPLAY, Hints, declare
from workers.replay import Replayer, open_replayer


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

        await until(come_so_far, seconds=120)
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
        running = asyncio.create_task(Replayer(pool, books, unheard, window=2).run())
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
    assert len(killed_at) > 2
    assert (replay.planned, replay.failed) == (30, 0)


async def test_a_hint_begins_a_replay_without_waiting_for_the_sweep(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers.replay, "SWEEP_SECONDS", 60.0)
    endpoint = await stage.endpoint()
    await stage.customers(3)
    broker = StubBroker(middleware=middleware(asyncio.get_running_loop()))
    async with open_replayer(stage.pool, stage.books, stage.deliverer.hint) as replayer:
        declare(broker, REPLAY, replayer.hint)
        worker = make_worker(broker)
        worker.start()
        await asyncio.sleep(0)
        id_ = await ask(stage, endpoint, "range", first=2)
        hints = Hints(broker, REPLAY)
        hints.send(stage.book.book_id, [id_])

        async def done() -> bool:
            return not (await found(stage, id_)).active

        await until(done)
        await asyncio.to_thread(worker.stop)
    assert len(stage.receiver.requests) == 3
