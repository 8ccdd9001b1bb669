"""Deliver webhooks: find endpoints with work, lease them, and drain each at its own pace.

Work is found in Postgres and nowhere else. A hint only makes it prompt; the sweep makes it certain,
so losing every hint loses nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from store import deliveries, leases
from store.database import DATABASE_ERRORS, heed_cancellation
from store.due_notices import hearing
from store.leases import Lease, Released
from workers.disabling import PAUSE_SECONDS
from workers.dispatch import Dispatch, Means, Ready, Target, Wanted
from workers.drain import Drain
from workers.targets import read_targets

MAX_ENDPOINTS = 1000
"""How many endpoints one process drains at a time; a hint beyond that waits for a sweep."""

GROUP = 200
"""So many endpoints are leased, and looked at, together, in two parts."""

SWEEP_SECONDS = 1.0
_WORTH_SHARING = 8
_STOP_SECONDS = 20.0
_HELD = timedelta(seconds=2)

logger = logging.getLogger(__name__)


class Deliverer:
    """Drains endpoints on the running loop. Made by ``open_deliverer``."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._dispatch = Dispatch(means)
        # The endpoints that are being drained, and whether they got a hint meanwhile.
        self._busy: dict[tuple[str, str], bool] = {}
        # Those where order lets nothing be sent now: a sweep comes back to them then.
        self._held: dict[tuple[str, str], datetime] = {}
        # Of each book those of them that are to be leased: a task does that while there are any.
        self._waiting: dict[str, list[str]] = {}
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
        if book_id in self._waiting:
            self._waiting[book_id] += fresh
        elif fresh:
            self._waiting[book_id] = fresh
            self._start(self._take_waiting(book_id), "take")

    async def sweep(self) -> int:
        """Drain every endpoint that has work which nobody does; answers how many those are."""
        now = self._means.clock()
        self._held = {key: until for key, until in self._held.items() if until > now}
        room = max(MAX_ENDPOINTS - len(self._busy), 0)
        found = await leases.endpoints_due(self._means.pool, now=now, limit=room + len(self._held))
        books: dict[str, list[str]] = {}
        for book_id, endpoint_id in found:
            if (book_id, endpoint_id) not in self._held:
                books.setdefault(book_id, []).append(endpoint_id)
        for book_id, endpoint_ids in books.items():
            self.hint(book_id, endpoint_ids)
        return sum(map(len, books.values()))

    async def run(self) -> None:
        """Listen, sweep and renew leases until cancelled. A lost database is waited for."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.renew())
            while True:
                try:
                    async with hearing(self._means.pool, self.hint) as connected:
                        while connected():
                            await self.sweep()
                            await asyncio.sleep(SWEEP_SECONDS)
                except Exception:
                    heed_cancellation()
                    logger.exception("webhooks cannot be swept; the next sweep follows in a moment")
                    await asyncio.sleep(SWEEP_SECONDS)

    async def renew(self) -> None:
        """Renew the leases that this process holds, until cancelled."""
        await self._dispatch.holds.run()

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

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take_waiting(self, book_id: str) -> None:
        """Lease what is free of those that wait, and drain each of them at its own pace.

        What is hinted at meanwhile waits and is leased together: leases that are taken one by one
        cost a commit each, and the more of them are taken, the longer each takes.
        """
        waiting = self._waiting[book_id]
        try:
            while waiting and not self._stopping:
                together = waiting[:GROUP]
                del waiting[:GROUP]
                for part in _parts(together):
                    for target, page in await self._take_free(book_id, part):
                        self._start(self._drain_one(target, page), "drain")
        finally:
            del self._waiting[book_id]

    async def _take_free(
        self, book_id: str, endpoint_ids: Sequence[str]
    ) -> list[tuple[Target, list[Ready]]]:
        left = set(endpoint_ids)
        # What they were hinted at until now is found by asking now.
        self._busy.update(dict.fromkeys([(book_id, id_) for id_ in left], False))
        taken: list[tuple[Target, list[Ready]]] = []
        try:
            taken = await self._take(book_id, endpoint_ids)
            left -= {target.id for target, _ in taken}
        except Exception:
            logger.exception("webhooks of %s cannot be sent now; a sweep will try again", book_id)
        finally:
            self._end(book_id, left)
        return taken

    async def _drain_one(self, target: Target, page: Sequence[Ready]) -> None:
        key = (target.book_id, target.id)

        def hinted() -> bool:
            hinted, self._busy[key] = self._busy[key], False
            return hinted

        if not page:
            self._held[key] = self._means.clock() + _HELD
        try:
            drain = Drain(self._dispatch, target, stopping=lambda: self._stopping, hinted=hinted)
            await drain.run(page)
        except Exception:
            # Its lease runs out by itself; the other endpoints are none the worse.
            logger.exception("webhooks of %s were not recorded", target.id)
        finally:
            self._dispatch.holds.drop(target.book_id, target.hold)
            self._end(target.book_id, [target.id])

    def _end(self, book_id: str, endpoint_ids: Iterable[str]) -> None:
        """These endpoints are no longer being drained, unless a hint came meanwhile."""
        again = [id_ for id_ in endpoint_ids if self._busy.pop((book_id, id_))]
        if again:
            self.hint(book_id, again)

    async def _take(
        self, book_id: str, endpoint_ids: Sequence[str]
    ) -> list[tuple[Target, list[Ready]]]:
        """Lease what is free, and read what is due there, all in a few round trips."""
        asked_at = asyncio.get_running_loop().time()
        taken = await leases.lease(
            self._means.pool,
            book_id,
            endpoint_ids,
            now=self._means.clock(),
            seconds=self._means.lease_seconds,
        )
        if not taken:
            return []
        holds = [self._dispatch.holds.add(book_id, lease, asked_at=asked_at) for lease in taken]
        try:
            targets = await read_targets(self._means, book_id, holds)
            wanted = [Wanted(it, failing=it.hold.lease.health.failures > 0) for it in targets]
            pages = await self._dispatch.read(book_id, wanted)
        except BaseException:
            for hold in holds:
                self._dispatch.holds.drop(book_id, hold)
            # Nothing was sent, so nobody needs to wait until the leases run out.
            with suppress(*DATABASE_ERRORS):
                unused = [Released(lease, lease.health, lease.next_send_at) for lease in taken]
                await leases.release(self._means.pool, book_id, unused)
            raise
        able = {target.id for target in targets}
        for hold in holds:
            if hold.lease.endpoint_id not in able:
                self._dispatch.holds.drop(book_id, hold)
                await self._leave(book_id, hold.lease)
        return list(zip(targets, pages, strict=True))

    async def _leave(self, book_id: str, lease: Lease) -> None:
        """Leave an endpoint alone: what it lacks will not appear by asking again at once."""
        logger.error("%s cannot be sent to: no endpoint or secret", lease.endpoint_id)
        pool = self._means.pool
        await deliveries.pause(pool, book_id, lease.endpoint_id, seconds=PAUSE_SECONDS)
        await leases.release(pool, book_id, [Released(lease, lease.health)])


def _parts(endpoint_ids: Sequence[str]) -> list[Sequence[str]]:
    """What to lease first, and what when that has begun.

    Every process hears of the same work at the same time, and one is always the first. While that
    one begins with its half, another finds nothing there and goes on to the other half at once.
    """
    if len(endpoint_ids) < _WORTH_SHARING:
        return [endpoint_ids]
    half = len(endpoint_ids) // 2
    return [endpoint_ids[:half], endpoint_ids[half:]]


@asynccontextmanager
async def open_deliverer(means: Means) -> AsyncIterator[Deliverer]:
    """A deliverer that sweeps while the block runs; on leaving, what is under way is finished."""
    deliverer = Deliverer(means)
    running = asyncio.create_task(deliverer.run(), name="deliver")
    try:
        yield deliverer
    finally:
        renewing = asyncio.create_task(deliverer.renew(), name="renew")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await deliverer.stop()
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
