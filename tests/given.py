"""Decisions as sentences: given what has happened, when something is asked, then this follows.

    given(INVOICE, drafted, posted).when(void, reason="Wrong", today=TODAY).then(InvoiceVoided(...))
    given_streams((CUSTOMER("12"), [created])).when(create, None, created).then(...)

A decision that refuses is no failure of the test until somebody asks what followed.
"""

from collections.abc import Callable, Sequence
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import pytest

from domain.aggregate import Aggregate, Change, Fact, Read, Stream, fold
from domain.errors import Refusal

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R", bound=Refusal)
P = ParamSpec("P")


class Outcome(Generic[T]):
    """What a decision led to: facts, changes of streams, or a refusal."""

    def __init__(self, decide: Callable[[], Sequence[T]]) -> None:
        self._decide = decide

    def then(self, *expected: T) -> None:
        """Exactly these followed, in this order."""
        assert [*self._decide()] == [*expected]

    def changes_nothing(self) -> None:
        """It was so already."""
        assert [*self._decide()] == []

    def refuses(self, refusal: type[R], *, match: str | None = None) -> R:
        """It was refused so; the refusal is answered for a closer look."""
        with pytest.raises(refusal, match=match) as raised:
            self._decide()
        return raised.value


class Given(Generic[S]):
    """The history of one aggregate."""

    def __init__(self, state: S | None) -> None:
        self.state = state

    def when(
        self,
        decision: Callable[Concatenate[S, P], Sequence[Fact]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Outcome[Fact]:
        """Ask for a decision over the aggregate."""
        state = self.state
        assert state is not None, "the aggregate is gone, or nothing has happened to it yet"
        return Outcome(lambda: decision(state, *args, **kwargs))


class GivenStreams:
    """The histories of several aggregates."""

    def __init__(self, histories: dict[str, Sequence[Fact]]) -> None:
        self._histories = histories

    def read(self, stream: Stream[S], /) -> S | None:
        """The state of the aggregate: see ``domain.aggregate.Read``."""
        return fold(stream.aggregate, self._histories.get(stream.name, ()))

    def when(
        self,
        decision: Callable[Concatenate[Read, P], Sequence[Change]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Outcome[Change]:
        """Ask for a decision that may read all of them."""
        return Outcome(lambda: decision(self.read, *args, **kwargs))


def given(aggregate: Aggregate[S], *facts: Fact) -> Given[S]:
    """An aggregate to which this has happened."""
    return Given(fold(aggregate, facts))


def given_streams(*histories: tuple[Stream[Any], Sequence[Fact]]) -> GivenStreams:
    """A book in which this has happened."""
    return GivenStreams({stream.name: facts for stream, facts in histories})


def when(decision: Callable[P, Sequence[Fact]], *args: P.args, **kwargs: P.kwargs) -> Outcome[Fact]:
    """A decision that begins an aggregate, for which nothing is given."""
    return Outcome(lambda: decision(*args, **kwargs))
