"""What is remembered for a while only, and how it is forgotten: keys, lanes, bytes in doubt.

A key protects a client that repeats a command because it does not know what became of it. After
the retention a repetition is a new command, so the retention must outlast every retry: of a queue
that stands still over holidays, or of a machine that is restored from a backup.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from store.attachments import DOUBT, settle
from store.books import list_books
from store.database import DATABASE_ERRORS, Pool, heed_cancellation
from store.lanes import LIFE, forget_lanes

_BATCH = 1000
_PAUSE_SECONDS = 3600.0

logger = logging.getLogger(__name__)


async def forget_commands(pool: Pool, *, before: datetime) -> int:
    """Forget every key that was used before this instant; answer how many that were.

    Keys go in small batches, each committed by itself, so that nobody who appends has to wait.
    Several processes may do it at a time.
    """
    forgotten = 0
    for book in await list_books(pool):
        while count := await _forget_some(pool, book.book_id, before):
            forgotten += count
    return forgotten


async def forget_sessions(pool: Pool, *, before: datetime) -> int:
    """Forget every lane that was last used before this instant; answer how many that were."""
    forgotten = 0
    for book in await list_books(pool):
        while count := await forget_lanes(pool, book.book_id, before=before, limit=_BATCH):
            forgotten += count
    return forgotten


async def forget_uploads(pool: Pool, *, before: datetime) -> int:
    """Drop bytes that came before this instant and were never attached; answer how many."""
    dropped = 0
    for book in await list_books(pool):
        settled = _BATCH
        while settled == _BATCH:
            settled, gone = await settle(pool, book.book_id, before=before, limit=_BATCH)
            dropped += gone
    return dropped


async def keep_forgetting(pool: Pool, *, days: int) -> None:
    """Every hour until cancelled: forget old keys, unused lanes, and bytes nobody attached.

    ``days`` is how long a key is remembered.
    """
    while True:
        try:
            now: datetime = await pool.fetchval("select now()")
            count = await forget_commands(pool, before=now - timedelta(days=days))
            lanes = await forget_sessions(pool, before=now - LIFE)
            files = await forget_uploads(pool, before=now - DOUBT)
        except DATABASE_ERRORS:
            heed_cancellation()
            logger.exception("what is old was not forgotten; that is tried again later")
        else:
            logger.debug("%d keys, %d lanes and %d files are forgotten", count, lanes, files)
        await asyncio.sleep(_PAUSE_SECONDS)


async def _forget_some(pool: Pool, book_id: str, before: datetime) -> int:
    count: int = await pool.fetchval(
        "with old as (select key from store.commands"
        "  where book_id = $1 and recorded_at < $2 order by recorded_at limit $3"
        "  for update skip locked),"
        " gone as (delete from store.commands c using old"
        "  where c.book_id = $1 and c.key = old.key returning 1)"
        " select count(*) from gone",
        book_id,
        before,
        _BATCH,
    )
    return count
