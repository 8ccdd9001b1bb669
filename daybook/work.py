"""The worker process: send webhooks and carry out replays, prompted by hints, certain by sweeps."""

import asyncio

from daybook.garbage import collect_seldom
from daybook.settings import Settings
from store.books import open_books
from store.database import open_pool
from store.secrets import Keyring
from workers.broker import make_broker, make_worker
from workers.deliver import open_deliverer
from workers.dispatch import Means
from workers.gate import Gate
from workers.hints import DRAIN, REPLAY, declare
from workers.replay import open_replayer
from workers.retention import retaining
from workers.sender import open_sender

_SOCKETS = 1000


async def work(settings: Settings) -> None:
    """Send webhooks until cancelled; what is under way is finished first."""
    assert settings.database_url is not None
    assert settings.redis_url is not None
    async with (
        open_pool(settings.database_url, name="daybook work", size=settings.pool_size) as pool,
        open_books(pool) as books,
        open_sender(loopback=settings.allow_loopback_webhooks) as sender,
        open_deliverer(
            Means(
                pool=pool,
                books=books,
                sender=sender,
                keyring=Keyring(settings.secret_keys),
                sockets=Gate(_SOCKETS),
            )
        ) as deliverer,
        open_replayer(pool, books, deliverer.hint) as replayer,
        retaining(pool, days=settings.keep_attempts_days),
    ):
        broker = make_broker(settings.redis_url, loop=asyncio.get_running_loop())
        declare(broker, DRAIN, deliverer.hint)
        declare(broker, REPLAY, replayer.hint)
        worker = make_worker(broker)
        worker.start()
        collect_seldom()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(worker.stop)
            broker.close()
