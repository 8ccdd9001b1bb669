"""The deliveries of one endpoint that are due, and which of them may be sent next."""

from collections import deque
from collections.abc import Hashable, Iterable

from store.deliveries import Due


class Queue:
    """Hands out deliveries so that order is kept as the endpoint's mode demands.

    ``none``: all may be under way at the same time. ``aggregate``: those of one document come one
    after the other. ``strict``: all do. One that has to be tried again holds back what comes after
    it; one that is given up does not.
    """

    def __init__(self, mode: str, due: Iterable[Due]) -> None:
        self._mode = mode
        self._ready: deque[Due] = deque()
        self._behind: dict[Hashable, deque[Due]] = {}
        for one in due:
            lane = self._lane(one)
            if lane is None:
                self._ready.append(one)
            elif lane in self._behind:
                self._behind[lane].append(one)
            else:
                self._behind[lane] = deque()
                self._ready.append(one)

    def __bool__(self) -> bool:
        """Whether something may be sent now."""
        return bool(self._ready)

    def take(self) -> Due:
        """The next one to send."""
        return self._ready.popleft()

    def ended(self, one: Due, *, over: bool) -> None:
        """An attempt has ended; ``over``: the delivery was accepted, or is given up."""
        lane = self._lane(one)
        if lane is None:
            return
        behind = self._behind[lane]
        if over and behind:
            self._ready.append(behind.popleft())
        else:
            del self._behind[lane]

    def _lane(self, one: Due) -> Hashable | None:
        """What the delivery has to wait its turn in."""
        if self._mode == "none":
            return None
        return "" if self._mode == "strict" else one.stream
