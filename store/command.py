"""A command: one request to change a book, and what comes of it."""

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from domain.aggregate import Aggregate, Decision, Stream
from store.lanes import Lane
from store.recorded import Metadata, Versioned

S = TypeVar("S")


class Command(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """One request to change a book.

    ``decide`` is called with a way to read states, possibly more than once, and must be pure.
    ``aggregate`` and ``id`` name the entity that the answer shows; without an id, it is that of the
    first change; ``stream`` is that of the entity, when its id is known beforehand.
    ``expected`` is the RowVersion that the client has seen; with ``rebase``, changes of other
    fields may have happened since. ``key`` makes the command run once; ``fingerprint`` identifies
    the request that the key stands for. ``in_lane``: it takes its turn in the edit session that
    the metadata names, if any.
    """

    aggregate: Aggregate[S]
    decide: Decision
    metadata: Metadata
    id: str | None = None
    expected: int | None = None
    key: str | None = None
    fingerprint: bytes = b""
    rebase: bool = False
    in_lane: bool = False
    stream: Stream[S] | None = None

    def __post_init__(self) -> None:
        """Make the stream once: a decision asks for it many times."""
        if self.id is not None and self.stream is None:
            msgspec.structs.force_setattr(self, "stream", self.aggregate(self.id))

    @property
    def lane(self) -> Lane | None:
        """The lane in which it has its turn."""
        said = self.metadata
        if not self.in_lane or said.edit_seq is None or said.edit_session is None:
            return None
        assert self.stream is not None, "a lane belongs to an entity"
        return Lane(self.stream.name, said.actor, said.edit_session)

    @property
    def seq(self) -> int:
        """Its number in its lane."""
        return self.metadata.edit_seq or 0


class Done(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """The outcome of a command that committed.

    ``state`` is ``None`` when the command ended the entity's life. ``position`` is the book's
    position up to which the outcome is visible; ``changed`` is false when all was so already;
    ``replayed`` tells that the command had run before, whether it changed anything then or not;
    ``rebased`` that it was applied over changes of other fields.
    """

    stream: Stream[S]
    state: S | None
    version: int
    position: int
    recorded_at: datetime | None = None
    changed: bool = True
    replayed: bool = False
    rebased: bool = False

    @property
    def entity(self) -> Versioned[S]:
        """The entity after the command. It must not be asked of one that is gone."""
        assert self.state is not None, f"{self.stream.name} is gone"
        return Versioned(self.stream, self.state, self.version)


class Waiting(msgspec.Struct, eq=False):
    """A command in the writer's queue, and who waits for its outcome."""

    command: Command[Any]
    future: Any  # asyncio.Future[Done[Any]]; msgspec does not know the type
    lane: Lane | None = None
    parked: bool = False
    expected: int = 0  # the forerunner that it waits for
    waits_since: float = 0.0
    patience_ends: float = 0.0  # when that one must have come

    @property
    def has_no_turn(self) -> bool:
        """Whether it may be decided on what is not committed yet: in no lane, and with no key."""
        return self.lane is None and self.command.key is None

    def resolve(self, done: Done[Any]) -> None:
        """Hand over the outcome, unless the client has gone away."""
        if not self.future.done():
            self.future.set_result(done)

    def refuse(self, error: BaseException) -> None:
        """Hand over the refusal, unless the client has gone away."""
        if not self.future.done():
            self.future.set_exception(error)
