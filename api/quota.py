"""How many requests a key may make: the generic cell rate algorithm, and headers that tell.

GCRA keeps one instant for each key: when its quota would be whole again. A request moves it on by
``window / quota`` seconds, and is refused while it lies more than a window ahead. So a key may
spend its whole quota at once and then goes on at an even pace, without edges at which it could
spend twice.

Asking a shared store for every request would cost more than most requests do, so a busy process
is granted several at once, and spends them within a second.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

import msgspec

from api.problems import Problem

_KEYS_HELD = 10_000
_PURSE_SECONDS = 1.0
# A purse that is empty so soon was too small.
_BUSY_SECONDS = 0.05


class Policy(msgspec.Struct, frozen=True):
    """At most ``quota`` requests in any ``window`` seconds, of each key."""

    quota: int
    window: float

    @property
    def interval(self) -> float:
        """Seconds in which one request is earned."""
        return self.window / self.quota

    @property
    def header(self) -> bytes:
        """``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers)."""
        return f'"default";q={self.quota};w={math.ceil(self.window)}'.encode()


class Granted(msgspec.Struct, frozen=True):
    """``count`` requests may be made, and ``remaining`` more at once.

    ``reset`` is in how many seconds the quota is whole again. Without any granted, the next one
    is earned after ``retry_after`` seconds.
    """

    count: int
    remaining: int
    reset: float
    retry_after: float


class Grantor(Protocol):
    """Who keeps the quotas."""

    async def grant(self, key_id: str, want: int) -> Granted:
        """Grant as many of these requests as the key's quota holds."""
        ...


def gcra(whole_at: float, now: float, want: int, policy: Policy) -> tuple[float, Granted]:
    """The algorithm: when the quota is whole again after this, and what is granted."""
    whole_at = max(whole_at, now)
    # A little more than what is there, so that rounding never takes a request away.
    room = int((policy.window - (whole_at - now)) / policy.interval + 1e-6)
    count = max(0, min(want, room))
    whole_at += count * policy.interval
    retry_after = 0.0 if count else max(0.0, whole_at + policy.interval - policy.window - now)
    return whole_at, Granted(count, max(0, room - count), whole_at - now, retry_after)


class InProcess:
    """Keeps the quotas in this process: alone, or while the shared store cannot be reached."""

    def __init__(self, policy: Policy, clock: Callable[[], float]) -> None:
        self._policy = policy
        self._clock = clock
        self._whole_at: OrderedDict[str, float] = OrderedDict()

    async def grant(self, key_id: str, want: int) -> Granted:
        """See ``Grantor``."""
        before = self._whole_at.pop(key_id, 0.0)
        after, granted = gcra(before, self._clock(), want, self._policy)
        self._whole_at[key_id] = after
        if len(self._whole_at) > _KEYS_HELD:
            self._whole_at.popitem(last=False)
        return granted


class _Purse:
    """What was granted to a key and not spent yet."""

    __slots__ = ("filled_at", "filling", "left", "remaining", "reset", "size", "wanted")

    def __init__(self) -> None:
        self.left = 0
        self.size = 1
        self.wanted = 0
        self.remaining = 0
        self.reset = 0.0
        self.filled_at = -math.inf
        self.filling: asyncio.Task[Granted] | None = None


class Quotas:
    """The quotas of all keys, as this process spends them."""

    def __init__(self, policy: Policy, grantor: Grantor, clock: Callable[[], float]) -> None:
        """``clock`` tells seconds that only grow."""
        self.policy = policy
        self._grantor = grantor
        self._clock = clock
        self._purses: OrderedDict[str, _Purse] = OrderedDict()

    async def spend(self, key_id: str) -> list[tuple[bytes, bytes]]:
        """Spend one request of the key; answers the headers that tell what is left.

        Raises:
            Problem: 429, the quota is spent.
        """
        purse = self._purse(key_id)
        while purse.left == 0 or self._clock() - purse.filled_at > _PURSE_SECONDS:
            granted = await self._fill(purse, key_id)
            if granted.count == 0:
                raise self._exceeded(granted)
        purse.left -= 1
        return self._headers(purse.left + purse.remaining, purse.reset)

    def _purse(self, key_id: str) -> _Purse:
        purse = self._purses.get(key_id)
        if purse is None:
            purse = self._purses[key_id] = _Purse()
            if len(self._purses) > _KEYS_HELD:
                self._purses.popitem(last=False)
        return purse

    async def _fill(self, purse: _Purse, key_id: str) -> Granted:
        """Fill the purse; requests that come at the same time share one question."""
        purse.wanted += 1
        try:
            if purse.filling is None:
                purse.filling = asyncio.create_task(self._ask(purse, key_id), name="quota")
            return await asyncio.shield(purse.filling)
        finally:
            purse.wanted -= 1

    async def _ask(self, purse: _Purse, key_id: str) -> Granted:
        try:
            busy = self._clock() - purse.filled_at < _BUSY_SECONDS
            most = max(1, self.policy.quota // 100)
            purse.size = min(most, purse.size * 2) if busy else 1
            granted = await self._grantor.grant(key_id, max(purse.size, purse.wanted))
            purse.left = granted.count
            purse.remaining, purse.reset = granted.remaining, granted.reset
            purse.filled_at = self._clock()
            return granted
        finally:
            purse.filling = None

    @staticmethod
    def _whole(seconds: float) -> int:
        """Whole seconds, and not one more because of a rounding error."""
        return math.ceil(seconds - 1e-6)

    def _headers(self, remaining: int, reset: float) -> list[tuple[bytes, bytes]]:
        told = f'"default";r={remaining};t={self._whole(reset)}'.encode()
        return [(b"ratelimit-policy", self.policy.header), (b"ratelimit", told)]

    def _exceeded(self, granted: Granted) -> Problem:
        seconds = max(1, self._whole(granted.retry_after))
        headers = {name.decode(): value.decode() for name, value in self._headers(0, granted.reset)}
        detail = (
            f"This key may make {self.policy.quota} requests in {self.policy.window:g} seconds. "
            f"Wait {seconds} s, then go on at an even pace."
        )
        headers["retry-after"] = str(seconds)
        return Problem("quota-exceeded", detail, headers=headers)
