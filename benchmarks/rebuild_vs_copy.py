"""Read models rebuilt from 5,000,000 events times --scale, against a plain COPY of their rows."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import msgspec
from typing_extensions import override

from benchmarks.clients import DRAFT, Creator, Editor, request
from benchmarks.figures import Figure
from benchmarks.http_load import Answer, Client, WrongAnswer, drive
from benchmarks.lives import new_book
from benchmarks.projection_processes import following
from benchmarks.rounds import Run
from benchmarks.testbed import Api, serving
from daybook.garbage import collect_seldom
from projections.building import CONNECTIONS
from projections.rebuild import BESIDE, rebuild
from projections.tables import FOLLOWER, PROJECTIONS, SCHEMA, tables_of, without_indexes
from projections.verify import SCRATCH, verify
from store.database import Pool, open_pool
from store.keys import create_key

NAME = "rebuild_vs_copy"
IN_ALL = 5_000_000
LANES = 10
EVERY = 0.1
"""Ten readers and ten writers with ten requests a second each: 200 requests a second."""

_LISTS = ("invoices", "customers", "payments", "invoices?status.eq=Posted&sort=-gross")
_ROUNDS = 3
_LARGE = 500_000
"""From so many events on there is one round."""


async def measure(database_url: str, *, scale: float) -> Figure:
    """Rebuild and COPY take turns on a quiet database; then there is a rebuild amid requests.

    COPY has the rows in binary files, fills the same tables in a schema of its own, and makes the
    indexes afterwards, as a rebuild does. The rates are events of the log a second on both sides;
    the latencies are those of the requests amid the last rebuild. In the end the tables are
    compared with another rebuild, row by row.

    Raises:
        WrongAnswer: A request failed, a list was empty, or a row differs.
    """
    events = int(IN_ALL * scale)
    collect_seldom()  # as the command does
    async with (
        open_pool(database_url, name="daybook benchmark") as pool,
        _beside(database_url, BESIDE) as beside,
    ):
        book = await new_book(pool, events)
        await _timed_rebuild(beside)  # fills the live tables
        await pool.execute(
            "insert into store.checkpoints (book_id, follower, position)"
            " select book_id, $1, head from store.books",
            FOLLOWER,
        )
        quiet, copied = [], []
        for _ in range(1 if events >= _LARGE else _ROUNDS):
            quiet.append(await _timed_rebuild(beside))
            copied.append(await _timed_copy(database_url))
        amid, run, note = await _amid_requests(database_url, book.book_id)
    rounds = sorted(zip(quiet, copied, strict=True), key=lambda it: it[1] / it[0])
    ours, baseline = rounds[len(rounds) // 2]
    latencies = sorted(run.latencies)
    return Figure(
        name=NAME,
        ours=events / ours,
        baseline=events / baseline,
        unit="events/s",
        p50_ms=1000 * latencies[len(latencies) // 2],
        p99_ms=1000 * latencies[len(latencies) * 99 // 100],
        notes=(
            f"{events:,} events, {len(PROJECTIONS)} models: {ours:.1f} s; COPY {baseline:.1f} s",
            f"amid requests: rebuilt in {amid:.1f} s; {note}",
        ),
    )


@asynccontextmanager
async def _beside(url: str, schema: str) -> AsyncIterator[Pool]:
    async with open_pool(
        url, name=f"benchmark {schema}", size=CONNECTIONS, schema=schema, patient=True
    ) as pool:
        yield pool


async def _timed_rebuild(beside: Pool) -> float:
    started = time.perf_counter()
    await rebuild(beside, PROJECTIONS, lambda _done, _of: None)
    return time.perf_counter() - started


# ---------------------------------------------------------------- the same rows by COPY


async def _timed_copy(url: str) -> float:
    """Seconds in which COPY and ``create index`` make the same tables."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "copied"})
    try:
        with TemporaryDirectory() as folder:
            files = await _written(connection, Path(folder))
            await connection.execute("create schema copied")
            started = time.perf_counter()
            async with connection.transaction():
                for projection in PROJECTIONS:
                    await connection.execute(without_indexes(projection))
                for table, (columns, file) in files.items():
                    await connection.copy_to_table(
                        table, source=file, columns=columns, format="binary"
                    )
                for projection in PROJECTIONS:
                    await connection.execute(projection.DDL)
            seconds = time.perf_counter() - started
            await connection.execute("drop schema copied cascade")
    finally:
        await connection.close()
    return seconds


