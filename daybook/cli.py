"""The command line: ``daybook COMMAND --help`` says what each one does."""

import importlib
from types import MappingProxyType

import click
from typing_extensions import override

from daybook import __version__

COMMANDS = MappingProxyType(
    {
        "up": "daybook.cli_up:up",
        "serve": "daybook.cli_serve:serve",
        "follow": "daybook.cli_workers:follow",
        "work": "daybook.cli_workers:work",
        "migrate": "daybook.cli_serve:migrate",
        "replay": "daybook.cli_replay:replay",
        "rebuild": "daybook.cli_projections:rebuild",
        "verify": "daybook.cli_projections:verify",
        "parked": "daybook.cli_projections:parked",
        "books": "daybook.cli_books:books",
        "keys": "daybook.cli_books:keys",
        "demo": "daybook.cli_data:demo",
        "import": "daybook.cli_data:import_",
        "doctor": "daybook.doctor:doctor",
        "version": "daybook.cli:version",
    }
)


class _Lazy(click.Group):
    """Imports a command when it is asked for, so that each starts as fast as it can."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
def daybook() -> None:
    """Daybook: an event-sourced invoicing backend.

    'daybook up' brings everything that is needed and starts it. The other commands run one part
    each, on the PostgreSQL of DATABASE_URL and the Redis or Valkey of REDIS_URL.
    """


@click.command()
def version() -> None:
    """Print the version."""
    click.echo(f"daybook {__version__}")


def main() -> None:
    """Entry point. Errors that the user can mend are sentences, not tracebacks."""
    daybook(prog_name="daybook")
