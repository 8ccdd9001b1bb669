"""What a change is based on, and whether what happened since is in its way.

A client says which RowVersion it has seen. What it wrote itself since, in the same edit session, is
never in its way; what others wrote is, unless it asked to be rebased and the fields are others.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from domain.aggregate import Fact, Stream
from domain.errors import NotFound
from store.cache import Author, Held
from store.command import Command
from store.errors import StaleRowVersion
from store.recorded import Versioned
from store.touched import EVERYTHING, overlap, touched


class AuthorsNotAtHand(Exception):
    """It is not known who wrote the versions of a stream after ``since``."""

    def __init__(self, stream: Stream[Any], since: int) -> None:
        super().__init__(stream.name)
        self.stream = stream
        self.since = since


class ChangesNotAtHand(AuthorsNotAtHand):
    """It is not known what the versions of a stream after ``since`` say."""


class Written(msgspec.Struct, frozen=True):
    """An event of a stream: its version, who wrote it and what it says."""

    version: int
    author: Author
    fact: Fact


def compare(stream: Stream[Any], held: Held, expected: int) -> None:
    """Hold a stream to the RowVersion that a client has seen; 0 is that of what never was.

    Raises:
        NotFound: It is not there any more, or never was.
        StaleRowVersion: It moved since.
    """
    if not _is(held, expected):
        raise stale(stream, held, expected)


def stale(stream: Stream[Any], held: Held, expected: int) -> NotFound | StaleRowVersion:
    """The refusal of a change that is based on ``expected``."""
    if held.state is None:
        return NotFound(stream.aggregate.name, stream.id)
    return StaleRowVersion(Versioned(stream, held.state, held.version), expected)


def others_since(command: Command[Any], held: Held) -> bool:
    """Whether a change has to be rebased: others changed the entity since its client saw it.

    Raises:
        NotFound, StaleRowVersion: It must not be rebased.
        AuthorsNotAtHand: It is not known who changed it.
    """
    stream, seen = command.stream, command.expected
    if stream is None or seen is None or _is(held, seen):
        return False
    if held.state is None or seen > held.version:
        raise stale(stream, held, seen)
    if command.metadata.edit_session is not None:
        alone = held.written_by(author_of(command), seen)
        if alone is None:
            raise AuthorsNotAtHand(stream, seen)
        if alone:
            return False
    if not command.rebase:
        raise stale(stream, held, seen)
    return True


def _is(held: Held, seen: int) -> bool:
    """What is gone is not what anybody saw, though its stream did not move since."""
    return held.version == seen and (held.state is not None or seen == 0)


def author_of(command: Command[Any]) -> Author:
    """Who the events of a command will be by."""
    return Author(command.metadata.actor, command.metadata.edit_session)


def in_the_way(command: Command[Any], written: Iterable[Written]) -> list[str]:
    """What others changed since the client of this command saw the entity, as pointers."""
    author, seen = author_of(command), command.expected or 0
    return [
        pointer
        for event in written
        if event.version > seen and (event.author != author or author.session is None)
        for pointer in touched(event.fact)
    ]


def disjoint(facts: Iterable[Fact], others: list[str]) -> bool:
    """Whether these facts are about other fields than what others changed."""
    yours = [pointer for fact in facts for pointer in touched(fact)]
    return EVERYTHING not in others and not overlap(yours, others)
