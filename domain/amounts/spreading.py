"""Spreading: how a discount or a charge of the document falls on its lines."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from domain.amounts.portions import Portion
from domain.money import ZERO, digits_of


class Spread(msgspec.Struct, frozen=True):
    """A discount or a charge, in minor units.

    Its percentage falls on what every portion costs. Its amount falls on them by weight, which is
    what they cost; where some are given back, only on those that are not; where all are free, on
    all alike.
    """

    percent: Fraction
    per_weight: Fraction
    weigh: Callable[[int], int]

    def on(self, found: Sequence[Portion], shares: Sequence[Fraction] | None = None) -> Fraction:
        """What falls on these portions, or on these shares of them, before it is rounded."""
        if not self.percent and not self.per_weight:
            return Fraction(0)
        costs = [it.priced for it in found]
        weights = [self.weigh(it) for it in costs]
        if shares is None:
            return sum(costs) * self.percent + sum(weights) * self.per_weight
        cost = sum(it * share for it, share in zip(costs, shares, strict=True))
        weight = sum(it * share for it, share in zip(weights, shares, strict=True))
        return cost * self.percent + weight * self.per_weight


def spread(
    percent: Decimal | None,
    amount: Decimal | None,
    found: Sequence[Portion],
    currency: str | None,
) -> Spread:
    """How this percentage and amount fall on all portions of the document."""
    weigh = _weighing([it.priced for it in found])
    units = Fraction(amount or ZERO) * 10 ** digits_of(currency)
    weight = sum(weigh(it.priced) for it in found)
    per_weight = Fraction(units, weight) if weight else Fraction(0)
    return Spread(Fraction(Fraction(percent or ZERO), 100), per_weight, weigh)


def _weighing(costs: Sequence[int]) -> Callable[[int], int]:
    if not any(costs):
        return lambda _: 1
    if min(costs) < 0 < max(costs):
        return lambda cost: max(cost, 0)
    return lambda cost: cost
