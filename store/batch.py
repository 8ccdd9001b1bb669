"""A batch of commands decided one after another, each seeing what those before it decided.

Deciding does no I/O. It works on the states that are at hand; a state that is not is named by
``NotAtHand``, loaded by the writer, and the command is decided again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from eventsourcing.persistence import StoredEvent

from domain.aggregate import Change, Stream
from domain.errors import NotFound
from store.cache import BookCache, Held
from store.command import Command, Done, Waiting
from store.errors import StaleRowVersion
from store.ids import uuid7
from store.log import Appending, KeyedCommand
from store.mapper import encode
from store.recorded import Versioned

S = TypeVar("S")

_encode = msgspec.json.Encoder().encode


class NotAtHand(Exception):
    """A decision needs states that are not in memory."""

    def __init__(self, *streams: Stream[Any]) -> None:
        super().__init__(*(stream.name for stream in streams))
        self.streams = streams


def compare(stream: Stream[Any], held: Held, expected: int) -> None:
    """Hold a stream to the RowVersion that a client has seen; 0 is that of what never was.

    Raises:
        NotFound: It is not there any more, or never was.
        StaleRowVersion: It moved since.
    """
    if held.version == expected:
        return
    if held.state is None:
        raise NotFound(stream.aggregate.name, stream.id)
    raise StaleRowVersion(Versioned(stream, held.state, held.version), expected)


class Accepted(msgspec.Struct, frozen=True):
    """A command that will be done once the batch is committed. ``end`` as in ``KeyedCommand``."""

    waiting: Waiting
    stream: Stream[Any]
    held: Held
    end: int
    changed: bool


class Batch:
    """Decided commands, and the events that they add up to."""

    def __init__(self, cache: BookCache) -> None:
        self._cache = cache
        self._ahead: dict[str, Held] = {}
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
        """
        command = waiting.command
        missing: list[Stream[Any]] = []

        def read(stream: Stream[S]) -> S | None:
            try:
                state: S | None = self.held(stream).state
            except NotAtHand:
                missing.append(stream)
                return None
            return state

        try:
            if command.id is not None and command.expected is not None:
                stream = command.aggregate(command.id)
                compare(stream, self.held(stream), command.expected)
            changes = command.decide(read)
            decided = None if missing else self._outcome(command, changes)
        except NotAtHand:
            raise
        except Exception as error:
            if missing:
                raise NotAtHand(*missing) from error
            # A refusal is an answer; and a faulty decision must fail alone.
            self.refused.append((waiting, error))
        else:
            if decided is None:
                raise NotAtHand(*missing)
            self._accept(waiting, decided)

    def held(self, stream: Stream[Any]) -> Held:
        """The stream as this batch leaves it so far."""
        name = stream.name
        held = self._ahead.get(name)
        if held is None:
            held = self._cache.get(name)
            if held is None:
                raise NotAtHand(stream)
            self._ahead[name] = held
            self.reads[name] = held.version
            self.streams[name] = stream
        return held

    @property
    def writes(self) -> bool:
        """Whether there is anything to append: events, or keys of commands that changed nothing."""
        return bool(self.events or self.keyed)

    def settle(self, head_before: int, recorded_at: datetime | None) -> None:
        """The batch is committed (or had nothing to commit): everybody gets the outcome."""
        for name, held in self._ahead.items():
            self._cache.put(name, held)
        for accepted in self.accepted:
            accepted.waiting.resolve(
                Done(
                    stream=accepted.stream,
                    state=accepted.held.state,
                    version=accepted.held.version,
                    position=head_before + accepted.end,
                    recorded_at=recorded_at,
                    changed=accepted.changed,
                )
            )
        for waiting, refusal in self.refused:
            waiting.refuse(refusal)

    def _outcome(self, command: Command[Any], changes: Sequence[Change]) -> "_Outcome":
        """What the changes come to. Nothing is added to the batch yet: it may still fail."""
        outcome = _Outcome(command.stream or changes[0][0])
        outcome.ahead[outcome.stream.name] = self.held(outcome.stream)
        metadata = _encode(command.metadata)
        for stream, facts in changes:
            state, version = outcome.ahead.get(stream.name) or self.held(stream)
            for fact in facts:
                version += 1
                state = stream.aggregate.evolve(state, fact)
                stored = StoredEvent(stream.name, version, fact.TOPIC, encode(fact))
                outcome.events.append(Appending(uuid7(), stored, metadata))
            outcome.ahead[stream.name] = Held(state, version)
        return outcome

    def _accept(self, waiting: Waiting, outcome: "_Outcome") -> None:
        command = waiting.command
        self._ahead.update(outcome.ahead)
        self.events += outcome.events
        held, end = outcome.ahead[outcome.stream.name], len(self.events)
        changed = bool(outcome.events)
        self.accepted.append(Accepted(waiting, outcome.stream, held, end, changed))
        if command.key is not None:
            keyed = KeyedCommand(
                command.key, command.fingerprint, outcome.stream.name, held.version, end
            )
            self.keyed.append(keyed)


class _Outcome:
    """What one command comes to, before it joins the batch."""

    def __init__(self, stream: Stream[Any]) -> None:
        self.stream = stream
        self.ahead: dict[str, Held] = {}
        self.events: list[Appending] = []
