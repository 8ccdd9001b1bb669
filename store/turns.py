"""Whose turn it is in the lanes that a batch touches, and where those stand."""

from collections import OrderedDict
from typing import NamedTuple

from store.lanes import Lane, Past, kept

_LANES = 10_000


class LaneNotAtHand(Exception):
    """It is not known where a lane stands."""

    def __init__(self, lane: Lane) -> None:
        super().__init__(f"{lane.stream}, session {lane.session}")
        self.lane = lane


class Early(Exception):
    """A change came before its forerunner: ``expected`` has its turn."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"Edit-Seq {expected} has its turn.")
        self.expected = expected


class Pasts:
    """Where the lanes of a book stand, as far as this process knows; it may be behind."""

    def __init__(self) -> None:
        self._held: OrderedDict[Lane, Past] = OrderedDict()

    def get(self, lane: Lane) -> Past | None:
        """What is known of the lane."""
        past = self._held.get(lane)
        if past is not None:
            self._held.move_to_end(lane)
        return past

    def put(self, lane: Lane, past: Past) -> None:
        """This is how the lane stands."""
        self._held[lane] = past
        self._held.move_to_end(lane)
        if len(self._held) > _LANES:
            self._held.popitem(last=False)


class Moved(NamedTuple):
    """A lane that moved on: its last seq before and after, and its refusals as they are stored."""

    lane: Lane
    before: int
    after: int
    refused: bytes


class Turns:
    """The lanes of one batch."""

    def __init__(self, pasts: Pasts) -> None:
        self._pasts = pasts
        self._before: dict[Lane, Past] = {}
        self._ahead: dict[Lane, Past] = {}

    def past(self, lane: Lane) -> Past:
        """Where the lane stands after the batch so far. Raises ``LaneNotAtHand``."""
        past = self._ahead.get(lane)
        if past is None:
            past = self._pasts.get(lane)
            if past is None:
                raise LaneNotAtHand(lane)
            self._before[lane] = self._ahead[lane] = past
        return past

    def is_over(self, lane: Lane, seq: int) -> bool:
        """Whether this change was decided before; if not, it has its turn now.

        Raises:
            LaneNotAtHand: That is not known.
            Early: It has to wait for its forerunners.
        """
        past = self.past(lane)
        if past.has(seq):
            return True
        if seq > past.last + 1:
            raise Early(past.last + 1)
        return False

    def move(self, lane: Lane, seq: int, refusal: Exception | None = None) -> None:
        """This change was decided."""
        self._ahead[lane] = self.past(lane).after(seq, refusal)

    @property
    def moved(self) -> list[Moved]:
        """The lanes that the batch moves on."""
        return [
            Moved(lane, before.last, self._ahead[lane].last, kept(self._ahead[lane]))
            for lane, before in self._before.items()
            if self._ahead[lane] is not before
        ]

    @property
    def lanes(self) -> list[Lane]:
        """All lanes that the batch looked at."""
        return list(self._before)

    def settle(self) -> None:
        """The batch is committed."""
        for lane, past in self._ahead.items():
            self._pasts.put(lane, past)
