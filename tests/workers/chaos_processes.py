"""The processes between a commit and a receiver, made to be killed: cheap to start, quick to retry.

Their leases are short, and the senders' clock runs fast, so that waiting for a lease or a retry
takes seconds; otherwise they are wired as ``daybook follow`` and ``daybook work`` are.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from store.books import open_books
from store.database import open_pool
from store.due_notices import DueNotices
from store.secrets import Keyring
from workers.broker import make_broker, make_worker
from workers.deliver import open_deliverer
from workers.dispatch import Means
from workers.fan_out import fan_out_follower
from workers.gate import Gate
from workers.hints import DRAIN, Hints, declare
from workers.sender import open_sender

LEASE_SECONDS = 1.0
TIMEOUT = 0.4
FASTER = 600


class Wiring(msgspec.Struct, frozen=True):
    """Where the servers are, what decrypts secrets, and since when the clock runs fast."""

    database_url: str
    redis_url: str
    key: str
    started: float
    lease_seconds: float = LEASE_SECONDS
    timeout: float = TIMEOUT

    def clock(self) -> datetime:
        """A clock that has run faster since the start, for retries and breakers."""
        passed = time.time() - self.started
        return datetime.fromtimestamp(self.started, UTC) + timedelta(seconds=passed * FASTER)


def run(mode: str, wiring: bytes) -> None:
    """What a process does, until SIGTERM stops it gracefully, or worse happens."""
    logging.disable(logging.CRITICAL)  # it would report every lost connection
    main = {"follow": _follow, "work": _work}[mode]
    asyncio.run(_until_stopped(main(msgspec.json.decode(wiring, type=Wiring))))


async def _until_stopped(main: object) -> None:
    assert asyncio.iscoroutine(main)
    task = asyncio.create_task(main)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await asyncio.gather(task, return_exceptions=True)


async def _follow(wiring: Wiring) -> None:
    broker = make_broker(wiring.redis_url)
    hints = Hints(broker)
    async with open_pool(wiring.database_url, name="chaos follow", size=3) as pool:
        notices = DueNotices(pool)

        def due(book_id: str, endpoint_ids: Sequence[str]) -> None:
            # Of what is due, each of the two ways tells about a part, so that both are needed.
            (notices if len(endpoint_ids) % 2 else hints).send(book_id, endpoint_ids)

        await fan_out_follower(pool, due).run()


async def _work(wiring: Wiring) -> None:
    async with (
        open_pool(wiring.database_url, name="chaos work", size=6) as pool,
        open_books(pool) as books,
        open_sender(loopback=True) as sender,
        open_deliverer(
            Means(
                pool=pool,
                books=books,
                sender=sender,
                keyring=Keyring([wiring.key]),
                sockets=Gate(200),
                clock=wiring.clock,
                lease_seconds=wiring.lease_seconds,
                timeout=wiring.timeout,
            )
        ) as deliverer,
    ):
        broker = make_broker(wiring.redis_url, loop=asyncio.get_running_loop())
        declare(broker, DRAIN, deliverer.hint)
        worker = make_worker(broker)
        worker.start()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(worker.stop)
            broker.close()
