"""Databases for one test after another: making one takes longer than most tests.

Whoever gets a database finds it as the migrations leave it. One that a test filled is emptied; one
in which anything but rows changed, or much was written, or somebody is left, is dropped instead.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from uuid import uuid4

import asyncpg

_ENOUGH = 1024 * 1024  # of bytes: rows that were deleted stay, and in time they slow down tests
_PATIENCE = 2.0  # of seconds, until the last connection of a test is gone


class Databases:
    """Copies of a migrated database, of which none is used by two tests at once."""

    def __init__(self, url: str, template: str) -> None:
        self._url = url
        self._template = template
        self._idle: list[_Database] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[str]:
        """The URL of a database like the template."""
        found = self._idle.pop() if self._idle else await self._copy()
        yield found.url
        if await found.emptied():
            self._idle.append(found)
        else:
            await self._drop(found.name)

    async def drop(self) -> None:
        """Drop all that wait for a test."""
        while self._idle:
            await self._drop(self._idle.pop().name)

    async def _copy(self) -> "_Database":
        name = f"test_{uuid4().hex}"
        sql = f"create database {name} template {self._template} strategy file_copy"
        await self._execute(sql)
        found = _Database(name, with_database(self._url, name))
        await found.remember()
        return found

    async def _drop(self, name: str) -> None:
        await self._execute(f"drop database {name} with (force)")

    async def _execute(self, sql: str) -> None:
        admin = await asyncpg.connect(self._url)
        try:
            await admin.execute(sql)
        finally:
            await admin.close()


class _Database:
    """A database and how it was when it was made."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self._made = ""
        self._filled: list[str] = []
        self._empty: list[str] = []

    async def remember(self) -> None:
        """Note what a test may not leave otherwise."""
        async with self._connected() as connection:
            tables = [row[0] for row in await connection.fetch(_TABLES)]
            for table in tables:
                some = await connection.fetchval(f"select exists (select from {table})")  # noqa: S608 - a table's own name
                (self._filled if some else self._empty).append(table)
            self._made = await self._state(connection)

    async def emptied(self) -> bool:
        """Take out what a test put in. False if that does not make it what it was."""
        async with self._connected() as connection:
            if not await _alone(connection) or await connection.fetchval(_SIZE) > _ENOUGH:
                return False
            if await connection.fetchval(_CATALOGUE) != self._made.partition(" ")[0]:
                return False
            try:
                await connection.execute(_AS_A_REPLICA)
            except asyncpg.InsufficientPrivilegeError:
                return False
            rows = (f"delete from {table}" for table in self._empty)  # noqa: S608 - a table's own name
            await connection.execute(";".join(rows))
            return await self._state(connection) == self._made

    async def _state(self, connection: asyncpg.Connection) -> str:
        """The catalogue, and the rows that migrations put in."""
        found = [await connection.fetchval(_CATALOGUE)]
        for table in self._filled:
            rows = f"select md5(string_agg(t::text, ' ' order by t::text)) from {table} t"  # noqa: S608 - a table's own name
            found.append(await connection.fetchval(rows) or "none")
        return " ".join(found)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.url)
        try:
            yield connection
        finally:
            await connection.close()


async def _alone(connection: asyncpg.Connection) -> bool:
    """Whether nobody else is connected: backends end shortly after their clients."""
    deadline = monotonic() + _PATIENCE
    while others := await connection.fetchval(_OTHERS):
        if monotonic() > deadline:
            return False
        await asyncio.sleep(0.005 * others)
    return True


def with_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    base, question, query = url.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}{question}{query}"


_TABLES = """
select format('%I.%I', schemaname, tablename) from pg_tables
 where schemaname in ('store', 'projections') order by 1
"""
# Triggers that refuse to let the log be changed are silent on replicas.
_AS_A_REPLICA = "set session_replication_role = replica"
_SIZE = """
select sum(pg_relation_size(oid)) from pg_class where oid >= 16384 and relkind = 'r'
"""
_OTHERS = """
select count(*) from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
# Every change of a definition writes its row anew; 16384 is the first oid of what is not built in.
_CATALOGUE = """
select md5(string_agg(it, ' ' order by it)) from (
    select 'class' || oid || ':' || xmin from pg_class where oid >= 16384
    union all
    select 'column' || attrelid || ':' || attnum || ':' || xmin from pg_attribute
     where attrelid >= 16384
    union all
    select 'statistics' || starelid || ':' || staattnum from pg_statistic where starelid >= 16384
    union all
    select 'constraint' || oid || ':' || xmin from pg_constraint where oid >= 16384
    union all
    select 'trigger' || oid || ':' || xmin from pg_trigger
    union all
    select 'routine' || oid || ':' || xmin from pg_proc where oid >= 16384
    union all
    select 'schema' || oid || ':' || xmin from pg_namespace
    union all
    select 'setting' || setrole || ':' || xmin from pg_db_role_setting
     where setdatabase = (select oid from pg_database where datname = current_database())
) as everything (it)
"""
