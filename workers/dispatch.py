"""What the drains of a process share: how they send, and how they ask the database together."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from domain.webhook_endpoint import WebhookEndpoint
from store import deliveries, leases
from store.books import Books
from store.database import Pool, connection_lost, heed_cancellation
from store.deliveries import Attempt, Due
from store.leases import Released
from store.secrets import Keyring
from workers.batches import Batches
from workers.bodies import Bodies, Body
from workers.gate import Gate
from workers.holds import Hold, Holds
from workers.sender import TIMEOUT, Sender
from workers.signing import Signer

LEASE_SECONDS = 30.0
"""How long an endpoint is leased; as long as somebody sends to it, the lease is renewed."""

PAGE = 100
"""So many deliveries are read at a time for an endpoint, and more when there are few endpoints."""

FEW = 8
"""So many are read for an endpoint that fails: it will hardly take them, but many such may ask."""

_LONGEST_PAGE = 400
_READ_AHEAD = 8000
_TOGETHER = 100
_RECORDED_TOGETHER = 200
_LINGER_SECONDS = 0.005
_RETRY_SECONDS = 0.1

logger = logging.getLogger(__name__)


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What sending takes. ``sockets`` bounds how many deliveries are under way in this process.

    ``clock`` tells the time in UTC; ``chance`` answers random numbers from 0 up to 1. ``timeout``
    is that of a request, and must be shorter than three quarters of a lease: both are in seconds.
    """

    pool: Pool
    books: Books
    sender: Sender
    keyring: Keyring
    sockets: Gate
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: Callable[[], float] = random.random
    lease_seconds: float = LEASE_SECONDS
    timeout: float = TIMEOUT


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A leased endpoint and all that a request to it needs, as of the beginning of the drain."""

    book_id: str
    sandbox: bool
    hold: Hold
    endpoint: WebhookEndpoint
    signer: Signer
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """The endpoint's id."""
        return self.hold.lease.endpoint_id


class Wanted(NamedTuple):
    """An endpoint whose next deliveries are asked for. ``failing``: its last request failed."""

    target: Target
    failing: bool


class Ready(NamedTuple):
    """A delivery that is due, and its body."""

    due: Due
    body: Body


class Dispatch:
    """The drains' common way to the database: each statement serves many endpoints of a book."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self.holds = Holds(means.pool, seconds=means.lease_seconds)
        self._bodies = Bodies(means.pool)
        self._records: Batches[Attempt, bool] = Batches(
            self._record, size=_RECORDED_TOGETHER, linger=_LINGER_SECONDS
        )
        self._reads: Batches[Wanted, list[Ready]] = Batches(self.read, size=_TOGETHER)
        self._releases: Batches[Released, None] = Batches(
            self._release, size=_RECORDED_TOGETHER, linger=_LINGER_SECONDS
        )

    def record(self, book_id: str, attempt: Attempt) -> asyncio.Future[bool]:
        """Write down an attempt soon; the answer is whether it stands."""
        return self._records.submit(book_id, attempt)

    def next_page(self, wanted: Wanted) -> asyncio.Future[list[Ready]]:
        """What may be sent to the endpoint now; there may be more if these are ``FEW`` or more."""
        return self._reads.submit(wanted.target.book_id, wanted)

    def release(self, book_id: str, released: Released) -> asyncio.Future[None]:
        """Give a lease back."""
        return self._releases.submit(book_id, released)

    async def read(self, book_id: str, wanted: Sequence[Wanted]) -> list[list[Ready]]:
        """What may be sent now to each of the endpoints."""
        forms = {target.id: target.endpoint.payload for target, _ in wanted}
        # Between two pages an endpoint waits for its records, so long ones are faster.
        room = _READ_AHEAD // max(self.holds.count(), 1)
        pages = {False: max(PAGE, min(room, _LONGEST_PAGE)), True: FEW}
        found: list[Due] = []
        for failing, limit in pages.items():
            modes = [(it.id, it.endpoint.order) for it, fails in wanted if fails is failing]
            if modes:
                now = self.means.clock()
                found += await deliveries.read_due(
                    self.means.pool, book_id, modes, now=now, limit=limit
                )
        bodies = await self._bodies.load(
            book_id, [(due.position, forms[due.endpoint_id]) for due in found]
        )
        ready: dict[str, list[Ready]] = {id_: [] for id_ in forms}
        for due in found:
            body = bodies[due.position, forms[due.endpoint_id]]
            ready[due.endpoint_id].append(Ready(due, body))
        return list(ready.values())

    async def _record(self, book_id: str, attempts: Sequence[Attempt]) -> list[bool]:
        """Write down attempts; a lost database is waited for as long as a lease lasts.

        What was received must not be sent again because of a restart, if that can be helped.
        """
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self.means.lease_seconds
        while True:
            try:
                return await deliveries.record(self.means.pool, book_id, attempts)
            except Exception as error:
                heed_cancellation()
                if not connection_lost(error) or loop.time() >= give_up_at:
                    raise
                logger.warning("attempts cannot be recorded now: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _release(self, book_id: str, released: Sequence[Released]) -> list[None]:
        await leases.release(self.means.pool, book_id, released)
        return [None] * len(released)
