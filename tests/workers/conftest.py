"""A stage for tests of deliveries."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from store.attempt_sums import differing_sums
from store.books import Book, Books
from store.database import Pool
from store.secrets import Keyring
from tests.workers.receiver import receiving
from tests.workers.stage import Stage
from tests.workers.webhooks import Clock, prepare
from workers.deliver import Deliverer
from workers.dispatch import Means
from workers.gate import Gate
from workers.sender import open_sender


@pytest.fixture
async def stage(pool: Pool, books: Books, book: Book) -> AsyncIterator[Stage]:
    await prepare(pool)
    keyring, clock = Keyring([Keyring.new_key()]), Clock()
    async with open_sender(loopback=True) as sender, receiving() as receiver:
        means = Means(
            pool=pool,
            books=books,
            sender=sender,
            keyring=keyring,
            sockets=Gate(100),
            clock=clock,
            chance=lambda: 0.0,
        )
        deliverer = Deliverer(means)
        yield Stage(pool, books, book, keyring, clock, means, deliverer, receiver)
        await deliverer.stop()
    # Whatever a test let happen to deliveries, their sums are those of the attempts.
    assert await differing_sums(pool, book.book_id, since=date(2020, 1, 1)) == []
