import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import redis

from store.books import Book, Books
from store.database import Pool
from store.delivery_log import list_deliveries
from store.secrets import Keyring, add_secret
from tests.workers.receiver import Receiver, receiving
from tests.workers.webhooks import new_customers, new_endpoint, prepare, until
from workers.broker import make_broker, make_worker
from workers.deliver import Deliverer
from workers.dispatch import Means
from workers.fan_out import fan_out_follower
from workers.gate import Gate
from workers.hints import DRAIN, Hints, declare
from workers.sender import open_sender
from workers.signing import verify

KEYRING = Keyring([Keyring.new_key()])


@pytest.fixture
def clean_redis(redis_url: str) -> str:
    """A database that only this test uses."""
    url = redis_url + ("&" if "?" in redis_url else "?") + "db=8"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@asynccontextmanager
async def delivering(pool: Pool, books: Books, redis_url: str) -> AsyncIterator[Deliverer]:
    """What `follow` and `work` do, on one loop: commits are fanned out and delivered by hints."""
    sending = make_broker(redis_url)
    working = make_broker(redis_url, loop=asyncio.get_running_loop())
    hints = Hints(sending)
    following = asyncio.create_task(fan_out_follower(pool, hints.send).run())
    async with open_sender(loopback=True) as sender:
        means = Means(pool=pool, books=books, sender=sender, keyring=KEYRING, sockets=Gate(100))
        deliverer = Deliverer(means)
        declare(working, DRAIN, deliverer.hint)
        worker = make_worker(working)
        worker.start()
        try:
            yield deliverer
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await hints.settled()
            await asyncio.to_thread(worker.stop)
            await deliverer.stop()
            sending.close()
            working.close()


async def endpoint(pool: Pool, books: Books, book: Book, receiver: Receiver) -> tuple[str, str]:
    id_ = await new_endpoint(books, book.book_id, receiver.url)
    return id_, await add_secret(pool, KEYRING, book.book_id, id_)


async def test_a_commit_reaches_its_receiver_without_anybody_asking(
    pool: Pool, books: Books, book: Book, clean_redis: str
) -> None:
    await prepare(pool)
    async with receiving() as receiver, delivering(pool, books, clean_redis):
        id_, secret = await endpoint(pool, books, book, receiver)
        for count in range(1, 6):
            await new_customers(books, book.book_id)

            async def arrived(count: int = count) -> bool:
                return len(receiver.requests) >= count

            await until(arrived)
        for request in receiver.requests:
            verify(request.headers, request.body, [secret], now=time.time())

        async def recorded() -> bool:
            listed = await list_deliveries(pool, book.book_id, id_)
            return [it.state for it in listed] == ["delivered"] * 5

        await until(recorded)
    assert len(set(receiver.ids)) == 5


async def test_with_redis_gone_a_sweep_delivers_everything(
    pool: Pool, books: Books, book: Book
) -> None:
    await prepare(pool)
    async with (
        receiving() as receiver,
        delivering(pool, books, "redis://127.0.0.1:1/0") as deliverer,
    ):
        await endpoint(pool, books, book, receiver)
        await new_customers(books, book.book_id, 5)

        async def swept() -> bool:
            await deliverer.sweep()
            return len(receiver.requests) == 5

        await until(swept)
        await deliverer.settled()
    assert len(set(receiver.ids)) == 5
    waiting = await pool.fetchval("select count(*) from store.deliveries where state = 'pending'")
    assert waiting == 0
