"""Whatever happens, and in whichever order, a book is as if its commands had come one by one.

Any interleaving of commands, refusals, retries with the same key, clients that go away, lost
requests and answers, late arrivals, restarts, crashes and emptied caches, over two processes.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import store.writer
from store.books import create_book
from store.database import Pool, open_pool
from store.log import read_book
from tests.store.explain import Kept, explain
from tests.store.interleaving import Company, Lane, Plan, Round, Step, Upset
from tests.store.one_by_one import Asking
from tests.store.weather import Fault, Weather

_INVOICES = ("inv_a", "inv_b", "inv_c")
_MS = st.sampled_from([0, 1, 3])
_PROCESS = st.integers(0, 1)

ASKINGS = st.builds(
    Asking,
    kind=st.sampled_from(["change", "change", "number", "copy", "draft", "delete", "look"]),
    invoice=st.sampled_from(_INVOICES),
    other=st.sampled_from(_INVOICES),
    memo=st.sampled_from(["x", "y", "z"]),
    expected=st.sampled_from([None, None, None, 1, 2]),
    key=st.sampled_from([None, "k", "k", "l"]),
)
UPSETS = st.builds(
    Upset, what=st.sampled_from(["restart", "crash", "forget"]), process=_PROCESS, after=_MS
)
FAULTS: st.SearchStrategy[Fault] = st.sampled_from(
    ["none", "request lost", "answer lost", "request late", "commit lost"]
)


_BEGIN = Round(
    [
        Lane([Step(Asking(kind="draft", invoice=invoice, memo=invoice), 0)])
        for invoice in _INVOICES[:2]
    ]
)
_INSPECT = Round(
    [Lane([Step(Asking(kind="look", invoice=i), p) for i in _INVOICES for p in (0, 1)])]
)


def both_ways(lanes: list[Lane]) -> list[Lane]:
    """The same clients, and others that ask the same of the other process at the same time."""
    mirrored = [
        Lane([Step(step.asking, 1 - step.process) for step in lane.steps]) for lane in lanes
    ]
    return lanes + mirrored


def rounds(askings: list[Asking]) -> st.SearchStrategy[Round]:
    """Rounds that ask the same few things again and again, so that keys and versions repeat."""
    steps = st.builds(Step, asking=st.sampled_from(askings), process=_PROCESS)
    gone_after = st.sampled_from([None, None, None, 0, 1, 3])
    lanes = st.lists(
        st.builds(Lane, st.lists(steps, min_size=1, max_size=3), gone_after),
        min_size=1,
        max_size=3,
    )
    return st.builds(
        Round,
        lanes=lanes | lanes.map(both_ways),
        upsets=st.lists(UPSETS, max_size=1),
        delays=st.lists(_MS, max_size=16),
        faults=st.lists(FAULTS, max_size=3),
    )


PLANS = st.lists(ASKINGS, min_size=2, max_size=5).flatmap(
    lambda askings: st.builds(
        Plan,
        rounds=st.lists(rounds(askings), min_size=2, max_size=4),
        cached_streams=st.sampled_from([1, 2, 10_000]),
        optimistic_tries=st.sampled_from([0, 2, 2]),
    )
)


class Stage:
    """An event loop, a weather, and the connections of two processes."""

    def __init__(self, runner: asyncio.Runner, pools: list[Pool], weather: Weather) -> None:
        self._runner = runner
        self._pools = pools
        self._weather = weather
        self.told: Counter[str] = Counter()

    def play(self, plan: Plan, patch: pytest.MonkeyPatch) -> None:
        """Run the plan in a new book and explain what came of it."""
        patch.setattr(store.writer, "_OPTIMISTIC_TRIES", plan.optimistic_tries)
        self._runner.run(self._play(plan))

    async def _play(self, plan: Plan) -> None:
        pool = self._pools[0]
        book = await create_book(pool, name="Played", mode="sandbox")
        company = Company(self._pools, self._weather, book.book_id, plan.cached_streams)
        async with asyncio.timeout(60):
            for part in (_BEGIN, *plan.rounds):
                await company.play(part)
            await company.finish()
            await company.play(_INSPECT)
        async with pool.acquire() as connection:
            log = await read_book(connection, book.book_id, after=0, limit=10_000)
        rows = await pool.fetch(
            "select fingerprint, version, position from store.commands where book_id = $1",
            book.book_id,
        )
        kept = [Kept(msgspec.json.decode(row[0], type=Asking), *row[1:]) for row in rows]
        explain(company.journal, log, kept)
        self.told.update(call.shown.how if call.shown else "nothing" for call in company.journal)


@pytest.fixture
def stage(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    stack = AsyncExitStack()
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        pools = [
            runner.run(stack.enter_async_context(open_pool(database_url, name=name, size=8)))
            for name in ("one", "other", "late")
        ]
        weather = Weather(pools.pop())
        weather.install(monkeypatch)
        yield Stage(runner, pools, weather)
        runner.run(stack.aclose())


def test_any_interleaving_leaves_what_commands_one_by_one_would_have_left(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    @settings(max_examples=200)
    @given(PLANS)
    def play(plan: Plan) -> None:
        stage.play(plan, monkeypatch)

    play()

    assert stage.told.keys() == {
        *("done", "unchanged", "replayed", "seen", "stale", "nothing"),
        *("AlreadyExists", "NotFound", "KeyReused"),
    }
