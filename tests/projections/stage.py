"""Histories on a real database: played in memory, stored as events, and projected in batches."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

import msgspec

from projections.projection import News
from projections.tables import project
from store.books import create_book
from store.cache import Cache
from store.database import Pool, open_pool
from store.mapper import encode
from store.recorded import Recorded
from tests.projections.company import Company, Step
from tests.projections.histories import play

Rows = dict[str, list[tuple[object, ...]]]


class Stage:
    """Plays histories, each in a book of its own."""

    def __init__(self, runner: asyncio.Runner, pool: Pool) -> None:
        self._runner = runner
        self.pool = pool

    def run(self, of: Callable[[], Awaitable[None]]) -> None:
        async def within_time() -> None:
            async with asyncio.timeout(60):
                await of()

        self._runner.run(within_time())

    async def played(self, steps: Sequence[Step]) -> Company:
        """A new book in which this happened, with its events stored."""
        book = await create_book(self.pool, name="Played", mode="sandbox")
        company = Company(book.book_id)
        play(company, steps)
        await self.store(company.events)
        return company

    async def store(self, events: Sequence[Recorded]) -> None:
        rows = [
            (
                *(it.book_id, it.position, it.stream, it.version, uuid4(), it.topic),
                *(encode(it.fact), msgspec.json.encode(it.metadata), it.recorded_at),
            )
            for it in events
        ]
        await self.pool.executemany(_STORE, rows)
        await self.pool.execute(_HEAD, events[0].book_id, events[-1].position)

    async def replay(
        self, events: Sequence[Recorded], sizes: Sequence[int], *, unseen: bool = False
    ) -> None:
        """Project the events in batches of these sizes, over and over, as one follower does.

        ``unseen``: as a rebuild does, which adds rows to tables that have none of them.
        """
        cache = Cache(1000)
        at, batch = 0, 0
        while at < len(events):
            size = sizes[batch % len(sizes)]
            some = events[at : at + size]
            async with self.pool.acquire() as connection, connection.transaction():
                book_id = some[0].book_id
                news = News(connection, book_id, some, cache, unseen=unseen)
                await project(connection, news)
            at, batch = at + size, batch + 1

    async def tables(self, book_id: str) -> Rows:
        """Every row of the book in every table of every read model."""
        names = [row["table_name"] for row in await self.pool.fetch(_TABLES)]
        found: Rows = {}
        for name in names:
            rows = await self.pool.fetch(
                f"select * from {name} t where book_id = $1 order by t::text",  # noqa: S608 - a table's own name
                book_id,
            )
            found[name] = [tuple(row) for row in rows]
        return found

    async def forget(self, book_id: str) -> None:
        """Take all rows of the book off."""
        for row in await self.pool.fetch(_TABLES):
            await self.pool.execute(
                f"delete from {row['table_name']} where book_id = $1",  # noqa: S608 - a table's own name
                book_id,
            )


@contextmanager
def stage_on(database_url: str) -> Iterator[Stage]:
    """A stage on this database, with a loop of its own, so that Hypothesis can wait for it."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        opening = open_pool(database_url, name="stage", size=2)
        pool = runner.run(opening.__aenter__())
        try:
            yield Stage(runner, pool)
        finally:
            runner.run(opening.__aexit__(None, None, None))


_STORE = "insert into store.events values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_HEAD = "update store.books set head = $2 where book_id = $1"
_TABLES = """
select table_name from information_schema.tables
 where table_schema = 'projections' and table_name not like 'webhook%' order by 1
"""
