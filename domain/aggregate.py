"""What every aggregate consists of: facts, a state, and a fold from one to the other.

A *decision* is a function from state to facts; it may refuse. *Evolve* is a function from state and
fact to state; it never refuses, because what has happened cannot be rejected.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

import msgspec

S = TypeVar("S")


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The payload of a domain event, in the past tense.

    Facts are the storage format: a published topic or field is never renamed or given another
    meaning. A new shape gets a higher ``class_version`` and an upcast from the older one.
    """

    TOPIC: ClassVar[str]
    class_version: ClassVar[int] = 1


class Stream(msgspec.Struct, Generic[S], frozen=True):
    """The events of one aggregate. Its version, counted in events, is the RowVersion.

    ``name`` is ``<aggregate>/<id>``, such as ``invoice/inv_01JD...``: how the book calls it.
    """

    aggregate: "Aggregate[S]"
    id: str
    name: str


class Aggregate(msgspec.Struct, Generic[S], frozen=True, eq=False):
    """A kind of aggregate: its name, and how its state follows from its facts.

    ``evolve`` answers ``None`` when the aggregate is gone (a deleted draft).
    """

    name: str
    evolve: Callable[[S | None, Any], S | None]

    def __call__(self, id_: str) -> Stream[S]:
        """The stream of the aggregate with this id."""
        return Stream(self, id_, f"{self.name}/{id_}")


class Read(Protocol):
    """How a decision over several aggregates looks at them: ``None`` when there is no such one."""

    def __call__(self, stream: Stream[S], /) -> S | None:
        """The state of the aggregate, as it stands when the command is decided."""
        ...


Change: TypeAlias = tuple[Stream[Any], Sequence[Fact]]
"""Facts that are to be appended to one stream."""

Decision: TypeAlias = Callable[[Read], Sequence[Change]]
"""What a command does: read states, answer changes that commit together, or refuse."""


def fold(aggregate: Aggregate[S], facts: Sequence[Fact], state: S | None = None) -> S | None:
    """The state that follows from ``state`` by these facts, in their order."""
    for fact in facts:
        state = aggregate.evolve(state, fact)
    return state
