"""The composition root: what each process opens, in which order, and closes again."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click
from redis.asyncio import Redis

from api.caller import Doors, KeyRing
from api.paging import Cursors
from api.quota import InProcess, Policy, Quotas
from daybook.settings import Settings
from daybook.shared_quota import Shared
from projections.tables import prepare_tables
from store.books import open_books
from store.database import open_pool
from store.migrate import MigrationRefused, migrate, missing
from store.secrets import Keyring


class NotMigrated(click.ClickException):
    """The database is not of this version. The message says what to do."""

    exit_code = 2


@asynccontextmanager
async def open_doors(settings: Settings) -> AsyncIterator[Doors]:
    """What the API needs."""
    assert settings.database_url is not None
    async with (
        open_pool(settings.database_url, name="daybook api", size=settings.pool_size) as pool,
        open_books(pool) as books,
        open_quotas(settings) as quotas,
    ):
        yield Doors(
            pool=pool,
            books=books,
            keys=KeyRing(pool),
            cursors=Cursors(settings.cursor_key),
            keyring=Keyring(settings.secret_keys),
            list_wait_seconds=settings.list_wait_seconds,
            allow_loopback_webhooks=settings.allow_loopback_webhooks,
            metrics_token=settings.metrics_token,
            quotas=quotas,
        )


@asynccontextmanager
async def open_quotas(settings: Settings) -> AsyncIterator[Quotas | None]:
    """The quotas of keys: shared through Redis if there is one; ``None`` if they are off."""
    if settings.quota == 0:
        yield None
        return
    policy = Policy(settings.quota, settings.quota_seconds)
    if settings.redis_url is None:
        yield Quotas(policy, InProcess(policy, time.monotonic), time.monotonic)
        return
    async with Redis.from_url(settings.redis_url) as redis:
        yield Quotas(policy, Shared(policy, redis), time.monotonic)


async def bring_up_to_date(database_url: str) -> list[str]:
    """Apply missing migrations and create missing tables of read models; name the migrations."""
    async with (
        open_pool(database_url, name="daybook migrate", size=1) as pool,
        pool.acquire() as connection,
    ):
        try:
            applied = await migrate(connection)
        except MigrationRefused as error:
            raise NotMigrated(str(error)) from error
        await prepare_tables(connection)
    return applied


async def require_migrated(database_url: str) -> None:
    """Refuse to start on a database of another version.

    Raises:
        NotMigrated: Something is missing.
    """
    async with (
        open_pool(database_url, name="daybook", size=1) as pool,
        pool.acquire() as connection,
    ):
        lacking = await missing(connection)
    if lacking:
        raise NotMigrated(f"The database lacks {', '.join(lacking)}: run 'daybook migrate' first.")
