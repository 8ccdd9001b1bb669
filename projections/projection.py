"""What a read model is, and what it is given to work with."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from domain.aggregate import Aggregate, fold
from store.cache import Cache, Held
from store.database import Connection
from store.log import read_stream
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


class News:
    """Consecutive events of one book, and the aggregates as these events leave them."""

    def __init__(
        self, connection: Connection, book_id: str, events: Sequence[Recorded], cache: Cache
    ) -> None:
        """``cache`` lives as long as the follower, so that no stream is folded from its start."""
        self._connection = connection
        self._cache = cache
        self.book_id = book_id
        self.events = events

    async def entities(
        self, aggregate: Aggregate[S]
    ) -> list[tuple[Versioned[S | None], list[Recorded]]]:
        """Every aggregate of the kind that these events touch, after the last of its events.

        The state is ``None`` when its life has ended. Beside it stand its own events.
        """
        touched: dict[str, list[Recorded]] = {}
        for event in self.events:
            kind, id_ = event.aggregate
            if kind == aggregate.name:
                touched.setdefault(id_, []).append(event)
        return [
            (await self._after(aggregate, id_, events), events) for id_, events in touched.items()
        ]

    async def _after(
        self, aggregate: Aggregate[S], id_: str, events: list[Recorded]
    ) -> Versioned[S | None]:
        stream = aggregate(id_)
        key = f"{self.book_id}/{stream.name}"
        held = self._cache.get(key) or Held(None, 0)
        last = events[-1].version
        if held.version != events[0].version - 1:
            # Not what comes before these events: the process is new, or a transaction was undone.
            held = Held(None, 0)
            events = await read_stream(self._connection, self.book_id, stream.name, until=last)
        state = fold(aggregate, [event.fact for event in events], held.state)
        self._cache.put(key, Held(state, last))
        return Versioned(aggregate(id_), state, last)  # type: ignore[arg-type] # a stream of S holds S or nothing
