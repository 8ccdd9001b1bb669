"""The composition root: what each process opens, in which order, and closes again."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import click
from redis.asyncio import Redis

from api.caller import Doors, Hinted, KeyRing
from api.paging import Cursors
from api.quota import InProcess, Policy, Quotas
from api.xapi.tokens import Tokens
from daybook.rebuilding import rebuild_now
from daybook.settings import Settings
from daybook.shared_quota import Shared
from daybook.stopping import told_to_stop
from projections.tables import prepare_tables, stale
from store.books import open_books
from store.database import Pool, open_pool
from store.migrate import MigrationRefused, migrate, missing
from store.secrets import Keyring
from workers.broker import make_broker
from workers.dispatch import Means
from workers.gate import Gate
from workers.hints import REPLAY, Hints
from workers.ping import ping
from workers.sender import open_sender

_SOCKETS = 100


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
        open_sender(loopback=settings.allow_loopback_webhooks) as sender,
        open_quotas(settings) as quotas,
        open_keys(pool) as keys,
        open_replay_hints(settings) as hint_replay,
    ):
        keyring = Keyring(settings.secret_keys)
        means = Means(
            pool=pool,
            books=books,
            sender=sender,
            keyring=keyring,
            sockets=Gate(_SOCKETS),
        )
        with told_to_stop(books.end_tails):
            yield Doors(
                pool=pool,
                books=books,
                keys=keys,
                cursors=Cursors(settings.cursor_key),
                keyring=keyring,
                tokens=Tokens(settings.token_keys),
                ping=partial(ping, means),
                hint_replay=hint_replay,
                list_wait_seconds=settings.list_wait_seconds,
                allow_loopback_webhooks=settings.allow_loopback_webhooks,
                metrics_token=settings.metrics_token,
                quotas=quotas,
            )


@asynccontextmanager
async def open_replay_hints(settings: Settings) -> AsyncIterator[Hinted]:
    """Lets workers know of a new replay, if there is a Redis; a sweep finds it anyway."""
    if settings.redis_url is None:
        yield lambda _book_id, _replay_ids: None
        return
    broker = make_broker(settings.redis_url)
    hints = Hints(broker, REPLAY)
    try:
        yield hints.send
    finally:
        await hints.settled()
        broker.close()


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


@asynccontextmanager
async def open_keys(pool: Pool) -> AsyncIterator[KeyRing]:
    """The keys, which hear of what other processes change."""
    keys = KeyRing(pool)
    listening = asyncio.create_task(keys.listen(), name="key changes")
    try:
        yield keys
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def bring_up_to_date(database_url: str) -> list[str]:
    """Apply missing migrations and build missing read models; name what was done."""
    async with (
        open_pool(database_url, name="daybook migrate", size=1, patient=True) as pool,
        pool.acquire() as connection,
    ):
        try:
            applied = await migrate(connection)
        except MigrationRefused as error:
            raise NotMigrated(str(error)) from error
        outdated = await prepare_tables(connection)
    if outdated:
        await rebuild_now(database_url, outdated)
        applied += [f"read model {projection.NAME}" for projection in outdated]
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
        if not lacking:
            lacking = [f"read model {projection.NAME}" for projection in await stale(connection)]
    if lacking:
        raise NotMigrated(f"The database lacks {', '.join(lacking)}: run 'daybook migrate' first.")
