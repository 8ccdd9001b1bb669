"""Rebuilding read models with a progress bar, as commands do it."""

from collections.abc import Sequence

from daybook.garbage import collect_seldom
from daybook.progress import progress
from projections import rebuild as rebuilding
from projections.building import CONNECTIONS
from projections.projection import Projection
from projections.rebuild import BESIDE, drop_leftovers
from store.database import open_pool


async def rebuild_now(database_url: str, chosen: Sequence[Projection]) -> bool:
    """Rebuild with a progress bar; answer whether an earlier rebuild went on."""
    collect_seldom()
    async with open_pool(
        database_url, name="daybook rebuild", size=CONNECTIONS, schema=BESIDE, patient=True
    ) as pool:
        with progress("events") as report:
            resumed = await rebuilding.rebuild(pool, chosen, report)
        async with pool.acquire() as connection:
            await drop_leftovers(connection)
    return resumed
