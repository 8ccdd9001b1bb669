"""``daybook replay``: send deliveries to a webhook endpoint again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import click
import msgspec

from daybook.home import Home
from daybook.progress import progress
from daybook.settings import Settings, load
from daybook.wiring import open_replay_hints, require_migrated
from domain.errors import NotFound
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from store.books import open_books
from store.database import Pool, open_pool
from store.ids import new_id
from store.replays import (
    Kind,
    Replay,
    cancel_replay,
    create_replay,
    find_replay,
    selection_of,
    topics_wanted,
)

_POLL_SECONDS = 0.2
_ONE_OF = "Say one of --position, --from, --failed-since and --never-attempted, or --cancel."


class _Asked(msgspec.Struct, kw_only=True, frozen=True):
    """The options of ``daybook replay``."""

    endpoint_id: str
    book_id: str | None
    position: int | None
    first: int | None
    last: int | None
    failed_since: datetime | None
    never_attempted: bool
    cancel: str | None
    wait: bool

    @property
    def kind(self) -> Kind:
        """How the deliveries are selected."""
        if self.position is not None:
            return "one"
        if self.failed_since is not None:
            return "failed"
        return "never-attempted" if self.never_attempted else "range"


def _instant(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{text!r} is no instant such as 2026-11-01T09:30Z.") from error


@click.command()
@click.argument("endpoint_id", metavar="ENDPOINT")
@click.option("--book", "book_id", help="Whose endpoint; without it, the sandbox of DAYBOOK_HOME.")
@click.option("--position", type=click.IntRange(1), help="Send this event, asked for or not.")
@click.option("--from", "first", type=click.IntRange(1), help="Send all events from here on.")
@click.option("--to", "last", type=click.IntRange(1), help="With --from: up to here.")
@click.option(
    "--failed-since", callback=_instant, help="Send what was given up since this instant."
)
@click.option("--never-attempted", is_flag=True, help="Send what there was no request for yet.")
@click.option("--cancel", metavar="REPLAY", help="Send nothing more of this replay.")
@click.option("--wait/--no-wait", default=True, help="Stay until it is done; that is the default.")
def replay(**options: Any) -> None:
    """Send deliveries to a webhook endpoint again: the same ids, the same bytes.

    The workers carry it out, whether or not this command waits for it; each delivery gets as many
    attempts as the endpoint's category says. ENDPOINT is its id, whe_….
    """
    asked = _Asked(**options)
    ways = (asked.position, asked.first, asked.failed_since, asked.cancel)
    if sum(it is not None for it in ways) + asked.never_attempted != 1:
        raise click.UsageError(_ONE_OF)
    if asked.last is not None and (asked.first is None or asked.last < asked.first):
        raise click.UsageError("--to goes with --from, and is not below it.")
    try:
        ended = asyncio.run(_replay(_running(load()), asked))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise click.ClickException(f"{error}. What was begun goes on.") from error
    except KeyboardInterrupt:
        raise click.ClickException("It goes on; 'daybook replay --cancel' ends it.") from None
    if ended is not None and ended.failed:
        raise click.ClickException(f"{ended.failed} of {ended.done} deliveries failed again.")


def _running(settings: Settings) -> Settings:
    """With the servers of the stack in this home, where the environment names none."""
    if settings.database_url is not None:
        return settings
    running = Home(settings.home).running()
    if running is None:
        raise click.ClickException(
            f"No stack is running in {settings.home}: start one with 'daybook up', or say in "
            "DATABASE_URL where PostgreSQL is."
        )
    return msgspec.structs.replace(
        settings, database_url=running.database_url, redis_url=running.redis_url
    )


async def _replay(settings: Settings, asked: _Asked) -> Replay | None:
    """Carry out the command; answers the replay when it has ended."""
    book_id = asked.book_id
    if book_id is None:
        sandbox = Home(settings.home).sandbox()
        if sandbox is None:
            raise click.ClickException(f"There is no sandbox in {settings.home}: say --book.")
        book_id = sandbox.book_id
    async with _database(settings) as pool:
        if asked.cancel is not None:
            await _found(pool, book_id, asked.cancel)
            await cancel_replay(pool, book_id, asked.cancel, now=datetime.now(UTC))
            click.echo(_said(await _found(pool, book_id, asked.cancel)))
            return None
        replay_id = await _start(settings, pool, book_id, asked)
        if not asked.wait:
            click.echo(f"{replay_id} was begun.")
            return None
        ended = await _ended(pool, book_id, replay_id)
        click.echo(_said(ended))
        return ended


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Pool]:
    url = str(settings.database_url)
    await require_migrated(url)
    async with open_pool(url, name="daybook replay", size=2) as pool:
        yield pool


async def _start(settings: Settings, pool: Pool, book_id: str, asked: _Asked) -> str:
    async with open_books(pool) as books:
        try:
            endpoint = await books.get(book_id, WEBHOOK_ENDPOINT(asked.endpoint_id))
            selection = await selection_of(
                pool,
                book_id,
                asked.kind,
                first=asked.position or asked.first or 1,
                last=asked.position or asked.last,
                since=asked.failed_since,
                topics=None if asked.kind in {"one", "failed"} else topics_wanted(endpoint.state),
            )
        except NotFound as error:
            raise click.ClickException(f"{error} Say its book with --book.") from error
    replay_id = new_id("rpl")
    await create_replay(
        pool,
        (book_id, replay_id, asked.endpoint_id),
        selection,
        by="operator",
        now=datetime.now(UTC),
    )
    async with open_replay_hints(settings) as hint:
        hint(book_id, [replay_id])
    return replay_id


async def _ended(pool: Pool, book_id: str, replay_id: str) -> Replay:
    """Wait until a replay has ended, and show meanwhile how far it is."""
    with progress("Sending again") as report:
        while (replay := await _found(pool, book_id, replay_id)).active:
            if replay.counted:
                report(replay.done, replay.total)
            await asyncio.sleep(_POLL_SECONDS)
    return replay


async def _found(pool: Pool, book_id: str, replay_id: str) -> Replay:
    found = await find_replay(pool, book_id, replay_id)
    if found is None:
        raise click.ClickException(f"There is no replay {replay_id} in {book_id}.")
    return found


def _said(replay: Replay) -> str:
    rate = replay.rate(datetime.now(UTC))
    speed = f", {rate:.0f} a second" if rate else ""
    return (
        f"{replay.replay_id} is {replay.state}: {replay.done} of {replay.total} deliveries"
        f"{speed}, {replay.failed} failed."
    )
