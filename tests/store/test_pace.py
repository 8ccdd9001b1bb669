"""How many commands commit at once, by what deciding and committing take."""

import pytest

from store.pace import Pace


@pytest.mark.parametrize(
    ("waiting", "decide", "commit", "first"),
    [
        (64, 20e-6, 2e-3, 32),  # a quick disk: the others are decided meanwhile
        (65, 20e-6, 2e-3, 33),
        (64, 20e-6, 8e-3, 64),  # a slow one: a second commit would take longer than it saves
        (2, 20e-6, 1e-3, 2),
        (1, 20e-3, 1e-3, 1),
        (0, 20e-6, 1e-3, 0),
    ],
)
def test_half_of_those_that_wait_commit_first_where_that_saves_time(
    waiting: int, decide: float, commit: float, first: int
) -> None:
    pace = Pace()
    assert pace.first_of(waiting) == waiting, "nothing is known yet"
    pace.decided(10, 10 * decide)
    pace.decided(0, 1.0)
    pace.appended(commit)

    assert pace.first_of(waiting) == first
