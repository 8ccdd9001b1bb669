"""``daybook up``: the whole program."""

import os

import click

import daybook.up as everything
from daybook.demo.writing import CannotWrite
from daybook.embedded.errors import StackError
from daybook.settings import load


@click.command()
def up() -> None:
    """Start everything and say what to try; Ctrl-C stops it.

    PostgreSQL and Valkey are started too, unless DATABASE_URL or REDIS_URL name others. Data lives
    in DAYBOOK_HOME (.daybook in the current folder).
    """
    try:
        everything.up(load(), os.environ)
    except (everything.CannotStart, CannotWrite, StackError) as error:
        raise click.ClickException(str(error)) from error
