"""Progress bars of long jobs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Report: TypeAlias = Callable[[int, int], None]
"""Told how many pieces of work, of how many, are done."""


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """A bar on standard error, with the time it took and will take; none where is no terminal."""
    console = Console(stderr=True)
    bars = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    columns = (*bars, TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn())
    silent = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=silent) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
