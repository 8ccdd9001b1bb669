"""``python -m benchmarks [NAME]``."""

import os
import sys
from pathlib import Path

import asyncpg
import click
import uvloop

from benchmarks.catalogue import BENCHMARKS
from benchmarks.figures import Figure, table, write
from benchmarks.http_load import WrongAnswer
from benchmarks.testbed import scratch_database, surroundings
from daybook.embedded.errors import StackError
from daybook.embedded.stack import stack
from daybook.garbage import collect_seldom

HOME = Path("build/benchmarks")
RESULT = Path("build/bench.json")


@click.command()
@click.argument("name", required=False, type=click.Choice(list(BENCHMARKS)))
@click.option("--list", "only_list", is_flag=True, help="Only say which benchmarks there are.")
@click.option(
    "--scale",
    type=click.FloatRange(0.001, 10),
    default=0.02,
    show_default=True,
    help="How much of their millions of events those benchmarks write that fill a database.",
)
def main(name: str | None, *, only_list: bool, scale: float) -> None:
    """Measure everything, or the one benchmark NAME; print a table, write build/bench.json.

    Every figure is a ratio of two things that take turns in one run, so that it means the same on
    a slow machine and on a busy one. PostgreSQL is brought along and syncs every commit to disk;
    with DATABASE_URL set, that server is used, in databases that are dropped afterwards.
    """
    if only_list:
        width = max(map(len, BENCHMARKS))
        for known, benchmark in BENCHMARKS.items():
            click.echo(f"{known.ljust(width)}  {benchmark.about}")
        return
    names = [name] if name else list(BENCHMARKS)
    HOME.mkdir(parents=True, exist_ok=True)
    collect_seldom()  # what a benchmark runs in its own process is to have what the product has
    try:
        with stack(HOME, mode="dev", environ=os.environ, report=_say) as running:  # noqa: TID251 - a program of its own
            figures, failures = uvloop.run(_measure(running.database_url, names, scale))
    except (StackError, OSError, asyncpg.PostgresError) as error:
        raise click.ClickException(str(error)) from error
    write(figures, RESULT)
    click.echo(f"\n{table(figures)}\n\n{_notes(figures)}\n\nWritten to {RESULT}.")
    if failures:
        raise click.ClickException("\n".join(failures))


async def _measure(
    server_url: str, names: list[str], scale: float
) -> tuple[list[Figure], list[str]]:
    """Figures, and what went wrong where there is none."""
    figures: list[Figure] = []
    failures: list[str] = []
    async with scratch_database(server_url) as url:
        _say(await surroundings(url))
    for name in names:
        _say(f"{name}: {BENCHMARKS[name].about}")
        try:
            async with scratch_database(server_url) as url:
                figures.append(await BENCHMARKS[name].at(scale)(url))
        except (WrongAnswer, ConnectionError) as error:
            failures.append(f"{name} failed. {error}")
    return figures, failures


def _notes(figures: list[Figure]) -> str:
    return "\n".join(f"{figure.name}: {note}" for figure in figures for note in figure.notes)


def _say(news: str) -> None:
    print(news, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
