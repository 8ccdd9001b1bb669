from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.apportionment import allocated, apportioned, half_up

WHOLES = st.integers(-(10**20), 10**20)
WEIGHTS = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("whole", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (5, [0, 1, 1], [0, 3, 2]),
        (2, [1, 1, 1, 0], [1, 1, 0, 0]),
        (7, [0, 0], [4, 3]),
        (7, [-1, 3], [2, 5]),
        (0, [1, 2], [0, 0]),
        (10, [7], [10]),
        (3, [5, 3, 1], [2, 1, 0]),
        (0, [], []),
    ],
)
def test_what_is_left_goes_to_those_that_lost_most_and_of_equals_to_the_first(
    whole: int, weights: list[int], parts: list[int]
) -> None:
    assert allocated(whole, weights) == parts


@given(WHOLES, WEIGHTS)
def test_parts_sum_to_the_whole_and_each_is_next_to_its_share(
    whole: int, weights: list[int]
) -> None:
    parts = allocated(whole, weights)
    assert sum(parts) == whole
    sizes = [abs(it) for it in weights] if any(weights) else [1] * len(weights)
    for part, size in zip(parts, sizes, strict=True):
        assert abs(part - Fraction(whole * size, sum(sizes))) < 1
        assert size or not part
    assert allocated(-whole, weights) == [-it for it in parts]


@given(st.lists(st.fractions(-1000, 1000), max_size=8))
def test_quotas_are_rounded_together(quotas: list[Fraction]) -> None:
    parts = apportioned(quotas)
    assert sum(parts) == half_up(sum(quotas))
    assert all(abs(part - it) < 1 for part, it in zip(parts, quotas, strict=True))


@pytest.mark.parametrize(
    ("dividend", "divisor", "expected"), [(1, 2, 1), (-1, 2, -1), (3, 2, 2), (1, 3, 0), (-2, 3, -1)]
)
def test_halves_go_away_from_zero(dividend: int, divisor: int, expected: int) -> None:
    assert half_up(dividend, divisor) == expected
    assert half_up(Fraction(dividend, divisor)) == expected
