"""How many requests a key may make."""

import asyncio
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.problems import Problem
from api.quota import Granted, InProcess, Policy, Quotas, gcra
from store.books import Book, Books
from store.database import Pool
from store.keys import create_key
from tests.api.conftest import serving

POLICY = Policy(quota=100, window=10.0)


class Clock:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


# ---------------------------------------------------------------- the algorithm


@given(
    st.lists(
        st.tuples(st.floats(0, 5, allow_nan=False), st.integers(1, 300)), min_size=1, max_size=60
    ),
    st.integers(1, 500),
)
def test_no_window_ever_holds_more_than_two_quotas_and_none_is_lost(
    asked: list[tuple[float, int]], quota: int
) -> None:
    policy = Policy(quota=quota, window=10.0)
    now, whole_at = 0.0, 0.0
    spent: deque[tuple[float, int]] = deque()
    for pause, want in asked:
        now += pause
        whole_at, granted = gcra(whole_at, now, want, policy)
        spent.append((now, granted.count))
        # The quota at the start, and what was earned since: never more, whenever one looks.
        earned = quota + now / policy.interval
        assert sum(count for _, count in spent) <= earned + 1
        assert 0 <= granted.count <= want
        assert granted.remaining + granted.count <= quota
        if granted.count < want:
            assert granted.remaining == 0
        if granted.count == 0:
            assert 0 < granted.retry_after <= policy.interval + 1e-6


@given(st.integers(1, 10_000), st.floats(0.1, 100))
def test_after_a_quiet_window_the_whole_quota_is_there_again(quota: int, window: float) -> None:
    policy = Policy(quota=quota, window=window)
    whole_at, first = gcra(0.0, 50.0, quota, policy)
    assert first.count == quota
    assert gcra(whole_at, 50.0, 1, policy)[1].count == 0
    assert gcra(whole_at, 50.0 + window, quota, policy)[1].count == quota


# ---------------------------------------------------------------- purses


class Counting:
    """A grantor that counts how often it is asked, and answers when it is let."""

    def __init__(self, grantor: InProcess) -> None:
        self._grantor = grantor
        self.asked = 0

    async def grant(self, key_id: str, want: int) -> Granted:
        self.asked += 1
        await asyncio.sleep(0)
        return await self._grantor.grant(key_id, want)


async def test_a_key_spends_its_quota_and_is_then_told_when_to_go_on() -> None:
    clock = Clock()
    quotas = Quotas(POLICY, InProcess(POLICY, clock), clock)
    left = [dict(await quotas.spend("key"))[b"ratelimit"] for _ in range(100)]
    assert left[0] == b'"default";r=99;t=1'
    assert left[-1] == b'"default";r=0;t=10'
    with pytest.raises(Problem) as raised:
        await quotas.spend("key")
    assert raised.value.code == "quota-exceeded"
    assert raised.value.headers["retry-after"] == "1"
    assert raised.value.headers["ratelimit-policy"] == '"default";q=100;w=10'
    await quotas.spend("another key")
    clock.now += 0.1
    await quotas.spend("key")


async def test_requests_at_the_same_time_ask_once_and_get_exactly_the_quota() -> None:
    clock = Clock()
    grantor = Counting(InProcess(POLICY, clock))
    quotas = Quotas(POLICY, grantor, clock)
    tasks = [asyncio.create_task(quotas.spend("key")) for _ in range(150)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [result for result in results if isinstance(result, Problem)]
    assert len(refused) == 50
    assert grantor.asked < 10


async def test_a_busy_key_is_asked_for_seldom_and_what_it_leaves_goes_stale() -> None:
    clock, policy = Clock(), Policy(quota=10_000, window=10.0)
    grantor = Counting(InProcess(policy, clock))
    quotas = Quotas(policy, grantor, clock)
    for _ in range(1000):
        await quotas.spend("key")
    assert grantor.asked < 30
    before = grantor.asked
    clock.now += 1.5
    await quotas.spend("key")
    assert grantor.asked == before + 1


# ---------------------------------------------------------------- over HTTP


async def test_a_key_that_asks_too_often_gets_429_and_others_go_on(
    pool: Pool, books: Books, book: Book
) -> None:
    clock, policy = Clock(), Policy(quota=5, window=60.0)
    quotas = Quotas(policy, InProcess(policy, clock), clock)
    greedy, _ = await create_key(pool, book.book_id, name="greedy")
    modest, _ = await create_key(pool, book.book_id, name="modest")
    async with serving(pool, books, quotas=quotas) as client:
        client.headers["Authorization"] = f"Bearer {greedy}"
        replies = [await client.get("/api/invoices") for _ in range(6)]
        client.headers["Authorization"] = f"Bearer {modest}"
        other = await client.get("/api/invoices")

    assert [reply.status_code for reply in replies] == [200] * 5 + [429]
    assert replies[0].headers["ratelimit"] == '"default";r=4;t=12'
    assert replies[0].headers["ratelimit-policy"] == '"default";q=5;w=60'
    refused = replies[-1]
    assert refused.json()["code"] == "quota-exceeded"
    assert refused.headers["retry-after"] == "12"
    assert refused.headers["ratelimit"] == '"default";r=0;t=60'
    assert len(refused.headers.get_list("ratelimit")) == 1
    assert other.status_code == 200
