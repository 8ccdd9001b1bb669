"""Connections to PostgreSQL."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy
Pool: TypeAlias = asyncpg.Pool

DATABASE_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    ValueError,
)
"""Whatever a call to the database may raise. ``ValueError``: a value that cannot be sent."""

_CLOSING_SECONDS = 10.0

# Where many ask at the same time.
_OF_MANY = {
    # Sums over thousands of customers fit into memory; beyond it, they are sorted on disk.
    "work_mem": "16MB",
    # Helpers and compilers take longer to start than most answers, and others wait for both.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
}

logger = logging.getLogger(__name__)

_LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, not up yet, cancelled
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
)


def connection_lost(error: Exception) -> bool:
    """Whether the database could not be reached, rather than refusing what it was given."""
    return isinstance(error, _LOST) and not isinstance(error, ValueError)


def heed_cancellation() -> None:
    """End a task that was told to end, although what it raised is another error.

    A task that is cancelled gives its connection back. If that connection has just been lost,
    asyncpg raises an error about it in place of the cancellation, which would be forgotten by
    whoever goes on after errors of the database.

    Raises:
        CancelledError: This task was told to end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def prepare(connection: Connection) -> None:
    """Let ``json`` columns come and go as the bytes they are; msgspec parses them where needed."""
    await connection.set_type_codec(
        "json", schema="pg_catalog", format="binary", encoder=bytes, decoder=bytes
    )


async def _keep(_connection: Connection) -> None:
    """Leave a connection as it is when it comes back: that saves a round trip each time.

    So nobody may leave settings, listeners or session locks behind; settings are ``set local``.
    """


@asynccontextmanager
async def open_pool(
    url: str, *, name: str, size: int = 8, schema: str = "projections", patient: bool = False
) -> AsyncIterator[Pool]:
    """A pool of connections, closed on leaving: what is at work then has a while to end.

    Args:
        url: Where the database is (``postgresql://...``).
        name: What ``pg_stat_activity`` calls these connections.
        size: The most connections held at a time.
        schema: Where tables are that are named without one. Read models name theirs so, in order
            that they can be built in another schema.
        patient: For jobs whose statements may take longer than any request waits.
    """
    settings = {
        "application_name": name,
        "timezone": "UTC",
        "statement_timeout": "0" if patient else "15s",
        # A process that stands still inside a transaction must not hold its locks for ever.
        "idle_in_transaction_session_timeout": "30s",
        "search_path": schema,
    }
    if not patient:
        settings |= _OF_MANY
    pool = await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        init=prepare,
        reset=_keep,
        server_settings=settings,
        command_timeout=None if patient else 20,
    )
    try:
        yield pool
    finally:
        await _close(pool)


async def _close(pool: Pool) -> None:
    """Close a pool. Left to itself it waits for ever if a connection is never given back."""
    try:
        async with asyncio.timeout(_CLOSING_SECONDS):
            await pool.close()
    except TimeoutError:
        logger.warning("Connections still in use %s s after the end are cut off.", _CLOSING_SECONDS)


async def ping(pool: Pool) -> None:
    """Ask the database for an answer. Raises one of ``DATABASE_ERRORS`` when there is none."""
    await pool.fetchval("select 1", timeout=2)
