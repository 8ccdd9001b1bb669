"""Asking a question again and again: how long the answers take, and what PostgreSQL reads for them.

Questions go through one connection, whose statements PostgreSQL plans anew a few times and then,
if it likes, once and for all: as it does for a server that has been up for a while.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from math import ceil
from typing import NamedTuple, TypeAlias

from benchmarks.figures import Figure
from benchmarks.http_load import WrongAnswer
from benchmarks.rounds import Run
from store.database import Connection, open_pool

Question: TypeAlias = Callable[[Connection], Awaitable[object]]

TIMES = 100
LARGE = 5_000
"""A table of so many rows is not to be read from end to end."""

_WARM_UP = 3
_SLOWEST = 6


class Answered(NamedTuple):
    """A question: seconds that it took, in order, and large tables that it read needlessly."""

    name: str
    seconds: list[float]
    scanned: list[str]

    @property
    def p50(self) -> float:
        """Half of all took at most so many milliseconds."""
        return 1000 * self.seconds[len(self.seconds) // 2]

    @property
    def p99(self) -> float:
        """Ninety-nine of a hundred took at most so many milliseconds."""
        return 1000 * self.seconds[ceil(len(self.seconds) * 0.99) - 1]

    @property
    def line(self) -> str:
        """All of that in words."""
        read = f"   reads all of {', '.join(self.scanned)}" if self.scanned else ""
        return f"{self.name:48} p50 {self.p50:7.2f} ms   p99 {self.p99:7.2f} ms{read}"


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[Connection]:
    """The connection to ask through."""
    async with (
        open_pool(url, name="daybook benchmark", size=1) as pool,
        pool.acquire() as connection,
    ):
        yield connection


async def ask(
    connection: Connection,
    name: str,
    question: Question,
    times: int = TIMES,
    *,
    whole: Sequence[str] = (),
) -> Answered:
    """Ask so many times, and see what was read; ``whole``: tables whose every row it is about."""
    before = await _scans(connection)
    seconds = []
    for _ in range(times + _WARM_UP):
        started = time.perf_counter()
        await question(connection)
        seconds.append(time.perf_counter() - started)
    after = await _scans(connection)
    scanned = [table for table, count in after.items() if count > before.get(table, count)]
    needless = [table for table in scanned if table not in whole]
    return Answered(name, sorted(seconds[_WARM_UP:]), needless)


async def _scans(connection: Connection) -> dict[str, int]:
    """How often each large table was read from end to end so far."""
    await connection.execute("select pg_stat_force_next_flush()")
    rows = await connection.fetch(
        "select relname, seq_scan from pg_stat_user_tables where n_live_tup >= $1", LARGE
    )
    return {row["relname"]: row["seq_scan"] for row in rows}


def told(
    name: str, answered: list[Answered], baseline: Run, *, limit_ms: float, rows: str
) -> Figure:
    """What came of it: the rate of all questions together, and the p99 of the slowest one.

    Raises:
        WrongAnswer: A large table was read from end to end.
    """
    scanning = [it.line for it in answered if it.scanned]
    if scanning:
        raise WrongAnswer("Tables were read from end to end:\n" + "\n".join(scanning))
    slowest = sorted(answered, key=lambda it: it.p99, reverse=True)
    everything = sorted(second for it in answered for second in it.seconds)
    late = sum(it.p99 > limit_ms for it in answered)
    times = len(answered[0].seconds)
    return Figure(
        name=name,
        ours=len(everything) / sum(everything),
        baseline=baseline.rate,
        unit="answers/s",
        p50_ms=1000 * everything[len(everything) // 2],
        p99_ms=slowest[0].p99,
        notes=(
            f"{rows}; {len(answered)} questions, {times} times each; p99: of the slowest",
            f"{late} took more than {limit_ms:.0f} ms at p99; none read a table needlessly",
            *(it.line for it in slowest[:_SLOWEST]),
        ),
    )
