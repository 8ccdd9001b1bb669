"""The tables of every read model."""

from projections.projection import Projection
from store.database import Connection

PROJECTIONS: tuple[Projection, ...] = ()


async def prepare_tables(connection: Connection) -> None:
    """Create the tables that do not exist yet; a new version of a read model has a new name."""
    for projection in PROJECTIONS:
        await connection.execute(projection.DDL)
