"""How fast a process decides and its database commits, and so how many commands commit at once.

Whoever waits for an answer sends the next command when it is there. If all commit at once, all come
back at once: then either the process works or the database does. In two halves, one is decided
while the other commits. But each half pays for a commit, which is dear where the disk is slow.
"""

from math import inf

_WORTH = 4.0
"""Deciding is about half of what a command costs here, and a commit about half of an append."""


class Pace:
    """What the latest batch took."""

    def __init__(self) -> None:
        self._decide_seconds = 0.0
        self._append_seconds = inf

    def decided(self, count: int, seconds: float) -> None:
        """So many commands were decided in this time."""
        if count:
            self._decide_seconds = seconds / count

    def appended(self, seconds: float) -> None:
        """A batch was written in this time, its commit included."""
        self._append_seconds = seconds

    def first_of(self, waiting: int) -> int:
        """How many of those that wait are to commit first: all, or a half of them."""
        worth = _WORTH * self._decide_seconds * waiting > self._append_seconds
        return (waiting + 1) // 2 if worth else waiting
