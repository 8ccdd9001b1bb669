"""Whatever happens, each editor's changes are made once, in order, and over nothing unseen.

Any interleaving of seqs, repetitions, gaps, lost requests and answers, restarts, crashes and
emptied caches, over two processes.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import store.parking
from store.books import create_book
from store.database import Pool, open_pool
from tests.store.editors import Office, Sending, Session, Wave, check
from tests.store.weather import Fault, Weather

_MS = st.sampled_from([0, 1, 3])
_PROCESS = st.integers(0, 1)

SESSIONS: st.SearchStrategy[Session] = st.sampled_from(["ses_ann", "ses_bob", "ses_cat"])
FAULTS: st.SearchStrategy[Fault] = st.sampled_from(
    ["none", "request lost", "answer lost", "request late", "commit lost"]
)
SENDINGS = st.builds(
    Sending,
    session=SESSIONS,
    seq=st.integers(1, 6),
    process=_PROCESS,
    after=_MS,
    fresh=st.booleans(),
)


def in_a_row(session: Session, process: int) -> list[Sending]:
    """What an editor does who waits for nothing: six changes at once, each to another process."""
    return [
        Sending(session, seq, (process + seq) % 2, after=(7 * seq) % 4, fresh=seq > 3)
        for seq in range(1, 7)
    ]


ROWS = st.builds(in_a_row, SESSIONS, _PROCESS)
WAVES = st.builds(
    Wave,
    sendings=st.lists(SENDINGS, min_size=1, max_size=8)
    | ROWS
    | st.builds(lambda one, two: one + two, ROWS, ROWS)
    | st.builds(lambda one, more: one + more, ROWS, st.lists(SENDINGS, max_size=5)),
    upset=st.sampled_from(["none", "none", "restart", "crash", "forget"]),
    process=_PROCESS,
    delays=st.lists(_MS, max_size=12),
    faults=st.lists(FAULTS, max_size=3),
)


class Stage:
    """An event loop, a weather, and the connections of two processes."""

    def __init__(self, runner: asyncio.Runner, pools: list[Pool], weather: Weather) -> None:
        self._runner = runner
        self._pools = pools
        self._weather = weather
        self.told: Counter[str] = Counter()

    def play(self, waves: list[Wave]) -> None:
        """Let the waves come in a new book, and check what came of them."""
        self._runner.run(self._play(waves))

    async def _play(self, waves: list[Wave]) -> None:
        book = await create_book(self._pools[0], name="Edited", mode="sandbox")
        office = Office(self._pools, self._weather, book.book_id)
        await office.open()
        async with asyncio.timeout(60):
            for wave in waves:
                await office.live(wave)
            log = await office.close()
        check(log, office.said)
        self.told.update(said.how for said in office.said)


@pytest.fixture
def stage(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    stack = AsyncExitStack()
    monkeypatch.setattr(store.parking, "PATIENCE_SECONDS", 0.03)
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        pools = [
            runner.run(stack.enter_async_context(open_pool(database_url, name=name, size=8)))
            for name in ("one", "other", "late")
        ]
        weather = Weather(pools[2])
        weather.install(monkeypatch)
        yield Stage(runner, pools[:2], weather)
        runner.run(stack.aclose())


def test_any_interleaving_of_editors_makes_each_change_once_in_order_and_over_nothing_unseen(
    stage: Stage,
) -> None:
    @given(waves=st.lists(WAVES, min_size=1, max_size=3))
    @settings(max_examples=80)
    def play(waves: list[Wave]) -> None:
        stage.play(waves)

    play()

    missing = {"done", "again", "stale", "gap"} - stage.told.keys()
    assert not missing, f"too tame: nobody was told {missing} in {stage.told}"
