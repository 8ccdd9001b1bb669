"""The follower process: read models and the fan-out of webhooks, each with its own checkpoint."""

import asyncio
from collections.abc import Sequence

from daybook.garbage import collect_seldom
from daybook.settings import Settings
from projections.projection import News
from projections.tables import FOLLOWER, project, project_carefully
from store.cache import Cache
from store.command_keys import keep_forgetting
from store.database import Connection, open_pool
from store.due_notices import DueNotices
from store.recorded import Recorded
from workers.broker import make_broker
from workers.fan_out import fan_out_follower
from workers.follower import Follower
from workers.hints import Hints

_CACHED_STREAMS = 20_000


async def follow(settings: Settings) -> None:
    """Follow every book until cancelled."""
    assert settings.database_url is not None
    assert settings.redis_url is not None
    cache = Cache(_CACHED_STREAMS)
    broker = make_broker(settings.redis_url)
    hints = Hints(broker)
    collect_seldom()

    async def apply(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        await project(connection, News(connection, book_id, events, cache))

    async def rescue(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        await project_carefully(connection, book_id, events, cache)

    try:
        async with (
            open_pool(settings.database_url, name="daybook follow") as pool,
            asyncio.TaskGroup() as tasks,
        ):
            notices = DueNotices(pool)

            def due(book_id: str, endpoint_ids: Sequence[str]) -> None:
                notices.send(book_id, endpoint_ids)
                hints.send(book_id, endpoint_ids)

            tasks.create_task(Follower(pool, FOLLOWER, apply, rescue=rescue).run())
            tasks.create_task(keep_forgetting(pool, days=settings.idempotency_days))
            tasks.create_task(fan_out_follower(pool, due).run())
    finally:
        broker.close()
