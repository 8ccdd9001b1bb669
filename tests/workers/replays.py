"""Replays on a stage."""

from collections.abc import Sequence
from datetime import datetime

from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from store.ids import new_id
from store.replays import Kind, Replay, create_replay, find_replay, selection_of, topics_wanted
from tests.workers.stage import Stage
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
