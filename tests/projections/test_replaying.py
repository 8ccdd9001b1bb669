"""Whatever happened: any batches, once or twice, give the same rows in every read model."""

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from projections.tables import PROJECTIONS
from tests.projections.company import Step
from tests.projections.histories import BUSY, STEPS
from tests.projections.stage import Stage

SIZES = st.just([1]) | st.lists(st.integers(1, 40), min_size=1, max_size=5)


def test_any_batches_once_or_again_give_the_same_rows(stage: Stage) -> None:
    filled: Counter[str] = Counter()

    @settings(max_examples=25)
    @example(BUSY, [90, 30, 7], 100)
    @given(STEPS, SIZES, st.integers(0, 200))
    def play(steps: list[Step], sizes: list[int], middle: int) -> None:
        async def compare() -> None:
            company = await stage.played(steps)
            events = company.events
            await stage.replay(events, [len(events)])
            at_once = await stage.tables(company.book_id)
            filled.update({name: len(rows) for name, rows in at_once.items()})

            await stage.replay(events, sizes)
            assert await stage.tables(company.book_id) == at_once

            await stage.forget(company.book_id)
            # A follower that lost its place begins again somewhere before it.
            await stage.replay(events[: middle % len(events) + 1], [7])
            await stage.replay(events, sizes)
            assert await stage.tables(company.book_id) == at_once

            await stage.forget(company.book_id)
            await stage.replay(events, sizes, unseen=True)
            assert await stage.tables(company.book_id) == at_once

        stage.run(compare)

    play()

    # Otherwise nothing was compared.
    assert [name for name, rows in filled.items() if not rows] == []
    assert len(filled) >= len(PROJECTIONS)
