"""Deliver webhooks: find endpoints with work, lease them, and drain each at its own pace.

Work is found in Postgres and nowhere else. A hint only makes it prompt; the sweep makes it certain,
so losing every hint loses nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from projections.webhook_endpoints import read_endpoints
from store import deliveries
from store.deliveries import Due, Lease
from store.secrets import SecretUnreadable, live_secrets
from workers.drain import BATCH, LEASE_SECONDS, PAUSE_SECONDS, Drain, Means, Target

MAX_ENDPOINTS = 1000
"""How many endpoints one process drains at a time; a hint beyond that waits for a sweep."""

SWEEP_SECONDS = 1.0
_STOP_SECONDS = 20.0

logger = logging.getLogger(__name__)


class Deliverer:
    """Drains endpoints on the running loop. Made by ``open_deliverer``."""

    def __init__(self, means: Means) -> None:
        self._means = means
        # The endpoints that are being drained, and whether they got a hint meanwhile.
        self._busy: dict[tuple[str, str], bool] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def hint(self, book_id: str, endpoint_ids: Sequence[str]) -> None:
        """These endpoints of the book have work. Returns at once; a wrong hint does no harm."""
        fresh = []
        for endpoint_id in endpoint_ids:
            key = (book_id, endpoint_id)
            if key in self._busy:
                self._busy[key] = True
            elif len(self._busy) < MAX_ENDPOINTS and not self._stopping:
                self._busy[key] = False
                fresh.append(endpoint_id)
        if fresh:
            task = asyncio.create_task(self._drain(book_id, fresh), name="drain")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def sweep(self) -> int:
        """Drain every endpoint that has work which nobody does; answers how many those are."""
        room = MAX_ENDPOINTS - len(self._busy)
        found = await deliveries.endpoints_due(
            self._means.pool, now=self._means.clock(), limit=max(room, 0)
        )
        books: dict[str, list[str]] = {}
        for book_id, endpoint_id in found:
            books.setdefault(book_id, []).append(endpoint_id)
        for book_id, endpoint_ids in books.items():
            self.hint(book_id, endpoint_ids)
        return len(found)

    async def run(self) -> None:
        """Sweep until cancelled. A lost database is waited for."""
        while True:
            try:
                await self.sweep()
            except Exception:
                logger.exception("webhooks cannot be swept; the next sweep follows in a moment")
            await asyncio.sleep(SWEEP_SECONDS)

    async def settled(self) -> None:
        """Wait until no endpoint is being drained."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Start nothing more, and let what is under way end: then nothing is sent twice."""
        self._stopping = True
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self.settled()
        except TimeoutError:
            for task in self._tasks:
                task.cancel()
            await self.settled()

    async def _drain(self, book_id: str, endpoint_ids: Sequence[str]) -> None:
        """Lease what is free of these, and drain each of them at its own pace."""
        left = set(endpoint_ids)
        try:
            targets = await self._take(book_id, endpoint_ids)
            left -= {target.lease.endpoint_id for target, _ in targets}
        except Exception:
            logger.exception("webhooks of %s cannot be sent now; a sweep will try again", book_id)
            targets = []
        self._end(book_id, left)
        await asyncio.gather(*(self._drain_one(target, due) for target, due in targets))

    async def _drain_one(self, target: Target, due: Sequence[Due]) -> None:
        drain = Drain(self._means, target, lambda: self._stopping)
        try:
            await drain.run(due)
        except Exception:
            # Its lease runs out by itself; the other endpoints are none the worse.
            logger.exception("webhooks of %s were not recorded", target.lease.endpoint_id)
        finally:
            self._end(target.book_id, [target.lease.endpoint_id])

    def _end(self, book_id: str, endpoint_ids: Iterable[str]) -> None:
        """These endpoints are no longer being drained, unless a hint came meanwhile."""
        again = [id_ for id_ in endpoint_ids if self._busy.pop((book_id, id_))]
        if again:
            self.hint(book_id, again)

    async def _take(
        self, book_id: str, endpoint_ids: Sequence[str]
    ) -> list[tuple[Target, list[Due]]]:
        """Lease what is free, and read what is due there, all in a few round trips."""
        pool, now = self._means.pool, self._means.clock()
        leases = await deliveries.lease(pool, book_id, endpoint_ids, now=now, seconds=LEASE_SECONDS)
        ids = [lease.endpoint_id for lease in leases]
        if not ids:
            return []
        due: dict[str, list[Due]] = {id_: [] for id_ in ids}
        for one in await deliveries.read_due(pool, book_id, ids, now=now, limit=BATCH):
            due[one.endpoint_id].append(one)
        targets = await self._targets(book_id, leases)
        for lease in leases:
            if lease.endpoint_id not in targets:
                # What it lacks will not appear by asking again at once.
                logger.error("%s cannot be sent to: no endpoint or secret", lease.endpoint_id)
                await deliveries.pause(pool, book_id, lease.endpoint_id, seconds=PAUSE_SECONDS)
                await deliveries.release(pool, book_id, lease)
        return [(target, due[id_]) for id_, target in targets.items()]

    async def _targets(self, book_id: str, leases: Sequence[Lease]) -> dict[str, Target]:
        pool, now = self._means.pool, self._means.clock()
        ids = [lease.endpoint_id for lease in leases]
        endpoints = await read_endpoints(pool, book_id, ids)
        sandbox = await deliveries.is_sandbox(pool, book_id)
        try:
            secrets = await live_secrets(pool, self._means.keyring, book_id, ids, now=now)
        except SecretUnreadable:
            logger.exception("webhooks of %s cannot be signed", book_id)
            secrets = {}
        return {
            lease.endpoint_id: Target(
                book_id=book_id,
                sandbox=sandbox,
                lease=lease,
                endpoint=endpoints[lease.endpoint_id],
                secrets=secrets[lease.endpoint_id],
            )
            for lease in leases
            if lease.endpoint_id in endpoints and lease.endpoint_id in secrets
        }


@asynccontextmanager
async def open_deliverer(means: Means) -> AsyncIterator[Deliverer]:
    """A deliverer that sweeps while the block runs; on leaving, what is under way is finished."""
    deliverer = Deliverer(means)
    sweeping = asyncio.create_task(deliverer.run(), name="sweep")
    try:
        yield deliverer
    finally:
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)
        await deliverer.stop()
