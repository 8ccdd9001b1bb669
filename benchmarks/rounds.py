"""Rounds: ours and the baseline take turns, so that what slows the machine slows both."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

ROUNDS = 9


class Run(msgspec.Struct, frozen=True):
    """What was done in one go: how long it took, and each operation's latency, in seconds."""

    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Operations per second."""
        return len(self.latencies) / self.seconds


Measure: TypeAlias = Callable[[], Awaitable[Run]]


async def alternate(
    ours: Measure, baseline: Measure, *, rounds: int = ROUNDS
) -> tuple[list[Run], list[Run]]:
    """Run both in every round, in another order each time. A round before them only warms up."""
    pairs: list[tuple[Run, Run]] = []
    for number in range(rounds + 1):
        if number % 2:
            own = await ours()
            other = await baseline()
        else:
            other = await baseline()
            own = await ours()
        pairs.append((own, other))
    return [own for own, _ in pairs[1:]], [other for _, other in pairs[1:]]
