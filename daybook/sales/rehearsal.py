"""Decide commands as a book would, and commit nothing: what ``--dry-run`` rests on."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, Protocol, TypeVar

from domain.aggregate import Change, Stream
from domain.errors import NotFound
from store.batch import NotAtHand
from store.books import Books
from store.cache import Held
from store.command import Command, Done

S = TypeVar("S")


class Execute(Protocol):
    """How a command is run: ``Books.execute``, or a rehearsal of it."""

    def __call__(self, book_id: str, command: Command[S], /) -> Awaitable[Done[S]]:
        """Run the command, or raise its refusal."""
        ...


class Rehearsal:
    """Each command sees the book as it is, and the outcome of those that were rehearsed before."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._held: dict[str, Held] = {}
        self._turn = asyncio.Lock()  # first come, first served, as the writer of a book does it

    async def execute(self, book_id: str, command: Command[S]) -> Done[S]:
        """Decide the command, whose entity must have its id, and hold its outcome in memory.

        Raises:
            Refusal: The domain says no.
        """
        assert command.stream is not None
        async with self._turn:
            changes = await self._decide(book_id, command)
            for stream, facts in changes:
                held = self._held[stream.name]
                for fact in facts:
                    held = Held(stream.aggregate.evolve(held.state, fact), held.version + 1)
                self._held[stream.name] = held
            held = self._held[command.stream.name]
        return Done(
            stream=command.stream,
            state=held.state,
            version=held.version,
            position=0,
            changed=any(facts for _, facts in changes),
        )

    async def _decide(self, book_id: str, command: Command[S]) -> Sequence[Change]:
        while True:
            try:
                return command.decide(self._read)
            except NotAtHand as missing:
                for stream in missing.streams:
                    await self._load(book_id, stream)

    def _read(self, stream: Stream[S]) -> S | None:
        held = self._held.get(stream.name)
        if held is None:
            raise NotAtHand(stream)
        state: S | None = held.state
        return state

    async def _load(self, book_id: str, stream: Stream[Any]) -> None:
        try:
            entity = await self._books.get(book_id, stream)
        except NotFound:
            self._held[stream.name] = Held(None, 0)
        else:
            self._held[stream.name] = Held(entity.state, entity.version)
