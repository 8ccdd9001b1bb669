"""No reader of a book ever skips an event, sees one twice, or sees them in another order.

A test that cannot fail proves nothing. So the same race is run against two ways to append that are
known to lose events for readers, and must lose.
"""

from collections.abc import Awaitable, Callable

import pytest

from store.books import Book
from store.database import Pool
from tests.store.broken_appends import (
    append_like_the_librarys_function,
    slow_commits,
    take_positions_from_a_sequence,
)
from tests.store.tailing import Missed, overtake, prove, race

_ROUNDS = 25

BROKEN = pytest.mark.parametrize(
    "break_it", [take_positions_from_a_sequence, append_like_the_librarys_function]
)
BreakIt = Callable[[Pool], Awaitable[None]]


@pytest.fixture(autouse=True)
async def _slow_disk(pool: Pool) -> None:
    await slow_commits(pool)


async def race_and_prove(database_url: str, book: Book, *, rounds: int) -> None:
    for _ in range(rounds):
        prove(await race(database_url, book.book_id, appends=5))


async def test_readers_see_every_event_once_and_in_order_while_writers_race_and_are_killed(
    database_url: str, book: Book
) -> None:
    result = await race(database_url, book.book_id, appends=40)

    prove(result)
    assert [position for position, _ in result.book] == list(range(1, len(result.book) + 1))
    assert len(result.refused) > 40
    assert result.killed > 5


@BROKEN
async def test_the_same_race_is_lost_when_positions_are_not_handed_out_in_commit_order(
    database_url: str, pool: Pool, book: Book, break_it: BreakIt
) -> None:
    await break_it(pool)

    with pytest.raises(Missed):
        await race_and_prove(database_url, book, rounds=_ROUNDS)


async def test_an_append_waits_for_the_one_before_it_to_commit(pool: Pool, book: Book) -> None:
    seen, there = await overtake(pool, book.book_id)

    assert seen == there == [1, 2]


@BROKEN
async def test_an_append_that_does_not_wait_is_seen_first_and_hides_the_other(
    pool: Pool, book: Book, break_it: BreakIt
) -> None:
    await break_it(pool)

    seen, there = await overtake(pool, book.book_id)

    assert (seen, there) == ([2], [1, 2])
