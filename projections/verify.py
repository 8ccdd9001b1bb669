"""Proving that read models equal their rebuild, row for row.

They are built anew into scratch tables. Then, in one snapshot of the database, the scratch tables
take in what the live ones had taken in at that moment, and both are compared.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from projections.building import Building, Report
from projections.projection import Projection
from projections.tables import FOLLOWER, SCHEMA, tables_of
from store.database import DATABASE_ERRORS, Connection, Pool

SCRATCH = "verify"
"""The schema of the scratch tables."""

_LOCK = 7_225_914_430_062_015_490  # an arbitrary number that names "Daybook verifies here"


class AlreadyRunning(Exception):
    """Another process verifies read models of this database."""

    def __init__(self) -> None:
        super().__init__("Another verification is running. Wait until it is done, or stop it.")


class Difference(NamedTuple):
    """A row that is in only one of the two: ``extra`` in the live table, else missing there."""

    table: str
    extra: bool
    row: str

    @property
    def sentence(self) -> str:
        """The difference in words."""
        told = "has a row that the log does not give" if self.extra else "lacks a row"
        return f"{self.table} {told}: {self.row}"


class Compared(NamedTuple):
    """A table and how many rows of it were compared."""

    table: str
    rows: int


async def verify(
    pool: Pool, projections: Sequence[Projection], report: Report
) -> tuple[list[Compared], Difference | None]:
    """Compare read models with their rebuild; answer what was compared, and the first difference.

    Args:
        pool: Of ``CONNECTIONS``, whose ``search_path`` is ``verify`` alone.
        projections: What to verify.
        report: Told how far the rebuild is.

    Raises:
        AlreadyRunning: Another process does it.
    """
    async with pool.acquire() as connection:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
            raise AlreadyRunning
        try:
            building = Building(pool, connection, SCRATCH, projections)
            await building.discard()
            await building.prepare()
            await building.catch_up(report, to=await live_positions(connection))
            try:
                return await _compare(building)
            finally:
                await building.discard()
        finally:
            with suppress(*DATABASE_ERRORS):  # a connection that is lost holds no lock
                await connection.execute("select pg_advisory_unlock($1)", _LOCK)


async def _compare(building: Building) -> tuple[list[Compared], Difference | None]:
    connection = building.connection
    compared: list[Compared] = []
    # The live tables and their checkpoints are seen as of one moment, however long this takes.
    async with connection.transaction(isolation="repeatable_read"):
        await connection.execute("set local statement_timeout = 0")
        await building.advance_to(await live_positions(connection))
        for projection in building.projections:
            for table in tables_of(projection):
                difference = await _first_difference(connection, table)
                if difference is not None:
                    return compared, difference
                count = await connection.fetchval(f"select count(*) from {SCHEMA}.{table}")  # noqa: S608 - a constant
                compared.append(Compared(table, count))
    return compared, None


async def live_positions(connection: Connection) -> dict[str, int]:
    """How far the live tables have come in each book."""
    rows = await connection.fetch(
        "select book_id, position from store.checkpoints where follower = $1", FOLLOWER
    )
    return {row["book_id"]: row["position"] for row in rows}


async def _first_difference(connection: Connection, table: str) -> Difference | None:
    for extra, one, other in ((True, SCHEMA, SCRATCH), (False, SCRATCH, SCHEMA)):
        row = await connection.fetchrow(
            f"select * from {one}.{table} except all select * from {other}.{table}"  # noqa: S608 - constants
            " order by 1, 2 limit 1"
        )
        if row is not None:
            return Difference(table, extra, msgspec.json.encode(dict(row)).decode())
    return None
