"""What a read model is, and what it is given to work with."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from domain.aggregate import Aggregate, Fact, Stream, fold
from store.cache import Cache, Held
from store.database import Connection
from store.mapper import decode
from store.recorded import Recorded, Versioned

S = TypeVar("S")


class Projection(Protocol):
    """A read model: a module with these names.

    ``NAME`` is what operators call it. ``DDL`` creates its tables, whose names carry a version, if
    they do not exist. Tables are named without a schema, here and in all SQL, because the same
    tables are built in another one while the live ones are read. ``project`` applies events that
    follow those it has seen, and copes with seeing some again.
    """

    NAME: str
    DDL: str

    async def project(self, connection: Connection, news: "News") -> None:
        """Apply events of one book, in order, with set-based SQL. It never refuses a fact."""
        ...


Entity: TypeAlias = tuple[Versioned[S | None], list[Recorded]]
"""An aggregate after the last of some events, and these events. ``None``: its life has ended."""


class News:
    """Consecutive events of one book, and the aggregates as these events leave them.

    What one read model has asked for, the next one gets without folding it again.
    """

    def __init__(
        self,
        connection: Connection,
        book_id: str,
        events: Sequence[Recorded],
        cache: Cache,
        *,
        unseen: bool = False,
    ) -> None:
        """News of a book.

        ``connection`` is for reading streams that are not in ``cache``, which lives as long as the
        follower, so that hardly any stream is folded from its start. ``unseen``: none of these
        events was taken in before, so what they add is not there yet, and may come by COPY.
        """
        self.unseen = unseen
        self._connection = connection
        self._cache = cache
        self.book_id = book_id
        self.events = events
        self._touched: dict[str, dict[str, list[Recorded]]] = {}
        for event in events:
            kind, id_ = event.aggregate
            self._touched.setdefault(kind, {}).setdefault(id_, []).append(event)
        self._folded: dict[str, list[Entity[Any]]] = {}
        self._folding = asyncio.Lock()

    async def entities(self, aggregate: Aggregate[S]) -> list[Entity[S]]:
        """Every aggregate of the kind that these events touch, after the last of its events.

        The state is ``None`` when its life has ended. Beside it stand its own events.
        """
        async with self._folding:  # read models may be built several at a time
            if aggregate.name not in self._folded:
                self._folded[aggregate.name] = await self._fold(aggregate)
            return self._folded[aggregate.name]

    def is_new(self, events: Sequence[Recorded]) -> bool:
        """Whether no row can be there of the aggregate to which these of the events belong."""
        return self.unseen and events[0].version == 1

    async def _fold(self, aggregate: Aggregate[S]) -> list[Entity[S]]:
        touched = self._touched.get(aggregate.name, {})
        held = {id_: self._held(aggregate(id_), events[0]) for id_, events in touched.items()}
        missing = [aggregate(id_).name for id_, before in held.items() if before is None]
        read = await self._read(missing) if missing else {}
        entities: list[Entity[S]] = []
        for id_, events in touched.items():
            stream, last = aggregate(id_), events[-1].version
            before = held[id_] or _NOTHING
            facts = read.get(stream.name) or [event.fact for event in events]
            state = fold(aggregate, facts, before.state)
            self._cache.put(f"{self.book_id}/{stream.name}", Held(state, last))
            versioned: Versioned[Any] = Versioned(stream, state, last)
            entities.append((versioned, events))
        return entities

    def _held(self, stream: Stream[Any], first: Recorded) -> Held | None:
        """What comes before the event.

        It is not in memory when the process is new, or a transaction was undone.
        """
        held = self._cache.get(f"{self.book_id}/{stream.name}") or _NOTHING
        if first.version == 1:
            return _NOTHING
        return held if held.version == first.version - 1 else None

    async def _read(self, streams: Sequence[str]) -> dict[str, list[Fact]]:
        """All facts of these streams, up to the last of these events."""
        rows = await self._connection.fetch(
            _STREAMS, self.book_id, list(streams), self.events[-1].position
        )
        facts: dict[str, list[Fact]] = {}
        for row in rows:
            facts.setdefault(row["stream"], []).append(decode(row["topic"], row["state"]))
        return facts


_NOTHING = Held(None, 0)

# Stream by stream, each by its index: as a plain join, the planner may read the whole book.
_STREAMS = """
select k.stream, e.topic, e.state from unnest($2::text[]) as k (stream),
lateral (select version, topic, state from store.events
          where book_id = $1 and stream = k.stream and position <= $3 order by version) e
 order by k.stream, e.version
"""
