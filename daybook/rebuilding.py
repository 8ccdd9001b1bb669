"""Rebuilding read models with a progress bar, as commands do it."""

from collections.abc import Sequence

from daybook.progress import progress
from projections import rebuild as rebuilding
from projections.projection import Projection
from projections.rebuild import BESIDE, drop_leftovers
from store.database import open_pool


async def rebuild_now(database_url: str, chosen: Sequence[Projection]) -> bool:
    """Rebuild with a progress bar; answer whether an earlier rebuild went on."""
    async with (
        open_pool(
            database_url, name="daybook rebuild", size=1, schema=BESIDE, patient=True
        ) as pool,
        pool.acquire() as connection,
    ):
        with progress("events") as report:
            resumed = await rebuilding.rebuild(connection, chosen, report)
        await drop_leftovers(connection)
    return resumed
