"""Hints over Redis: these endpoints, or these replays, have work. Nothing depends on them."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypeAlias

import dramatiq
from redis.exceptions import RedisError

QUEUE = "webhooks"
DRAIN = "drain"
REPLAY = "replay"

_AT_ONCE = 100
# A hint that waited for so long has been made good for by a sweep.
_MAX_AGE_MS = 60_000

logger = logging.getLogger(__name__)


Hinted: TypeAlias = Callable[[str, Sequence[str]], None]
"""Is told a book, and the ids of what has work there."""


def declare(broker: dramatiq.Broker, actor: str, hinted: Hinted) -> None:
    """Let ``hinted`` be called, on the process's loop, with each hint that arrives for the actor.

    It must return at once: an actor that waits occupies a thread.
    """

    @dramatiq.actor(
        broker=broker, actor_name=actor, queue_name=QUEUE, max_retries=0, max_age=_MAX_AGE_MS
    )
    async def _(book_id: str, ids: list[str]) -> None:
        hinted(book_id, ids)


class Hints:
    """Sends hints in the background, merged while the ones before are still on their way."""

    def __init__(self, broker: dramatiq.Broker, actor: str = DRAIN) -> None:
        self._broker = broker
        self._actor = actor
        self._waiting: dict[str, set[str]] = {}
        self._task: asyncio.Task[None] | None = None

    def send(self, book_id: str, ids: Sequence[str]) -> None:
        """Tell the workers soon that these have work. Never waits, never fails."""
        self._waiting.setdefault(book_id, set()).update(ids)
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
                logger.warning("Redis cannot be reached; work waits for the next sweep")

    def _enqueue(self, waiting: dict[str, set[str]]) -> None:
        for book_id, unsorted in waiting.items():
            ids = sorted(unsorted)
            for start in range(0, len(ids), _AT_ONCE):
                self._broker.enqueue(
                    dramatiq.Message(
                        queue_name=QUEUE,
                        actor_name=self._actor,
                        args=(book_id, ids[start : start + _AT_ONCE]),
                        kwargs={},
                        options={},
                    )
                )
