"""The aggregates that a process holds in memory, least recently used first out."""

from collections import OrderedDict
from typing import Any, NamedTuple


class Held(NamedTuple):
    """A state at a version. ``state`` is ``None`` for what does not exist (any more)."""

    state: Any
    version: int


class Cache:
    """States of streams. States are immutable, so that nothing is ever copied."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held: OrderedDict[str, Held] = OrderedDict()

    def get(self, stream: str) -> Held | None:
        """What is held of the stream; it may be behind the book."""
        held = self._held.get(stream)
        if held is not None:
            self._held.move_to_end(stream)
        return held

    def put(self, stream: str, held: Held) -> None:
        """Hold this, unless something newer is held already."""
        known = self._held.get(stream)
        if known is not None and known.version > held.version:
            return
        self._held[stream] = held
        self._held.move_to_end(stream)
        if len(self._held) > self._capacity:
            self._held.popitem(last=False)

    def clear(self) -> None:
        """Hold nothing."""
        self._held.clear()

    def __len__(self) -> int:
        """How many streams are held."""
        return len(self._held)


class BookCache:
    """What a cache holds of one book. All books share its capacity: the busy ones use most."""

    def __init__(self, cache: Cache, book_id: str) -> None:
        self._cache = cache
        self._prefix = f"{book_id}/"

    def get(self, stream: str) -> Held | None:
        """What is held of the stream; it may be behind the book."""
        return self._cache.get(self._prefix + stream)

    def put(self, stream: str, held: Held) -> None:
        """Hold this, unless something newer is held already."""
        self._cache.put(self._prefix + stream, held)
