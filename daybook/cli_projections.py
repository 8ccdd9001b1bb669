"""``daybook rebuild``, ``verify`` and ``parked``: read models follow from the log, provably."""

import asyncio
import sys
from collections.abc import Sequence

import click

from daybook.garbage import collect_seldom
from daybook.progress import progress
from daybook.rebuilding import rebuild_now
from daybook.retry_parked import Outcome, retry_parked
from daybook.settings import load
from projections import rebuild as rebuilding
from projections import verify as verifying
from projections.building import CONNECTIONS
from projections.projection import Projection
from projections.tables import PROJECTIONS
from projections.verify import SCRATCH, Compared, Difference
from store.database import open_pool
from store.parked import list_parked

_NAMES = [projection.NAME for projection in PROJECTIONS]


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(_NAMES), metavar="[NAME]...")
@click.option("--all", "every", is_flag=True, help="Rebuild every read model, in one pass.")
def rebuild(names: tuple[str, ...], *, every: bool) -> None:
    """Build read models anew from the log, beside the live ones, and swap them in.

    Requests are answered and webhooks sent all the while; a webhook is never sent again by this.
    Stopped, it goes on where it stood when it is called again with the same names.
    """
    if every == bool(names):
        raise click.UsageError(f"Name read models ({', '.join(_NAMES)}), or say --all.")
    chosen = [it for it in PROJECTIONS if every or it.NAME in names]
    try:
        resumed = asyncio.run(rebuild_now(_database_url(), chosen))
    except rebuilding.AlreadyRunning as error:
        raise click.ClickException(str(error)) from error
    except TimeoutError as error:
        raise click.ClickException(
            "The tables are in use without a pause; what was built is kept. Try again later."
        ) from error
    how = "Rebuilt (an earlier rebuild went on)" if resumed else "Rebuilt"
    click.echo(f"{how}: {', '.join(it.NAME for it in chosen)}.")


@click.group()
def verify() -> None:
    """Prove that what is derived from the log equals it."""


@verify.command("projections")
@click.argument("names", nargs=-1, type=click.Choice(_NAMES), metavar="[NAME]...")
def verify_projections(names: tuple[str, ...]) -> None:
    """Rebuild read models into scratch tables and compare them row by row with the live ones.

    Exit status 0: every row is equal; 1: the first difference is printed on standard error.
    """
    chosen = [it for it in PROJECTIONS if not names or it.NAME in names]
    try:
        compared, difference = asyncio.run(_verify(_database_url(), chosen))
    except verifying.AlreadyRunning as error:
        raise click.ClickException(str(error)) from error
    for it in compared:
        click.echo(f"{it.table}: {it.rows} rows, all equal")
    if difference is not None:
        click.echo(f"{difference.sentence}", err=True)
        click.echo("Run 'daybook rebuild --all' to make it right.", err=True)
        sys.exit(1)


async def _verify(
    database_url: str, chosen: Sequence[Projection]
) -> tuple[list[Compared], Difference | None]:
    collect_seldom()
    async with open_pool(
        database_url, name="daybook verify", size=CONNECTIONS, schema=SCRATCH, patient=True
    ) as pool:
        with progress("events") as report:
            return await verifying.verify(pool, chosen, report)


@click.group()
def parked() -> None:
    """Events that a follower had to set aside, because it could not take them in."""


@parked.command("list")
@click.argument("book_id", required=False)
def list_command(book_id: str | None) -> None:
    """List parked events, of BOOK_ID or of every book: where, for whom, why."""

    async def run() -> None:
        async with open_pool(_database_url(), name="daybook parked", size=1) as pool:
            for it in await list_parked(pool, book_id):
                click.echo(f"{it.book_id}  {it.position:>9}  {it.read_model}  {it.reason}")

    asyncio.run(run())


@parked.command("retry")
@click.argument("book_id", required=False)
def retry_command(book_id: str | None) -> None:
    """Try parked events again, of BOOK_ID or of every book, in the order of the log.

    Exit status 0: none is left; 1: some still cannot be taken in, and are listed.
    """

    async def run() -> list[Outcome]:
        async with open_pool(_database_url(), name="daybook parked", size=1) as pool:
            return await retry_parked(pool, book_id)

    outcomes = asyncio.run(run())
    failed = [it for it in outcomes if it.error is not None]
    for it in failed:
        click.echo(f"{it.parked.book_id}  {it.parked.position}  {it.error}", err=True)
    click.echo(f"Taken in: {len(outcomes) - len(failed)}. Still parked: {len(failed)}.")
    if failed:
        sys.exit(1)


def _database_url() -> str:
    return str(load(need=("DATABASE_URL",)).database_url)
