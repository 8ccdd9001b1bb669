"""The message broker: dramatiq on Redis, for hints and for work after the commit.

Nothing that matters lives in Redis: whatever is lost there is found again in Postgres.
"""

import asyncio
import logging
from typing import Any

import dramatiq
import redis
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import (
    AgeLimit,
    AsyncIO,
    Middleware,
    Retries,
    ShutdownNotifications,
    TimeLimit,
)
from redis.backoff import NoBackoff
from redis.retry import Retry
from typing_extensions import override

_WORKER_TIMEOUT_MS = 50
_WORKER_THREADS = 4
# A worker counts as dead after so long without a sign, and every hundredth command looks for dead
# ones: what such a one had taken comes back within seconds instead of minutes. The look is a KEYS,
# so the database should be dramatiq's alone.
_HEARTBEAT_TIMEOUT_MS = 5_000
_MAINTENANCE_CHANCE = 10_000  # in a million
_CONNECT_TIMEOUT_SECONDS = 1.0
_ANSWER_TIMEOUT_SECONDS = 5.0


class OwnLoop(AsyncIO):
    """Runs async actors on the loop that the process already has, where its connections live."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop

    @override
    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Present the process's loop where dramatiq looks for a thread with its own."""
        thread = EventLoopThread(logging.getLogger(__name__))
        thread.loop.close()
        thread.loop = self._loop
        set_event_loop_thread(thread)

    @override
    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """The loop goes on: it was not started here."""
        set_event_loop_thread(None)


class _Broker(RedisBroker):
    """Dramatiq's broker leaves its connections open when it is closed."""

    @override
    def close(self) -> None:
        super().close()
        self.client.close()


def middleware(loop: asyncio.AbstractEventLoop | None) -> list[Middleware]:
    """Everything that surrounds an actor, outermost first. ``loop`` runs the async ones."""
    around: list[Middleware] = [AgeLimit(), TimeLimit(), ShutdownNotifications(), Retries()]
    return around if loop is None else [*around, OwnLoop(loop)]


def make_broker(url: str, *, loop: asyncio.AbstractEventLoop | None = None) -> RedisBroker:
    """A broker on this Redis; it connects when it is first used, and is to be closed.

    Args:
        url: A Redis database that nothing else uses (``redis://...`` or ``unix://...``).
        loop: Where async actors run; a process that only sends messages needs none.
    """
    client: Any = redis.Redis.from_url(
        url,
        socket_connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        socket_timeout=_ANSWER_TIMEOUT_SECONDS,
        # Whoever sends a hint does not wait for Redis to come back: hints are dispensable.
        retry=Retry(NoBackoff(), 0),
    )
    return _Broker(  # type: ignore[no-untyped-call] # dramatiq does not annotate it
        client=client,
        middleware=middleware(loop),
        heartbeat_timeout=_HEARTBEAT_TIMEOUT_MS,
        maintenance_chance=_MAINTENANCE_CHANCE,
    )


def make_worker(broker: dramatiq.Broker) -> dramatiq.Worker:
    """Threads that fetch messages and run actors; quick to notice one, at little cost in polling.

    ``start`` it once every actor is declared; ``stop`` it from another thread than the loop's.
    """
    return dramatiq.Worker(
        broker, worker_timeout=_WORKER_TIMEOUT_MS, worker_threads=_WORKER_THREADS
    )
