"""How senders that hear of the same work divide it."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import msgspec
import pytest

from store import leases
from store.leases import Lease
from tests.workers.stage import Stage
from workers.deliver import Deliverer
from workers.sender import Answer, Request, Sender

Leasing: TypeAlias = Callable[..., Awaitable[list[Lease]]]


class Counting:
    """Sends with another sender, and counts."""

    def __init__(self, sender: Sender) -> None:
        self.sent = 0
        self._sender = sender

    async def send(self, request: Request, **options: Any) -> Answer:
        self.sent += 1
        return await self._sender.send(request, **options)


def at_the_same_time(count: int, lease: Leasing) -> Leasing:
    """``lease``, but nobody goes on from the first one before so many have asked for it."""
    both, asked = asyncio.Barrier(count), itertools.count()

    async def together(*args: Any, **options: Any) -> list[Lease]:
        first = next(asked) < count
        taken = await lease(*args, **options)
        if first:
            await both.wait()
        return taken

    return together


async def test_two_senders_that_hear_of_the_same_work_share_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoints = [await stage.endpoint() for _ in range(20)]
    await stage.customers(3)
    async with AsyncExitStack() as connected:  # so that neither has to connect first
        for _ in range(4):
            await connected.enter_async_context(stage.pool.acquire())
    monkeypatch.setattr(leases, "lease", at_the_same_time(2, leases.lease))
    counts = [Counting(stage.means.sender) for _ in range(2)]
    senders: list[Any] = list(counts)
    deliverers = [Deliverer(msgspec.structs.replace(stage.means, sender=it)) for it in senders]
    for deliverer in deliverers:
        deliverer.hint(stage.book.book_id, endpoints)
    for deliverer in deliverers:
        await deliverer.settled()
    assert [it.sent for it in counts] == [30, 30]
    for endpoint in endpoints:
        assert await stage.delivered(endpoint, 3)


async def test_one_sender_alone_takes_all_of_it(stage: Stage) -> None:
    endpoints = [await stage.endpoint() for _ in range(9)]
    await stage.customers()
    stage.deliverer.hint(stage.book.book_id, endpoints)
    await stage.deliverer.settled()
    assert len(stage.receiver.requests) == 9


async def test_endpoints_that_are_hinted_at_one_by_one_are_leased_together(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoints = [await stage.endpoint() for _ in range(20)]
    await stage.customers()
    asked: list[int] = []
    lease = leases.lease

    async def counted(pool: Any, book_id: str, ids: Sequence[str], **options: Any) -> list[Lease]:
        asked.append(len(ids))
        return await lease(pool, book_id, ids, **options)

    monkeypatch.setattr(leases, "lease", counted)
    for endpoint in endpoints:
        stage.deliverer.hint(stage.book.book_id, [endpoint])
    await stage.deliverer.settled()
    assert asked == [10, 10]
    assert len(stage.receiver.requests) == 20


async def test_many_deliveries_of_few_endpoints_arrive_once_over_several_pages(
    stage: Stage,
) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(410)
    await stage.deliver()
    assert len(set(stage.receiver.ids)) == len(stage.receiver.ids) == 410
    count = await stage.pool.fetchval(
        "select count(*) from store.deliveries where endpoint_id = $1 and state = 'delivered'",
        endpoint,
    )
    assert count == 410
