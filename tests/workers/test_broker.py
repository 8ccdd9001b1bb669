import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import dramatiq
import pytest
import redis
from dramatiq.brokers.stub import StubBroker

from tests.workers.webhooks import until
from workers.broker import make_broker, make_worker, middleware
from workers.hints import DRAIN, QUEUE, Hints, declare


class Inbox:
    """Takes hints, and the loops on which they come."""

    def __init__(self) -> None:
        self.hints: list[tuple[str, list[str]]] = []
        self.loops: set[asyncio.AbstractEventLoop] = set()

    def __call__(self, book_id: str, endpoint_ids: Sequence[str]) -> None:
        self.loops.add(asyncio.get_running_loop())
        self.hints.append((book_id, list(endpoint_ids)))

    def has(self, count: int) -> Callable[[], Awaitable[bool]]:
        async def reached() -> bool:
            return len(self.hints) >= count

        return reached


@asynccontextmanager
async def working(broker: dramatiq.Broker) -> AsyncIterator[None]:
    worker = make_worker(broker)
    worker.start()
    try:
        yield
    finally:
        await asyncio.to_thread(worker.stop)


@pytest.fixture
def clean_redis(redis_url: str) -> str:
    """A database that only this test uses."""
    url = redis_url + ("&" if "?" in redis_url else "?") + "db=9"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


async def test_a_hint_reaches_the_loop_of_the_process() -> None:
    broker = StubBroker(middleware=middleware(asyncio.get_running_loop()))
    inbox = Inbox()
    declare(broker, DRAIN, inbox)
    hints = Hints(broker)
    async with working(broker):
        hints.send("bok_1", ["whe_2", "whe_1"])
        await until(inbox.has(1))
        await hints.settled()
        await asyncio.to_thread(broker.join, QUEUE)
    assert inbox.hints == [("bok_1", ["whe_1", "whe_2"])]
    assert inbox.loops == {asyncio.get_running_loop()}


async def test_hints_that_come_together_are_merged_and_long_ones_are_cut() -> None:
    broker = StubBroker(middleware=middleware(None))
    declare(broker, DRAIN, lambda _book, _ids: None)
    hints = Hints(broker)
    for number in range(250):
        hints.send("bok_1", [f"whe_{number:03}", "whe_000"])
    await hints.settled()
    assert broker.queues[QUEUE].qsize() == 3


async def test_hints_travel_over_redis(clean_redis: str) -> None:
    inbox = Inbox()
    receiving = make_broker(clean_redis, loop=asyncio.get_running_loop())
    declare(receiving, DRAIN, inbox)
    sending = make_broker(clean_redis)
    hints = Hints(sending)
    async with working(receiving):
        hints.send("bok_1", ["whe_1"])
        await until(inbox.has(1))
        hints.send("bok_2", ["whe_2"])
        await until(inbox.has(2))
    assert inbox.hints == [("bok_1", ["whe_1"]), ("bok_2", ["whe_2"])]
    receiving.close()
    sending.close()


async def test_without_redis_sending_a_hint_neither_fails_nor_waits() -> None:
    broker = make_broker("redis://127.0.0.1:1/0")
    hints = Hints(broker)
    hints.send("bok_1", ["whe_1"])
    async with asyncio.timeout(60):
        await hints.settled()
    broker.close()
