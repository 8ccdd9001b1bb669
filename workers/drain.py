"""Send what is due to one endpoint, and write down what came of it.

At most a few deliveries are under way to an endpoint at a time. Results are written in batches,
fenced by the lease, so what a sender wrote after it was thought dead counts for nothing; its
receiver may get those webhooks again, with the same id and the same bytes.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from domain.aggregate import Change, Read
from domain.errors import NotFound, Refusal
from domain.webhook_endpoint import WEBHOOK_ENDPOINT, disable
from projections.webhook_endpoints import Endpoint
from store import deliveries
from store.books import Books
from store.command import Command
from store.database import Pool
from store.deliveries import Attempt, Due, Lease, State
from store.public import render
from store.recorded import Metadata
from store.secrets import Keyring
from workers.schedule import next_delay, policy_of, retry_after_seconds
from workers.sender import Answer, Request, Sender
from workers.signing import sign

LEASE_SECONDS = 60.0
"""How long an endpoint is leased: longer than a drain can take."""

START_SECONDS = 20.0
"""A drain starts nothing new after this; what is under way ends within the sender's timeout."""

BATCH = 100
IN_FLIGHT = 8

_GONE = 410
# By then the fact that an endpoint was disabled has reached the fan-out, which pauses it for good.
PAUSE_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What sending takes. ``sockets`` bounds how many deliveries are under way in this process.

    ``clock`` tells the time in UTC; ``chance`` answers random numbers from 0 up to 1.
    """

    pool: Pool
    books: Books
    sender: Sender
    keyring: Keyring
    sockets: asyncio.Semaphore
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: Callable[[], float] = random.random


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A leased endpoint and all that a request to it needs, as of the beginning of the drain."""

    book_id: str
    sandbox: bool
    lease: Lease
    endpoint: Endpoint
    secrets: tuple[str, ...]


class Drain:
    """The sending to one endpoint under one lease."""

    def __init__(self, means: Means, target: Target, stopping: Callable[[], bool]) -> None:
        """``stopping`` tells whether the process wants to end: then nothing new is started."""
        self._means = means
        self._target = target
        self._stopping = stopping
        self._gone: str | None = None
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._start_until = asyncio.get_running_loop().time() + START_SECONDS

    async def run(self, due: Sequence[Due]) -> None:
        """Send what is due, and what becomes due meanwhile; then give the lease back."""
        pool, book_id, lease = self._means.pool, self._target.book_id, self._target.lease
        while due and self._may_start():
            results = await asyncio.gather(*(self._deliver(one) for one in due))
            attempts = [attempt for attempt in results if attempt is not None]
            kept = await deliveries.record(pool, book_id, attempts)
            if len(kept) < len(attempts):
                logger.warning("the lease of %s was taken over", lease.endpoint_id)
                return
            due = await deliveries.read_due(
                pool, book_id, [lease.endpoint_id], now=self._means.clock(), limit=BATCH
            )
        if self._gone is not None:
            await self._disable(self._gone)
        await deliveries.release(pool, book_id, lease)

    def _may_start(self) -> bool:
        late = asyncio.get_running_loop().time() >= self._start_until
        return self._gone is None and not late and not self._stopping()

    async def _deliver(self, due: Due) -> Attempt | None:
        """One attempt; ``None`` when it is not to be started any more."""
        async with self._slots, self._means.sockets:
            if not self._may_start():
                return None
            event, target = due.event, self._target
            at = self._means.clock()
            body = render(event)
            headers = sign(event.event_id, int(at.timestamp()), body, target.secrets)
            answer = await self._means.sender.send(
                Request(
                    url=target.endpoint.state.url,
                    body=body,
                    headers=headers,
                    sandbox=target.sandbox,
                )
            )
        if answer.status == _GONE:
            self._gone = event.event_id
        state, next_at = self._outcome(due, answer)
        return Attempt(
            lease=target.lease,
            position=event.position,
            at=at,
            status=answer.status,
            error=answer.error,
            duration_ms=answer.duration_ms,
            peer=answer.peer,
            response=answer.body,
            state=state,
            next_at=next_at,
        )

    def _outcome(self, due: Due, answer: Answer) -> tuple[State, datetime | None]:
        if answer.accepted:
            return "delivered", None
        now = self._means.clock()
        policy = policy_of(self._target.endpoint.state.category)
        delay = next_delay(
            policy,
            due.attempts + 1,
            retry_after=retry_after_seconds(answer.retry_after, now=now),
            chance=self._means.chance(),
        )
        if answer.status == _GONE or delay is None:
            return "failed", None
        return "pending", now + timedelta(seconds=delay)

    async def _disable(self, event_id: str) -> None:
        """Disable the endpoint: it answered that it is gone for good."""
        id_ = self._target.lease.endpoint_id
        stream = WEBHOOK_ENDPOINT(id_)

        def decide(read: Read) -> list[Change]:
            endpoint = read(stream)
            if endpoint is None:
                raise NotFound(WEBHOOK_ENDPOINT.name, id_)
            return [(stream, disable(endpoint, reason="It answered 410 Gone."))]

        metadata = Metadata(actor="webhooks", causation_id=event_id)
        command = Command(aggregate=WEBHOOK_ENDPOINT, id=id_, decide=decide, metadata=metadata)
        try:
            await self._means.books.execute(self._target.book_id, command)
        except Refusal:
            logger.info("%s is disabled or deleted already", id_)
        await deliveries.pause(self._means.pool, self._target.book_id, id_, seconds=PAUSE_SECONDS)
