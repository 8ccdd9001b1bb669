"""The envelope: what the book knows about a fact besides the fact itself."""

from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from domain.aggregate import Fact, Stream

S = TypeVar("S")


class Metadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Who caused an event and by which request.

    ``actor`` is the id of an API key, or the name of a part of the program. ``correlation_id``
    groups everything that one business action set off; ``causation_id`` is the event or request
    that directly caused this one. ``edit_session`` and ``edit_seq`` tell in which open editor, and
    as its how-manieth change, somebody made it; ``reason`` is what they said to explain it.
    """

    actor: str
    request_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    edit_session: str | None = None
    edit_seq: int | None = None
    reason: str | None = None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A fact at its place in the book. Satisfies the library's ``DomainEventProtocol[str]``."""

    book_id: str
    position: int
    stream: str
    version: int
    event_id: str
    recorded_at: datetime
    metadata: Metadata
    fact: Fact

    @property
    def originator_id(self) -> str:
        """The library's word for the stream."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The library's word for the version."""
        return self.version

    @property
    def topic(self) -> str:
        """The stable name of the fact, such as ``invoice.posted``."""
        return self.fact.TOPIC

    @property
    def aggregate(self) -> tuple[str, str]:
        """The kind and the id of the aggregate."""
        kind, _, id_ = self.stream.partition("/")
        return kind, id_


class Versioned(msgspec.Struct, Generic[S], frozen=True):
    """A state together with the version at which it holds."""

    stream: Stream[S]
    state: S
    version: int

    @property
    def id(self) -> str:
        """The id of the entity."""
        return self.stream.id
