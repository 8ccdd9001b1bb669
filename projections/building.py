"""Building read models from the log in a schema of their own, beside the live ones.

What was built is kept with a checkpoint, so a build that is stopped goes on where it stood. Nothing
else follows from it: no webhook is sent, no wake-up.

Read models do not depend on one another, so two are written at a time, while the next events are
read: PostgreSQL and this process work in parallel. The checkpoint follows after both have committed
what they wrote. Whatever is killed in between, it is behind the tables at most, and events that are
taken in again change nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import asyncpg

from projections.projection import News, Projection
from projections.tables import fingerprint, tables_of, without_indexes
from store import checkpoints
from store.cache import Cache
from store.database import Connection, Pool
from store.log import read_book
from store.recorded import Recorded

Report: TypeAlias = Callable[[int, int], None]
"""Told how many events, of how many, have been dealt with."""

BATCH = 20_000
LANES = 2
CONNECTIONS = LANES + 2
"""So many connections a build uses: one for each lane, one that reads, one that holds locks."""

_CACHED_STREAMS = 50_000
# The checkpoint commits after what it stands for: losing the end of it in a crash loses no order.
_LANE = "set local statement_timeout = '120s'; set local synchronous_commit = off"
_FINISH = "set local statement_timeout = 0; set local maintenance_work_mem = '128MB'"


class Building:
    """Read models under construction. The pool's ``search_path`` must be ``schema`` alone."""

    def __init__(
        self,
        pool: Pool,
        connection: Connection,
        schema: str,
        projections: Sequence[Projection],
    ) -> None:
        """Nothing is done yet; ``connection`` is one of the pool's ``CONNECTIONS``."""
        self.connection = connection
        self.schema = schema
        self.projections = tuple(projections)
        names = ",".join(sorted(f"{it.NAME}:{fingerprint(it)[:12]}" for it in projections))
        self.follower = f"{schema}:{names}"
        self._pool = pool
        self._cache = Cache(_CACHED_STREAMS)

    async def prepare(self) -> bool:
        """Create the tables, unless a build of exactly these is there to go on with.

        Answers whether there is one.
        """
        async with self.connection.transaction():
            await self.connection.execute("set local statement_timeout = 0")
            begun: bool = await self.connection.fetchval(
                "select exists (select from store.checkpoints where follower = $1)", self.follower
            )
            if begun:
                return True
            await self.discard()
            await self.connection.execute(f"create schema {self.schema}")
            for projection in self.projections:
                await self.connection.execute(without_indexes(projection))
            # So that a build of an empty log is known to have begun as well.
            await self.connection.execute(
                "insert into store.checkpoints (book_id, follower) values ('', $1)", self.follower
            )
            return False

    async def finish(self) -> None:
        """Create what indexes are missing, and tell the planner about the tables."""
        # The audit trail is last and has most rows: begun last, it would be alone in the end.
        await self._in_lanes(_FINISH, self._finish, reversed(self.projections))

    async def _finish(self, connection: Connection, projection: Projection) -> None:
        await connection.execute(projection.DDL)
        await connection.execute(f"analyze {', '.join(tables_of(projection))}")

    async def discard(self) -> None:
        """Throw away whatever was under construction in the schema."""
        await self.connection.execute(f"drop schema if exists {self.schema} cascade")
        await self.connection.execute(
            "delete from store.checkpoints where starts_with(follower, $1)", f"{self.schema}:"
        )

    async def catch_up(self, report: Report, *, to: Mapping[str, int] | None = None) -> int:
        """Take in the log up to these positions, or all of it; answer how many events that were."""
        heads = await self._heads() if to is None else to
        done = {book_id: await self._position(book_id) for book_id in heads}
        total = sum(heads.values())
        before = sum(done.values())
        for book_id, head in heads.items():
            reading = asyncio.create_task(self._read(book_id, done[book_id], head))
            try:
                while done[book_id] < head:
                    events = await reading
                    done[book_id] = events[-1].position
                    reading = asyncio.create_task(self._read(book_id, done[book_id], head))
                    await self._take_in(book_id, events)
                    report(sum(done.values()), total)
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
        return sum(done.values()) - before

    async def advance_to(self, positions: Mapping[str, int]) -> None:
        """Take in what is missing up to these positions, within the transaction that is open."""
        for book_id, until in positions.items():
            after = await self._position(book_id)
            while after < until:
                limit = min(BATCH, until - after)
                events = await read_book(self.connection, book_id, after=after, limit=limit)
                news = News(self.connection, book_id, events, self._cache)
                for projection in self.projections:
                    await projection.project(self.connection, news)
                after = events[-1].position
                await self._reached(book_id, after)

    async def _read(self, book_id: str, after: int, head: int) -> list[Recorded]:
        async with self._pool.acquire() as connection:
            return await read_book(
                connection, book_id, after=after, until=head, limit=BATCH if after < head else 0
            )

    async def _take_in(self, book_id: str, events: Sequence[Recorded]) -> None:
        try:
            await self._project(book_id, events, unseen=True)
        except asyncpg.UniqueViolationError:
            # A build that was killed has left some of these rows, ahead of its checkpoint.
            await self._project(book_id, events, unseen=False)
        await self._reached(book_id, events[-1].position)

    async def _project(self, book_id: str, events: Sequence[Recorded], *, unseen: bool) -> None:
        news = News(self.connection, book_id, events, self._cache, unseen=unseen)

        async def project(connection: Connection, projection: Projection) -> None:
            await projection.project(connection, news)

        await self._in_lanes(_LANE, project, iter(self.projections))

    async def _in_lanes(
        self,
        settings: str,
        work: Callable[[Connection, Projection], Awaitable[None]],
        waiting: Iterator[Projection],
    ) -> None:
        """Do it for these read models, some at a time, each lane in a transaction of its own."""
        outcomes = await asyncio.gather(
            *(self._lane(settings, work, waiting) for _ in range(LANES)), return_exceptions=True
        )
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _lane(
        self,
        settings: str,
        work: Callable[[Connection, Projection], Awaitable[None]],
        waiting: Iterator[Projection],
    ) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(settings)
            for projection in waiting:
                await work(connection, projection)

    async def _reached(self, book_id: str, position: int) -> None:
        await self.connection.execute(
            "insert into store.checkpoints (book_id, follower, position) values ($1, $2, $3)"
            " on conflict (book_id, follower) do update set position = excluded.position",
            book_id,
            self.follower,
            position,
        )

    async def _heads(self) -> dict[str, int]:
        rows = await self.connection.fetch(
            "select book_id, head from store.books where head > 0 order by book_id"
        )
        return {row["book_id"]: row["head"] for row in rows}

    async def _position(self, book_id: str) -> int:
        return await checkpoints.position(self.connection, book_id, self.follower)
