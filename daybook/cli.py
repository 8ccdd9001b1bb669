"""The command line: ``daybook COMMAND --help`` says what each one does."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import click
import uvicorn

from daybook import __version__, logs
from daybook.asgi import NEEDS as API_NEEDS
from daybook.cli_books import books, keys
from daybook.cli_data import demo, import_
from daybook.demo.writing import CannotWrite
from daybook.doctor import doctor
from daybook.embedded.errors import StackError
from daybook.settings import Settings, SettingsWrong, load
from daybook.wiring import NotMigrated, bring_up_to_date, require_migrated
from store.migrate import MigrationRefused

_DRAIN_SECONDS = 5


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def daybook() -> None:
    """Daybook: an event-sourced invoicing backend.

    'daybook up' brings everything that is needed and starts it. The other commands run one part
    each, on the PostgreSQL of DATABASE_URL and the Redis or Valkey of REDIS_URL.
    """


daybook.add_command(books)
daybook.add_command(keys)
daybook.add_command(doctor)
daybook.add_command(demo)
daybook.add_command(import_)


@daybook.command()
def version() -> None:
    """Print the version."""
    click.echo(f"daybook {__version__}")


@daybook.command()
def up() -> None:
    """Start everything and say what to try; Ctrl-C stops it.

    PostgreSQL and Valkey are started too, unless DATABASE_URL or REDIS_URL name others. Data lives
    in DAYBOOK_HOME (.daybook in the current folder).
    """
    import daybook.up as program  # noqa: PLC0415 - only this command needs it

    try:
        program.up(load(), os.environ)
    except (program.CannotStart, CannotWrite, StackError) as error:
        raise click.ClickException(str(error)) from error


@daybook.command()
def migrate() -> None:
    """Bring the database up to this version; safe to run any number of times."""
    settings = load(need=("DATABASE_URL",))
    applied = asyncio.run(bring_up_to_date(str(settings.database_url)))
    click.echo(f"Applied: {', '.join(applied)}." if applied else "The database is up to date.")


@daybook.command()
@click.option("--workers", default=1, show_default=True, help="How many processes serve.")
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


@daybook.command()
def follow() -> None:
    """Follow every book: keep read models up to date and plan webhook deliveries."""
    from daybook.follow import follow as run_follow  # noqa: PLC0415 - only this command needs it

    settings = load(need=("DATABASE_URL", "REDIS_URL"))
    _run(settings, run_follow(settings))


@daybook.command()
def work() -> None:
    """Send webhooks: sign, deliver, retry, and record every attempt."""
    from daybook.work import work as run_work  # noqa: PLC0415 - only this command needs it

    settings = load(need=("DATABASE_URL", "REDIS_URL", "DAYBOOK_SECRET_KEYS"))
    _run(settings, run_work(settings))


def _run(settings: Settings, work: Coroutine[Any, Any, None]) -> None:
    """Run until SIGTERM or Ctrl-C, then let the work end in an orderly way."""
    logs.set_up(settings.log_level)

    async def until_stopped() -> None:
        await require_migrated(str(settings.database_url))
        task = asyncio.create_task(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    asyncio.run(until_stopped())


def main() -> None:
    """Entry point: errors that the user can mend are sentences, not tracebacks."""
    try:
        daybook(prog_name="daybook")
    except (SettingsWrong, NotMigrated, MigrationRefused) as error:
        click.echo(str(error), err=True)
        sys.exit(2)
