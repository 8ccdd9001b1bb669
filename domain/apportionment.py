"""Whole parts of a whole, by largest remainder (Hamilton's method). Nothing is lost, nothing added.

Everything is counted in whole units, such as cents.
"""

from collections.abc import Sequence
from fractions import Fraction


def half_up(dividend: int | Fraction, divisor: int | Fraction = 1) -> int:
    """The quotient as a whole number, halves away from zero. The divisor is above zero."""
    if dividend < 0:
        return -half_up(-dividend, divisor)
    return int((2 * dividend + divisor) // (2 * divisor))


def apportioned(
    quotas: Sequence[int | Fraction], divisor: int = 1, *, whole: int | None = None
) -> list[int]:
    """Whole parts that are next to each quota by the divisor, and sum to ``whole``.

    ``whole`` is at most one unit from the exact sum; without it, it is that sum rounded. Each part
    is its quota rounded down; what is left goes to those that lost most, and of equals to the
    first. Negative wholes are the mirror image of positive ones.
    """
    if whole is None:
        whole = half_up(sum(quotas), divisor)
    if whole < 0:
        return [-part for part in apportioned([-it for it in quotas], divisor, whole=-whole)]
    divided = [divmod(it, divisor) for it in quotas]
    parts = [int(down) for down, _ in divided]
    left = whole - sum(parts)
    if left:
        lost_most = sorted(range(len(parts)), key=lambda index: -divided[index][1])
        for index in lost_most[:left]:
            parts[index] += 1
    return parts


def allocated(whole: int, weights: Sequence[int]) -> list[int]:
    """Whole parts in proportion to the sizes of the weights; to nobody's, the same for all."""
    sizes = [abs(it) for it in weights]
    if not any(sizes):
        sizes = [1] * len(sizes)
    return apportioned([whole * it for it in sizes], sum(sizes) or 1, whole=whole)
