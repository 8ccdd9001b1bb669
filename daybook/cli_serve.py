"""``daybook migrate`` and ``daybook serve``: the database and the API alone."""

import asyncio

import click
import uvicorn

from daybook.settings import API_NEEDS, load
from daybook.wiring import bring_up_to_date, require_migrated

_DRAIN_SECONDS = 5


@click.command()
def migrate() -> None:
    """Bring the database up to this version; safe to run any number of times."""
    settings = load(need=("DATABASE_URL",))
    applied = asyncio.run(bring_up_to_date(str(settings.database_url)))
    click.echo(f"Applied: {', '.join(applied)}." if applied else "The database is up to date.")


@click.command()
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="How many processes serve.",
)
def serve(workers: int) -> None:
    """Serve the HTTP API on DAYBOOK_HOST and DAYBOOK_PORT until stopped."""
    settings = load(need=API_NEEDS)
    asyncio.run(require_migrated(str(settings.database_url)))
    uvicorn.run(
        "daybook.asgi:app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        timeout_keep_alive=30,
    )
