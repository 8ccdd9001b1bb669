"""A batch of commands decided one after another, each seeing what those before it decided.

Deciding does no I/O. It works on the states that are at hand; a state that is not is named by
``NotAtHand``, loaded by the writer, and the command is decided again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from domain.aggregate import Change, Stream
from domain.errors import NotFound, Refusal
from store.basis import (
    AuthorsNotAtHand,
    ChangesNotAtHand,
    Written,
    author_of,
    disjoint,
    in_the_way,
    others_since,
    stale,
)
from store.cache import BookCache, Held, Run, runs_from, with_next
from store.command import Command, Done, Waiting
from store.errors import StaleRowVersion, StoreError
from store.ids import uuid7
from store.lanes import Lane
from store.log import Appending, KeyedCommand
from store.mapper import encode
from store.touched import EVERYTHING
from store.turns import Pasts, Turns

S = TypeVar("S")

_encode = msgspec.json.Encoder().encode

NOTHING: Mapping[str, Held] = MappingProxyType({})


class NotAtHand(Exception):
    """A decision needs states that are not in memory."""

    def __init__(self, *streams: Stream[Any]) -> None:
        super().__init__(*(stream.name for stream in streams))
        self.streams = streams


class Accepted(msgspec.Struct, frozen=True):
    """A command that will be done once the batch is committed. ``end`` as in ``KeyedCommand``."""

    waiting: Waiting
    stream: Stream[Any]
    held: Held
    end: int
    changed: bool
    replayed: bool = False
    rebased: bool = False


class Batch:
    """Decided commands, and the events that they add up to.

    ``changes`` are events that were in the log before, by their stream and after which version.
    """

    def __init__(self, cache: BookCache, pasts: Pasts, after: Mapping[str, Held] = NOTHING) -> None:
        """``after``: the states that a batch leaves which is being committed, and goes before."""
        self._cache = cache
        self._after = after
        self._ahead: dict[str, Held] = {}
        self._written: dict[str, list[Written]] = {}
        self.turns = Turns(pasts)
        self.changes: dict[tuple[str, int], list[Written]] = {}
        self.reads: dict[str, int] = {}
        self.streams: dict[str, Stream[Any]] = {}
        self.events: list[Appending] = []
        self.keyed: list[KeyedCommand] = []
        self.accepted: list[Accepted] = []
        self.refused: list[tuple[Waiting, Exception]] = []

    def decide(self, waiting: Waiting) -> None:
        """Decide one command: accept it, or refuse it alone.

        A state that is not at hand is taken to be nothing for the moment, so that one try finds
        most of the states that are missing; what comes of such a try counts for nothing.

        Raises:
            NotAtHand: States must be loaded first. Nothing was decided.
            AuthorsNotAtHand, LaneNotAtHand: So must be who wrote them, or where a lane stands.
            Early: Its forerunners in its lane have not come yet.
        """
        command = waiting.command
        if waiting.lane is not None and self.turns.is_over(waiting.lane, command.seq):
            self._answer_again(waiting, waiting.lane)
            return
        missing: list[Stream[Any]] = []

        # In quotes, or these types would be put together anew for each command.
        def read(stream: "Stream[S]") -> "S | None":
            try:
                state: S | None = self.held(stream).state
            except NotAtHand:
                missing.append(stream)
                return None
            return state

        others: list[str] | None = None
        try:
            others = self._others(command)
            changes = command.decide(read)
            decided = None if missing else self._outcome(command, changes)
            if decided is not None and others is not None:
                self._fit(command, decided, others)
        except (NotAtHand, AuthorsNotAtHand):
            raise
        except Exception as error:
            if missing:
                raise NotAtHand(*missing) from error
            # A refusal is an answer; and a faulty decision must fail alone.
            self._refuse(waiting, error, rebased=others is not None)
        else:
            if decided is None:
                raise NotAtHand(*missing)
            self._accept(waiting, decided, rebased=others is not None)

    def held(self, stream: Stream[Any]) -> Held:
        """The stream as this batch leaves it so far."""
        name = stream.name
        held = self._ahead.get(name)
        if held is None:
            held = self._after.get(name) or self._cache.get(name)
            if held is None:
                raise NotAtHand(stream)
            self._ahead[name] = held
            self.reads[name] = held.version
            self.streams[name] = stream
        return held

    def learn(self, stream: Stream[Any], runs: tuple[Run, ...]) -> None:
        """Who wrote the stream, up to the version at which the batch found it."""
        held = self.held(stream)
        mine = runs_from(held, self.reads[stream.name] + 1)
        self._ahead[stream.name] = Held(held.state, held.version, (*runs, *mine))

    @property
    def states(self) -> Mapping[str, Held]:
        """Everything that it looked at or made, as it leaves it."""
        return self._ahead

    @property
    def writes(self) -> bool:
        """Whether there is anything to append: events, keys of what changed nothing, or turns."""
        return bool(self.events or self.keyed or self.turns.moved)

    def settle(self, head_before: int, recorded_at: datetime | None) -> None:
        """The batch is committed (or had nothing to commit): everybody gets the outcome."""
        for name, held in self._ahead.items():
            self._cache.put(name, held)
        self.turns.settle()
        for accepted in self.accepted:
            accepted.waiting.resolve(
                Done(
                    stream=accepted.stream,
                    state=accepted.held.state,
                    version=accepted.held.version,
                    position=head_before + accepted.end,
                    recorded_at=recorded_at,
                    changed=accepted.changed,
                    replayed=accepted.replayed,
                    rebased=accepted.rebased,
                )
            )
        for waiting, refusal in self.refused:
            waiting.refuse(refusal)

    def _others(self, command: Command[Any]) -> list[str] | None:
        """What others changed since the client saw the entity; ``None`` if it need not matter."""
        stream, seen = command.stream, command.expected
        if stream is None or seen is None:
            return None
        held = self.held(stream)
        if not others_since(command, held):
            return None
        before = self.changes.get((stream.name, seen))
        if before is None:
            raise ChangesNotAtHand(stream, seen)
        others = in_the_way(command, [*before, *self._written.get(stream.name, ())])
        if EVERYTHING in others:
            raise stale(stream, held, seen)
        return others

    def _fit(self, command: Command[Any], outcome: "_Outcome", others: list[str]) -> None:
        """Refuse a change of what others changed."""
        written = outcome.written.get(outcome.stream.name, ())
        if not disjoint([it.fact for it in written], others):
            raise stale(outcome.stream, self.held(outcome.stream), command.expected or 0)

    def _answer_again(self, waiting: Waiting, lane: Lane) -> None:
        """Answer a change that was sent before: with the entity as it is now, or its refusal."""
        command = waiting.command
        stream = command.aggregate(command.id or "")
        held = self.held(stream)
        try:
            self.turns.past(lane).again(command.seq, stream, held)
        except (Refusal, StoreError) as refusal:
            self.refused.append((waiting, refusal))
        else:
            end = len(self.events)
            self.accepted.append(Accepted(waiting, stream, held, end, changed=False, replayed=True))

    def _refuse(self, waiting: Waiting, error: Exception, *, rebased: bool) -> None:
        command, stream = waiting.command, waiting.command.stream
        if rebased and isinstance(error, NotFound) and stream is not None:
            # Somebody took away the part that was to be changed.
            error = stale(stream, self.held(stream), command.expected or 0)
        if waiting.lane is not None and stream is not None:
            # What never was has no lanes, or anybody could fill the table with their names; and
            # what failed by our fault may be tried again.
            exists = self.held(stream).version > 0
            if exists and isinstance(error, Refusal | StaleRowVersion):
                self.turns.move(waiting.lane, command.seq, error)
        self.refused.append((waiting, error))

    def _outcome(self, command: Command[Any], changes: Sequence[Change]) -> "_Outcome":
        """What the changes come to. Nothing is added to the batch yet: it may still fail."""
        outcome = _Outcome(command.stream or changes[0][0])
        outcome.ahead[outcome.stream.name] = self.held(outcome.stream)
        metadata, author = _encode(command.metadata), author_of(command)
        for stream, facts in changes:
            name = stream.name
            held = outcome.ahead.get(name) or self.held(stream)
            state, version, runs = held.state, held.version, held.runs
            if facts:
                runs = with_next(runs, version + 1, author)
            written = outcome.written.setdefault(name, [])
            for fact in facts:
                version += 1
                state = stream.aggregate.evolve(state, fact)
                event = Appending(uuid7(), name, version, fact.TOPIC, encode(fact), metadata)
                outcome.events.append(event)
                written.append(Written(version, author, fact))
            outcome.ahead[name] = Held(state, version, runs)
        return outcome

    def _accept(self, waiting: Waiting, outcome: "_Outcome", *, rebased: bool) -> None:
        command = waiting.command
        self._ahead.update(outcome.ahead)
        self.events += outcome.events
        for name, written in outcome.written.items():
            self._written.setdefault(name, []).extend(written)
        if waiting.lane is not None:
            self.turns.move(waiting.lane, command.seq)
        held, end = outcome.ahead[outcome.stream.name], len(self.events)
        changed = bool(outcome.events)
        accepted = Accepted(waiting, outcome.stream, held, end, changed, rebased=rebased)
        self.accepted.append(accepted)
        if command.key is not None:
            keyed = KeyedCommand(
                command.key, command.fingerprint, outcome.stream.name, held.version, end
            )
            self.keyed.append(keyed)


class _Outcome(msgspec.Struct):
    """What one command comes to, before it joins the batch."""

    stream: Stream[Any]
    ahead: dict[str, Held] = {}
    written: dict[str, list[Written]] = {}
    events: list[Appending] = []
