"""Rate limits: so many requests a second and no burst to speak of.

It is the generic cell rate algorithm, which is a token bucket that is kept in one instant: when the
next request would be on time. The lease carries that instant from one sender to the next.
"""

_BURST_SECONDS = 0.05
"""What was not used for a while may be caught up on by so much: at most 5 % in any second."""


class Pace:
    """The pace of one endpoint. All instants are seconds of one clock."""

    def __init__(self, rate: int | None, *, next_at: float) -> None:
        """``rate`` is in requests per second; ``None``: as fast as the receiver answers."""
        self._interval = 1 / rate if rate else 0.0
        self._slack = max(_BURST_SECONDS - self._interval, 0.0) if rate else 0.0
        self.next_at = next_at if rate else 0.0

    def wait(self, now: float) -> float:
        """Seconds until a request may be made; 0 when one may be made now."""
        return max(self.next_at - self._slack - now, 0.0)

    def take(self, now: float) -> None:
        """A request is made now."""
        if self._interval:
            self.next_at = max(self.next_at, now) + self._interval
