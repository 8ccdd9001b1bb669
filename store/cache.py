"""The aggregates that a process holds in memory, least recently used first out."""

from collections import OrderedDict
from typing import Any

import msgspec


class Author(msgspec.Struct, frozen=True):
    """Who wrote an event: the actor, and the session of the open editor if it was one."""

    actor: str
    session: str | None


class Run(msgspec.Struct, frozen=True):
    """Versions by one author: from ``first`` up to the next run, or to the latest version."""

    first: int
    author: Author


_RUNS = 64


class Held(msgspec.Struct, frozen=True):
    """A state at a version. ``state`` is ``None`` for what does not exist (any more).

    ``runs`` tell who wrote the latest versions, as far back as that is known.
    """

    state: Any
    version: int
    runs: tuple[Run, ...] = ()

    def after(self, state: Any, author: Author) -> "Held":
        """The next version: its state, and who wrote it."""
        version = self.version + 1
        return Held(state, version, with_next(self.runs, version, author))

    def written_by(self, author: Author, since: int) -> bool | None:
        """Whether this author wrote all versions after ``since``; ``None``: that is not known."""
        if since >= self.version:
            return True
        for run in reversed(self.runs):
            if run.author != author:
                return False
            if run.first <= since + 1:
                return True
        return None


def with_next(runs: tuple[Run, ...], version: int, author: Author) -> tuple[Run, ...]:
    """Runs, and the next version's author; what is too long ago to matter is left out."""
    if runs and runs[-1].author == author:
        return runs
    return (*runs, Run(version, author))[-_RUNS:]


def runs_from(held: Held, first: int) -> tuple[Run, ...]:
    """The runs of the versions from ``first`` on, as far as they are known."""
    if first > held.version:
        return ()
    before = [run for run in held.runs if run.first < first]
    after = tuple(run for run in held.runs if run.first >= first)
    if before and (not after or after[0].first > first):
        return (Run(first, before[-1].author), *after)
    return after


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
