"""One caller at a time, against the eventsourcing library's own PostgreSQL recorder."""

from benchmarks import append_vs_library
from benchmarks.figures import Figure

NAME = "append_vs_library_alone"


async def measure(database_url: str) -> Figure:
    """Nothing can be grouped here: what counts is how much one append costs."""
    return await append_vs_library.measure(database_url, name=NAME, callers=1)
