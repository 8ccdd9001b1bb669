"""The composition root: what each process opens, in which order, and closes again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from api.caller import Doors, KeyRing
from api.paging import Cursors
from daybook.settings import Settings
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
        )


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
