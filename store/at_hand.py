"""What a book's writer has in memory to decide on, and how it is brought up to date."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from domain.aggregate import Stream
from store.basis import AuthorsNotAtHand, ChangesNotAtHand, Written
from store.batch import Batch, NotAtHand
from store.cache import Author, BookCache, Held
from store.command import Waiting
from store.database import Connection, Pool
from store.lanes import Lane, Past, read_lanes, read_remembered
from store.log import read_stream
from store.news import read_runs, read_tails
from store.turns import LaneNotAtHand, Pasts

MISSING = (NotAtHand, AuthorsNotAtHand, LaneNotAtHand)
"""What ``Batch.decide`` raises when something must be loaded first."""


class AtHand:
    """The states of a book's streams and where its lanes stand; it may be behind the book."""

    def __init__(self, pool: Pool, book_id: str, cache: BookCache) -> None:
        self._pool = pool
        self.book_id = book_id
        self.pasts = Pasts()
        self._cache = cache

    async def prepare(self, connection: Connection, commands: Sequence[Waiting]) -> None:
        """Load in one go what these commands are sure to need."""
        targets = [w.command.stream for w in commands if w.command.stream is not None]
        await self._load(connection, [s for s in targets if self._cache.get(s.name) is None])
        lanes = {w.lane for w in commands if w.lane is not None and self.pasts.get(w.lane) is None}
        if lanes:
            self._learn(await read_lanes(connection, self.book_id, lanes))

    async def supply(self, connection: Connection, batch: Batch, missing: Exception) -> None:
        """Load what a decision missed: one of ``MISSING``."""
        match missing:
            case NotAtHand():
                await self._load(connection, missing.streams)
            case LaneNotAtHand():
                self._learn(await read_lanes(connection, self.book_id, [missing.lane]))
            case ChangesNotAtHand():
                name = missing.stream.name
                events = await read_stream(
                    connection,
                    self.book_id,
                    name,
                    after=missing.since,
                    until=batch.reads[name],
                )
                batch.changes[name, missing.since] = [
                    Written(
                        it.version, Author(it.metadata.actor, it.metadata.edit_session), it.fact
                    )
                    for it in events
                ]
            case AuthorsNotAtHand():
                name = missing.stream.name
                runs = await read_runs(
                    connection, self.book_id, name, after=missing.since, until=batch.reads[name]
                )
                batch.learn(missing.stream, runs)
            case _:
                raise missing

    async def refresh(self, connection: Connection, batch: Batch) -> bool:
        """Load the news of everything that the batch looked at; answer whether there are any."""
        if batch.turns.lanes:
            self._learn(await read_lanes(connection, self.book_id, batch.turns.lanes))
        tails = await read_tails(connection, self.book_id, batch.reads, authors=True)
        for name, events in tails.items():
            stream = batch.streams[name]
            held = self._cache.get(name)
            if held is None or held.version < batch.reads[name]:
                await self._load(connection, [stream])
                continue
            for event in events:
                if event.originator_version > held.version:
                    held = held.after(stream.aggregate.evolve(held.state, event.fact), event.author)
            self._cache.put(name, held)
        return bool(tails)

    async def _load(self, connection: Connection, streams: Sequence[Stream[Any]]) -> None:
        if not streams:
            return
        by_name = {stream.name: stream for stream in streams}
        tails = await read_tails(connection, self.book_id, dict.fromkeys(by_name, 0))
        for name, stream in by_name.items():
            state: Any = None
            version = 0
            for event in tails.get(name, ()):
                state = stream.aggregate.evolve(state, event.fact)
                version = event.originator_version
            self._cache.put(name, Held(state, version))

    async def look(self, lanes: Collection[Lane]) -> None:
        """See how far these lanes came elsewhere, on a connection for just as long as it takes."""
        async with self._pool.acquire() as connection:
            found = await read_remembered(connection, self.book_id, lanes)
        for lane, past in found.items():
            known = self.pasts.get(lane)
            if known is None or known.last < past.last:
                self.pasts.put(lane, past)

    def _learn(self, pasts: Mapping[Lane, Past]) -> None:
        for lane, past in pasts.items():
            self.pasts.put(lane, past)
