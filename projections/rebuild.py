"""Rebuilding read models: built anew beside the live ones, then swapped in one transaction.

Readers see the old tables until the swap and the new ones after it, never half of either. The
follower goes on with the old ones meanwhile; for the swap its checkpoints are locked, so that the
new tables hold exactly what the old ones do.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import asyncpg

from projections import webhook_endpoints
from projections.building import Building, Report
from projections.projection import Projection
from projections.tables import FOLLOWER, PROJECTIONS, SCHEMA, built, tables_of
from store.database import DATABASE_ERRORS, Connection, Pool

BESIDE = "rebuild"
"""The schema in which tables are built."""

_LOCK = 7_225_914_430_062_015_489  # an arbitrary number that names "Daybook rebuilds here"
_CLOSE = 2_000
_PATIENCE_SECONDS = 120
_PAUSE_SECONDS = 0.1


class AlreadyRunning(Exception):
    """Another process rebuilds read models of this database."""

    def __init__(self) -> None:
        super().__init__("Another rebuild is running. Wait until it is done, or stop it.")


async def rebuild(pool: Pool, projections: Sequence[Projection], report: Report) -> bool:
    """Build the read models anew and swap them in; answer whether an earlier build went on.

    Stopped at any moment, it changes nothing that anybody sees, and goes on when called again.

    Args:
        pool: Of ``CONNECTIONS``, whose ``search_path`` is ``rebuild`` alone.
        projections: What to rebuild, in one pass over the log.
        report: Told how far it is.

    Raises:
        AlreadyRunning: Another process does it.
        TimeoutError: The tables were in use without a pause for two minutes.
    """
    async with pool.acquire() as connection:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
            raise AlreadyRunning
        try:
            building = Building(pool, connection, BESIDE, projections)
            resumed = await building.prepare()
            await _catch_up(building, report)
            await building.finish()
            await _catch_up(building, report)
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while not await _swapped(building):
                    await asyncio.sleep(_PAUSE_SECONDS)
                    await building.catch_up(report)
            return resumed
        finally:
            with suppress(*DATABASE_ERRORS):  # a connection that is lost holds no lock
                await connection.execute("select pg_advisory_unlock($1)", _LOCK)


async def _catch_up(building: Building, report: Report) -> None:
    while await building.catch_up(report) > _CLOSE:
        pass


async def drop_leftovers(connection: Connection) -> list[str]:
    """Drop tables of versions that no read model has any more; answer their names."""
    known = {name for it in (*PROJECTIONS, webhook_endpoints) for name in tables_of(it)}
    rows = await connection.fetch(
        "select tablename from pg_tables where schemaname = $1 order by tablename", SCHEMA
    )
    left = [row["tablename"] for row in rows if row["tablename"] not in known]
    for table in left:
        await connection.execute(f"drop table {SCHEMA}.{table}")
    return left


async def _swapped(building: Building) -> bool:
    """Swap the tables, unless somebody uses the old ones for too long."""
    connection = building.connection
    tables = [f"{SCHEMA}.{table}" for it in building.projections for table in tables_of(it)]
    try:
        async with connection.transaction():
            await connection.execute("set local lock_timeout = '2s'")
            rows = await connection.fetch(
                "select book_id, position from store.checkpoints where follower = $1"
                " order by book_id for update",
                FOLLOWER,
            )
            await building.advance_to({row["book_id"]: row["position"] for row in rows})
            await connection.execute(_BRIEFLY)
            await connection.execute(await _locking(connection, tables))
            await connection.execute("set local statement_timeout = 0")
            for projection in building.projections:
                await _move(connection, projection)
            await building.discard()
    except (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError):
        return False
    return True


async def _locking(connection: Connection, tables: Sequence[str]) -> str:
    """The statement that locks those of the tables that there are."""
    rows = await connection.fetch(
        "select name from unnest($1::text[]) as name where to_regclass(name) is not null",
        list(tables),
    )
    names = ", ".join(row["name"] for row in rows)
    return f"lock table {names} in access exclusive mode" if names else "select"


# A report may hold a table that the swap still needs, and wait for one that the swap has. After a
# second PostgreSQL would end one of the two; well before that, it is the swap that steps back.
_BRIEFLY = "set local lock_timeout = '200ms'; set local statement_timeout = '500ms'"


async def _move(connection: Connection, projection: Projection) -> None:
    """Put the new tables where the old ones were."""
    for table in tables_of(projection):
        await connection.execute(f"drop table if exists {SCHEMA}.{table}")
        await connection.execute(f"alter table {BESIDE}.{table} set schema {SCHEMA}")
    await built(connection, projection)
