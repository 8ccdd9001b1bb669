"""Sweep out what was kept for long enough: attempts by the day, and pings."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from store.database import Pool, heed_cancellation
from store.retention import forget_old, keep_attempts

SWEEP_SECONDS = 3600.0
_PAUSE_AFTER_FAILURE_SECONDS = 60.0

logger = logging.getLogger(__name__)


async def sweep(pool: Pool, *, now: datetime, days: int) -> None:
    """Make the partitions of the next days; drop attempts and pings that are older than ``days``.

    It may run in every worker: one does the work.
    """
    async with pool.acquire() as connection:
        kept = await keep_attempts(connection, now=now, days=days)
        await forget_old(connection, now=now, days=days)
    for day in kept.dropped:
        logger.info("attempts of %s are no longer kept", day)


@asynccontextmanager
async def retaining(
    pool: Pool, *, days: int, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[None]:
    """Sweep at once and then every hour, while the block runs."""

    async def run() -> None:
        while True:
            pause = SWEEP_SECONDS
            try:
                await sweep(pool, now=clock(), days=days)
            except Exception:
                heed_cancellation()
                logger.exception("old attempts were not dropped; that is tried again in a minute")
                pause = _PAUSE_AFTER_FAILURE_SECONDS
            await asyncio.sleep(pause)

    sweeping = asyncio.create_task(run(), name="retention")
    try:
        yield
    finally:
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)