async def _written(
    connection: asyncpg.Connection, folder: Path
) -> dict[str, tuple[list[str], Path]]:
    """Columns and rows of each table, without what PostgreSQL computes."""
    written = {}
    for table in (table for it in PROJECTIONS for table in tables_of(it)):
        columns = await connection.fetchval(
            "select array_agg(column_name::text order by ordinal_position)"
            " from information_schema.columns"
            " where table_schema = $1 and table_name = $2 and is_generated = 'NEVER'",
            *(SCHEMA, table),
        )
        file = folder / table
        await connection.copy_from_table(
            table, schema_name=SCHEMA, columns=columns, output=file, format="binary"
        )
        written[table] = (columns, file)
    return written


# ---------------------------------------------------------------- amid requests


class _Stop:
    """Whether those who ask should go home."""

    def __init__(self) -> None:
        self.now = False


class _Reader(Client):
    """Reads one list after the other. An empty one is a wrong answer."""

    expects = 200

    def __init__(self, api: Api, stop: _Stop) -> None:
        self._requests = [request(api, "GET", f"/api/{it}", b"") for it in _LISTS]
        self._stop = stop
        self.read = 0

    @override
    def request(self) -> bytes | None:
        return None if self._stop.now else self._requests[self.read % len(_LISTS)]

    @override
    def answered(self, answer: Answer) -> None:
        if not msgspec.json.decode(answer.body)["items"]:
            raise WrongAnswer(f"A list was empty amid a rebuild: {_LISTS[self.read % len(_LISTS)]}")
        self.read += 1


class _Writer(Editor):
    """Edits its invoice until it is told to stop."""

    def __init__(self, api: Api, path: str, version: int, stop: _Stop) -> None:
        super().__init__(api, path, version)
        self._stop = stop

    @override
    def request(self) -> bytes | None:
        return None if self._stop.now else super().request()


async def _amid_requests(url: str, book_id: str) -> tuple[float, Run, str]:
    """Seconds of a rebuild while requests are answered, the requests, and what they were."""
    stop = _Stop()
    async with serving(url) as api, following("all", url):
        key, _ = await create_key(api.pool, book_id, name="benchmark")
        whole = msgspec.structs.replace(api, book_id=book_id, key=key)
        creator = Creator(whole, "/api/invoices", DRAFT | {"customerId": "CUSTOMER-0001"}, LANES)
        await drive(api.port, [creator])
        readers = [_Reader(whole, stop) for _ in range(LANES)]
        writers = [_Writer(whole, path, version, stop) for path, version in creator.created]
        load = asyncio.create_task(drive(api.port, [*readers, *writers], every=EVERY))
        seconds = await _command(url, "rebuild", "--all")
        stop.now = True
        run = await load
        async with _beside(url, SCRATCH) as scratch:
            _, difference = await verify(scratch, PROJECTIONS, lambda _done, _of: None)
    if difference is not None:
        raise WrongAnswer(difference.sentence)
    read, written = sum(it.read for it in readers), sum(it.acknowledged for it in writers)
    rate = len(run.latencies) / run.seconds
    note = (
        f"{rate:,.0f} requests a second, {read:,} lists read and {written:,} edits made, none "
        "failed and none empty; every row equal afterwards"
    )
    return seconds, run, note


async def _command(url: str, *arguments: str) -> float:
    """Run a command of the product; answer how many seconds it took."""
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "daybook", *arguments),
        env={"DATABASE_URL": url},
        stdout=asyncio.subprocess.DEVNULL,
    )
    if await process.wait():
        raise ConnectionError(f"daybook {' '.join(arguments)} failed; it said why.")
    return time.perf_counter() - started
