"""What a command would lead to: the same decision on the same states, and nothing is appended."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from domain.aggregate import Change, Fact, Stream, fold
from store.basis import compare
from store.batch import NotAtHand
from store.cache import Held
from store.command import Command, Done

S = TypeVar("S")

Load = Callable[[Stream[Any]], Awaitable[Held]]
"""Answers the present state of a stream."""


class Trial(msgspec.Struct, Generic[S], frozen=True):
    """What a decision came to: the entity after it, and what it says of that entity."""

    stream: Stream[S]
    state: S | None
    version: int
    facts: Sequence[Fact]
    changed: bool


async def preview(command: Command[S], load: Load) -> Done[S]:
    """Decide, with every state that the decision asks for as it is now.

    ``position`` is 0: nothing happened. Raises as ``Books.execute``.
    """
    tried = await attempt(command, load)
    return Done(
        stream=tried.stream,
        state=tried.state,
        version=tried.version,
        position=0,
        changed=tried.changed,
    )


async def attempt(command: Command[S], load: Load) -> Trial[S]:
    """Decide on the states that ``load`` answers. Raises as ``Books.execute``."""
    states: dict[str, Held] = {}
    while True:
        try:
            return _decided(command, states)
        except NotAtHand as missing:
            for stream in missing.streams:
                states[stream.name] = await load(stream)


def _decided(command: Command[S], states: dict[str, Held]) -> Trial[S]:
    def held(stream: Stream[Any]) -> Held:
        if stream.name not in states:
            raise NotAtHand(stream)
        return states[stream.name]

    def read(stream: Stream[Any]) -> Any:
        return held(stream).state

    if command.stream is not None and command.expected is not None:
        compare(command.stream, held(command.stream), command.expected)
    changes = command.decide(read)
    stream = command.stream or changes[0][0]
    before = held(stream)
    facts = _facts_of(stream, changes)
    return Trial(
        stream=stream,
        state=fold(stream.aggregate, facts, before.state),
        version=before.version + len(facts),
        facts=facts,
        changed=any(facts for _, facts in changes),
    )


def _facts_of(stream: Stream[Any], changes: Sequence[Change]) -> list[Fact]:
    return [fact for changed, facts in changes if changed.name == stream.name for fact in facts]
