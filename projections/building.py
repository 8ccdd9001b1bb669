"""Building read models from the log in a schema of their own, beside the live ones.

What was built is kept with a checkpoint, in the transaction that built it, so a build that is
stopped goes on where it stood. Nothing else follows from it: no webhook is sent, no wake-up.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from projections.projection import News, Projection
from projections.tables import fingerprint
from store import checkpoints
from store.cache import Cache
from store.database import Connection
from store.log import read_book

Report: TypeAlias = Callable[[int, int], None]
"""Told how many events, of how many, have been dealt with."""

BATCH = 5_000
_CACHED_STREAMS = 50_000


class Building:
    """Read models under construction. The connection's ``search_path`` must be ``schema`` alone."""

    def __init__(
        self, connection: Connection, schema: str, projections: Sequence[Projection]
    ) -> None:
        self.connection = connection
        self.schema = schema
        self.projections = tuple(projections)
        names = ",".join(sorted(f"{it.NAME}:{fingerprint(it)[:12]}" for it in projections))
        self.follower = f"{schema}:{names}"
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
                await self.connection.execute(projection.DDL)
            # So that a build of an empty log is known to have begun as well.
            await self.connection.execute(
                "insert into store.checkpoints (book_id, follower) values ('', $1)", self.follower
            )
            return False

    async def discard(self) -> None:
        """Throw away whatever was under construction in the schema."""
        await self.connection.execute(f"drop schema if exists {self.schema} cascade")
        await self.connection.execute(
            "delete from store.checkpoints where starts_with(follower, $1)", f"{self.schema}:"
        )

    async def catch_up(self, report: Report, *, to: Mapping[str, int] | None = None) -> int:
        """Take in the log up to these positions, or all of it; answer how many events that were."""
        total = 0
        heads = await self._heads() if to is None else to
        done = {book_id: await self._position(book_id) for book_id in heads}
        for book_id, head in heads.items():
            while done[book_id] < head:
                count = await self._advance(book_id, done[book_id], head)
                done[book_id] += count
                total += count
                report(sum(done.values()), sum(heads.values()))
        return total

    async def advance_to(self, positions: Mapping[str, int]) -> None:
        """Take in what is missing up to these positions, within the transaction that is open."""
        for book_id, until in positions.items():
            after = await self._position(book_id)
            while after < until:
                after += await self._apply(book_id, after, min(BATCH, until - after))

    async def _advance(self, book_id: str, after: int, head: int) -> int:
        async with self.connection.transaction():
            await self.connection.execute("set local statement_timeout = '120s'")
            return await self._apply(book_id, after, min(BATCH, head - after))

    async def _apply(self, book_id: str, after: int, limit: int) -> int:
        events = await read_book(self.connection, book_id, after=after, limit=limit)
        news = News(self.connection, book_id, events, self._cache)
        for projection in self.projections:
            await projection.project(self.connection, news)
        await self.connection.execute(
            "insert into store.checkpoints (book_id, follower, position) values ($1, $2, $3)"
            " on conflict (book_id, follower) do update set position = excluded.position",
            book_id,
            self.follower,
            events[-1].position,
        )
        return len(events)

    async def _heads(self) -> dict[str, int]:
        rows = await self.connection.fetch(
            "select book_id, head from store.books where head > 0 order by book_id"
        )
        return {row["book_id"]: row["head"] for row in rows}

    async def _position(self, book_id: str) -> int:
        return await checkpoints.position(self.connection, book_id, self.follower)
