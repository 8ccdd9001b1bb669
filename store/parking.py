"""Where changes wait that overtook their forerunners in their lane.

They hold no connection and no lock. Those that come to this process are decided in their order as
soon as they are together; a gap that another process closes is noticed by looking at the lanes now
and then. When a lane has not moved on for too long, whoever waits is told which change is missing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress

from store.command import Waiting
from store.database import DATABASE_ERRORS
from store.errors import SequenceGap
from store.lanes import Lane, Past
from store.turns import Pasts

PATIENCE_SECONDS = 3.0
"""How long a change waits while its lane stands still. While the lane moves, nothing is missing."""

LONGEST_SECONDS = 30.0
"""How long a change waits at most: one that is far ahead of its lane would wait for ever."""

_IN_A_LANE = 64
_IN_A_BOOK = 4_000
_FIRST_LOOK_SECONDS = 0.01
_LAST_LOOK_SECONDS = 0.1


class Backlog:
    """How many commands wait in this process, whatever their book."""

    def __init__(self) -> None:
        self.count = 0


class Parking:
    """The waiting changes of one book."""

    def __init__(
        self,
        look: Callable[[Collection[Lane]], Awaitable[None]],
        pasts: Pasts,
        backlog: Backlog,
        again: Callable[[Waiting], None],
    ) -> None:
        """``look`` learns where lanes stand; ``again`` puts a change back into the queue."""
        self._look_at = look
        self._pasts = pasts
        self._backlog = backlog
        self._again = again
        self._parked: dict[Lane, list[Waiting]] = {}
        self._count = 0
        self._pause = _FIRST_LOOK_SECONDS
        self._task: asyncio.Task[None] | None = None

    def park(self, waiting: Waiting, expected: int) -> None:
        """Let a change wait for its forerunner ``expected``; refuse it if too many wait already."""
        assert waiting.lane is not None, "only what is in a lane has forerunners"
        waiters = self._parked.setdefault(waiting.lane, [])
        if len(waiters) >= _IN_A_LANE or self._count >= _IN_A_BOOK:
            waiting.refuse(SequenceGap(waiting.command.seq, expected))
            return
        self._wait_for(waiting, expected)
        waiting.parked = True
        waiters.append(waiting)
        self._count += 1
        self._backlog.count += 1
        if not self.busy:
            self._task = asyncio.create_task(self._look(), name="parked changes")

    def in_turn(self, taken: list[Waiting], keys: set[str]) -> list[Waiting]:
        """These commands, each lane in its order and with those that wait there.

        Without those whose idempotency key is among ``keys``, which must wait for the other.
        """
        lanes = {waiting.lane for waiting in taken if waiting.lane is not None}
        if not lanes:
            return taken
        for lane in lanes & self._parked.keys():
            for waiting in self._parked[lane].copy():
                key = waiting.command.key
                if key is None or key not in keys:
                    keys.update([key] if key else [])
                    self._leave(waiting, lane)
                    taken.append(waiting)
        return _sorted(taken, lanes)

    @property
    def busy(self) -> bool:
        """Whether anybody waits."""
        return self._task is not None and not self._task.done()

    async def drain(self) -> None:
        """Wait until nobody waits any more."""
        if self._task is not None:
            await self._task

    async def _look(self) -> None:
        """See which lanes moved on elsewhere, until nobody waits."""
        while self._parked:
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 1.5, _LAST_LOOK_SECONDS)
            lanes = [*self._parked]
            with suppress(*DATABASE_ERRORS):
                await self._look_at(lanes)
            for lane in lanes:
                self._release(lane)

    def _release(self, lane: Lane) -> None:
        past = self._pasts.get(lane) or Past()
        now = asyncio.get_running_loop().time()
        for waiting in self._parked.get(lane, []).copy():
            seq = waiting.command.seq
            if waiting.future.done():
                self._leave(waiting, lane)
                continue
            if seq <= past.last + 1:
                self._leave(waiting, lane)
                self._backlog.count += 1
                self._again(waiting)
                continue
            self._wait_for(waiting, past.last + 1)
            if now > waiting.patience_ends:
                self._leave(waiting, lane)
                waiting.refuse(SequenceGap(seq, past.last + 1))

    def _wait_for(self, waiting: Waiting, expected: int) -> None:
        """Be patient anew if this is another forerunner than before: the next may be close by."""
        if waiting.expected == expected:
            return
        now = asyncio.get_running_loop().time()
        waiting.expected = expected
        waiting.waits_since = waiting.waits_since or now
        waiting.patience_ends = min(now + PATIENCE_SECONDS, waiting.waits_since + LONGEST_SECONDS)
        self._pause = _FIRST_LOOK_SECONDS

    def _leave(self, waiting: Waiting, lane: Lane) -> None:
        waiting.parked = False
        self._parked[lane].remove(waiting)
        if not self._parked[lane]:
            del self._parked[lane]
        self._count -= 1
        self._backlog.count -= 1


def _sorted(taken: Sequence[Waiting], lanes: set[Lane]) -> list[Waiting]:
    """Each lane in the order of its seqs, at the places where its commands were."""
    in_order = {
        lane: iter(sorted((w for w in taken if w.lane == lane), key=lambda w: w.command.seq))
        for lane in lanes
    }
    return [w if w.lane is None else next(in_order[w.lane]) for w in taken]
