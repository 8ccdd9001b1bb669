"""Hints over Redis: these endpoints of this book have work. Nothing depends on their arrival."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import dramatiq
from redis.exceptions import RedisError

QUEUE = "webhooks"
ACTOR = "drain"

_AT_ONCE = 100
# A hint that waited for so long has been made good for by a sweep.
_MAX_AGE_MS = 60_000

logger = logging.getLogger(__name__)


def declare_drain(broker: dramatiq.Broker, hinted: Callable[[str, Sequence[str]], None]) -> None:
    """Let ``hinted`` be called, on the process's loop, with each hint that arrives.

    It must return at once: an actor that waits occupies a thread.
    """

    @dramatiq.actor(
        broker=broker, actor_name=ACTOR, queue_name=QUEUE, max_retries=0, max_age=_MAX_AGE_MS
    )
    async def drain(book_id: str, endpoint_ids: list[str]) -> None:
        hinted(book_id, endpoint_ids)


class Hints:
    """Sends hints in the background, merged while the ones before are still on their way."""

    def __init__(self, broker: dramatiq.Broker) -> None:
        self._broker = broker
        self._waiting: dict[str, set[str]] = {}
        self._task: asyncio.Task[None] | None = None

    def send(self, book_id: str, endpoint_ids: Sequence[str]) -> None:
        """Tell the senders soon that these endpoints have work. Never waits, never fails."""
        self._waiting.setdefault(book_id, set()).update(endpoint_ids)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush(), name="hints")

    async def settled(self) -> None:
        """Wait until everything was sent, or given up."""
        if self._task is not None:
            await self._task

    async def _flush(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            try:
                await asyncio.to_thread(self._enqueue, waiting)
            except (OSError, RedisError):
                logger.warning("Redis cannot be reached; webhooks wait for the next sweep")

    def _enqueue(self, waiting: dict[str, set[str]]) -> None:
        for book_id, endpoint_ids in waiting.items():
            ids = sorted(endpoint_ids)
            for start in range(0, len(ids), _AT_ONCE):
                self._broker.enqueue(
                    dramatiq.Message(
                        queue_name=QUEUE,
                        actor_name=ACTOR,
                        args=(book_id, ids[start : start + _AT_ONCE]),
                        kwargs={},
                        options={},
                    )
                )
