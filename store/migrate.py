"""Apply the numbered SQL files, each once, under one lock.

A migration that was applied is never edited: its checksum is compared at every start.
"""

import hashlib
from collections.abc import Callable
from importlib import resources
from typing import NamedTuple

from store.database import Connection

_LOCK = 7_225_914_430_062_015_488  # an arbitrary number that names "Daybook migrates here"
_MINIMUM = 15


class Migration(NamedTuple):
    """One numbered SQL file."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hexadecimal digits."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class MigrationRefused(Exception):
    """The database cannot be brought to this version. The message says why and what to do."""


def migrations() -> list[Migration]:
    """All migrations of this version, in order."""
    folder = resources.files("store") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [Migration(file.name, file.read_text("utf-8")) for file in files]


async def migrate(
    connection: Connection, report: Callable[[str], None] = lambda _name: None
) -> list[str]:
    """Bring the database to this version; answer the names of the migrations that were applied.

    Raises:
        MigrationRefused: The server is older than PostgreSQL 15, an applied migration was edited,
            or the database was migrated by a newer version of Daybook.
    """
    version = connection.get_server_version()
    if version.major < _MINIMUM:
        raise MigrationRefused(
            f"PostgreSQL {_MINIMUM} or newer is needed; this is {version.major}."
        )
    # Whoever migrates at the same time waits here, and then finds everything applied.
    await connection.execute("select pg_advisory_lock($1)", _LOCK, timeout=120)
    try:
        return await _apply_missing(connection, report)
    finally:
        await connection.execute("select pg_advisory_unlock($1)", _LOCK)


async def missing(connection: Connection) -> list[str]:
    """The names of the migrations that the database still lacks."""
    if await connection.fetchval("select to_regclass('store.migrations')") is None:
        return [migration.name for migration in migrations()]
    applied = {row["name"] for row in await connection.fetch("select name from store.migrations")}
    return [migration.name for migration in migrations() if migration.name not in applied]


async def _apply_missing(connection: Connection, report: Callable[[str], None]) -> list[str]:
    await connection.execute(
        "create schema if not exists store; create schema if not exists projections;"
        "create table if not exists store.migrations (name text primary key,"
        " checksum text not null, applied_at timestamptz not null default now())"
    )
    rows = await connection.fetch("select name, checksum from store.migrations order by name")
    applied = {row["name"]: row["checksum"] for row in rows}
    known = migrations()
    if strangers := sorted(applied.keys() - {migration.name for migration in known}):
        raise MigrationRefused(
            f"This database was migrated by a newer Daybook ({', '.join(strangers)}): "
            "start that version, or a newer one."
        )
    done = []
    for migration in known:
        if migration.name not in applied:
            report(migration.name)
            await _apply(connection, migration)
            done.append(migration.name)
        elif applied[migration.name] != migration.checksum:
            raise MigrationRefused(
                f"{migration.name} was edited after it had been applied: restore its text and put "
                "the change into a new migration."
            )
    return done


async def _apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        # A migration waits briefly for its locks rather than stopping everybody behind it.
        await connection.execute(
            "set local lock_timeout = '4s'; set local statement_timeout = '60s'"
        )
        await connection.execute(migration.sql)
        await connection.execute(
            "insert into store.migrations (name, checksum) values ($1, $2)",
            migration.name,
            migration.checksum,
        )
