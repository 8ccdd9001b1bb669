"""Commands against pgbench with single-row inserts, each at its best number of clients."""

import asyncio
import os
import re
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.callers import Together, check_durable, editor
from benchmarks.figures import Figure, figure
from benchmarks.rounds import Run, alternate
from daybook.embedded.binaries import find_postgres
from store.books import Book, Books, create_book, open_books
from store.database import open_pool

NAME = "append_vs_pgbench"
CALLERS = (64, 256, 512)
CLIENTS = (8, 16, 32, 64)
SECONDS = 1

_SCRIPT = r"""
\set version :version + 1
insert into naive (book_id, stream, version, event_id, topic, state, metadata, recorded_at)
values ('bok_01', 'invoice/inv_' || :round || '_' || :client_id, :version, gen_random_uuid(),
        'invoice.header_changed', '{"memo":"Deliver to gate 1."}', '{}', now());
"""
_TPS = re.compile(rb"^tps = ([0-9.]+)", re.MULTILINE)
_LATENCY = re.compile(rb"^latency average = ([0-9.]+) ms", re.MULTILINE)
_DONE = re.compile(rb"transactions actually processed: ([0-9]+)")


async def measure(database_url: str) -> Figure:
    """One event a command; pgbench inserts such a row a transaction, prepared, and decides nothing.

    Its table has no lock, no contiguous positions, no keys and no comparison of versions.

    Raises:
        WrongAnswer: What was acknowledged is not in the table.
        ConnectionError: pgbench failed.
        FileNotFoundError: PostgreSQL is installed without pgbench.
    """
    async with (
        open_pool(database_url, name="daybook benchmark") as pool,
        open_books(pool) as books,
    ):
        await pool.execute(
            "create table public.naive (like store.events including all);"
            "alter table public.naive alter position add generated always as identity"
        )
        book = await create_book(pool, name="Benchmark", mode="sandbox")
        sides = {count: await _editors(books, book, count) for count in CALLERS}
        with TemporaryDirectory() as folder:
            bench = _Pgbench(database_url, Path(folder))
            await bench.run(CLIENTS[0])  # warms up
            tried = {clients: await bench.run(clients) for clients in CLIENTS}
            best = max(tried, key=lambda clients: tried[clients].rate)
            ours = {count: await side.run() for count, side in sides.items()}
            side = sides[max(ours, key=lambda count: ours[count].rate)]
            runs = await alternate(side.run, lambda: bench.run(best))
        made = sum(2 * count + it.acknowledged for count, it in sides.items())
        await check_durable(pool, "store.events", made)
        await check_durable(pool, "public.naive", bench.acknowledged)
    notes = [f"pgbench tried beforehand: {_shown(tried)} clients", f"ours: {_shown(ours)}"]
    return figure(NAME, "events/s", *runs, notes)


async def _editors(books: Books, book: Book, count: int) -> Together:
    return Together([await editor(books, book.book_id) for _ in range(count)])


def _shown(tried: Mapping[int, Run]) -> str:
    return ", ".join(f"{run.rate:,.0f} with {clients}" for clients, run in tried.items())


class _Pgbench:
    """Runs of the pgbench that comes with the server, or with the system."""

    def __init__(self, url: str, folder: Path) -> None:
        program = find_postgres(os.environ) / "pgbench"  # noqa: TID251 - a program of its own
        self._command = [str(program), "--no-vacuum", "--protocol=prepared", "--jobs=2"]
        self._url = url
        self._rounds = count()
        self._script = folder / "insert.sql"
        self._script.write_text(_SCRIPT)
        self.acknowledged = 0

    async def run(self, clients: int) -> Run:
        options = [
            f"--client={clients}",
            f"--time={SECONDS}",
            f"--file={self._script}",
            "--define=version=0",
            f"--define=round={next(self._rounds)}",
            self._url,
        ]
        process = await asyncio.create_subprocess_exec(
            *self._command, *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        said, complaint = await process.communicate()
        numbers = [pattern.search(said) for pattern in (_TPS, _LATENCY, _DONE)]
        if process.returncode or not all(numbers):
            raise ConnectionError(f"pgbench failed: {complaint.decode(errors='replace')}")
        rate, latency, done = (float(found[1]) for found in numbers if found)
        self.acknowledged += int(done)
        return Run(done / rate, [latency / 1000] * int(done))
