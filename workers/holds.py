"""The leases that this process holds, renewed well before they run out."""

import asyncio
import logging

from store import leases
from store.database import Pool, heed_cancellation
from store.leases import Lease

_RENEWALS = 4
"""A lease is renewed so many times within its duration."""

logger = logging.getLogger(__name__)


class Hold:
    """A lease as its holder sees it: good until ``until``, in seconds of the loop's clock."""

    def __init__(self, lease: Lease, until: float) -> None:
        self.lease = lease
        self.until = until


class Holds:
    """All leases of this process. ``seconds`` is how long one lasts when it is not renewed."""

    def __init__(self, pool: Pool, *, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds
        self._held: dict[str, dict[str, Hold]] = {}

    def add(self, book_id: str, lease: Lease, *, asked_at: float) -> Hold:
        """Hold a lease that was asked for then: it lasts at least from that instant on."""
        hold = Hold(lease, asked_at + self._seconds)
        self._held.setdefault(book_id, {})[lease.endpoint_id] = hold
        return hold

    def count(self) -> int:
        """How many endpoints this process holds."""
        return sum(map(len, self._held.values()))

    def drop(self, book_id: str, hold: Hold) -> None:
        """Hold it no longer."""
        held = self._held.get(book_id, {})
        if held.get(hold.lease.endpoint_id) is hold:
            del held[hold.lease.endpoint_id]
            if not held:
                del self._held[book_id]

    async def run(self) -> None:
        """Renew until cancelled. What cannot be renewed ends by itself, and nothing follows it."""
        while True:
            await asyncio.sleep(self._seconds / _RENEWALS)
            for book_id in list(self._held):
                try:
                    await self._renew(book_id)
                except Exception:
                    heed_cancellation()
                    logger.exception("leases of %s cannot be renewed now", book_id)

    async def _renew(self, book_id: str) -> None:
        held = list(self._held.get(book_id, {}).values())
        if not held:
            return
        asked_at = asyncio.get_running_loop().time()
        stand = await leases.renew(
            self._pool, book_id, [hold.lease for hold in held], seconds=self._seconds
        )
        for hold in held:
            hold.until = asked_at + self._seconds if hold.lease.endpoint_id in stand else asked_at
