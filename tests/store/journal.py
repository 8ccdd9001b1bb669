"""What clients asked of one invoice and what they were told: is there an order that explains it?

Versions make that question easy. Every change that was made has a version, so the order is given;
what is left to check is that the answers fit it and that it never runs against real time
(linearizability: Herlihy and Wing, 1990).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["changed", "refused", "read"]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer. Times are nanoseconds of the machine's monotonic clock.

    A change writes ``token``, which is unlike that of any other call; ``expected`` is the version
    that it is based on, when it is based on one. ``version`` and ``state`` are what the answer
    showed: after the change, at the read, or the current ones that a refusal names.
    """

    token: str
    kind: Kind
    expected: int | None = None
    called: int
    returned: int
    version: int
    state: str


def contradictions(calls: Sequence[Call], history: Sequence[str]) -> list[str]:
    """Sentences about everything that cannot be explained.

    Args:
        calls: Every call of every client, each with an answer.
        history: The tokens in the invoice's stream, that of version 1 first.
    """
    found = [*_misplaced(calls, history)]
    known = _Known(calls)
    written = {call.token: call.called for call in calls}
    for call in calls:
        at = f"{call.token} ({call.kind}, version {call.version})"
        if not 0 < call.version <= len(history):
            found.append(f"{at} was shown a version that does not exist")
            continue
        before = known.before(call)
        if call.version < before or (call.kind == "changed" and call.version == before):
            found.append(f"{at} came after version {before} had been shown")
        made = history[call.version - 1]
        if made != call.state:
            found.append(f"{at} was shown {call.state}, but that version is {made}")
        if written.get(made, 0) > call.returned:
            found.append(f"{at} was shown what had not been asked for yet")
        found += _mismatch(call, at)
    return found


class _Known:
    """Which version had been shown to anybody by a given time."""

    def __init__(self, calls: Sequence[Call]) -> None:
        ended = sorted((call.returned, call.version) for call in calls)
        self._times = [time for time, _ in ended]
        self._newest = [*accumulate((version for _, version in ended), max)]

    def before(self, call: Call) -> int:
        """The newest version that had been shown when the call began."""
        count = bisect_left(self._times, call.called)
        return self._newest[count - 1] if count else 0


def _misplaced(calls: Sequence[Call], history: Sequence[str]) -> Iterator[str]:
    """Changes that are not in the stream exactly once, or are there although they were refused."""
    times = Counter(history)
    for call in calls:
        due = 1 if call.kind == "changed" else 0
        if times[call.token] != due:
            yield f"{call.token} was {call.kind}, but is in the stream {times[call.token]} times"
    changed = Counter(call.version for call in calls if call.kind == "changed")
    for version, count in changed.items():
        if count > 1:
            yield f"version {version} was given to {count} changes"


def _mismatch(call: Call, at: str) -> Iterator[str]:
    """How the answer contradicts the version that the change was based on."""
    if call.expected is None:
        if call.kind == "refused":
            yield f"{at} was refused, but based on no version"
    elif call.kind == "changed" and call.version != call.expected + 1:
        yield f"{at} was based on version {call.expected}"
    elif call.kind == "refused" and call.version <= call.expected:
        yield f"{at} was refused as stale, but based on version {call.expected}"
