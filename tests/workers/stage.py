"""Everything between a commit and a receiver, on a clock that a test moves."""

from dataclasses import dataclass
from typing import Any

from store.books import Book, Books
from store.database import Pool
from store.delivery_log import Delivery, list_deliveries
from store.secrets import Keyring, add_secret
from tests.workers.receiver import Receiver
from tests.workers.webhooks import Clock, new_customers, new_endpoint
from workers.deliver import Deliverer
from workers.dispatch import Means
from workers.fan_out import fan_out_follower


@dataclass
class Stage:
    """Everything between a commit and a receiver, with a clock that only moves when told to."""

    pool: Pool
    books: Books
    book: Book
    keyring: Keyring
    clock: Clock
    means: Means
    deliverer: Deliverer
    receiver: Receiver

    async def endpoint(
        self, url: str | None = None, category: str = "post-transaction", **fields: Any
    ) -> str:
        id_ = await new_endpoint(
            self.books, self.book.book_id, url or self.receiver.url, category=category, **fields
        )
        self.secret = await add_secret(self.pool, self.keyring, self.book.book_id, id_)
        return id_

    async def customers(self, count: int = 1) -> None:
        """So many events, fanned out but not sent."""
        await new_customers(self.books, self.book.book_id, count)
        await self.fan_out()

    async def fan_out(self) -> None:
        await fan_out_follower(self.pool, lambda _book, _ids: None).catch_up()

    async def deliver(self) -> None:
        """Deliver what is due by the clock."""
        while await self.deliverer.sweep():
            await self.deliverer.settled()

    async def listed(self, endpoint_id: str) -> list[Delivery]:
        return await list_deliveries(self.pool, self.book.book_id, endpoint_id, limit=200)

    async def states(self, endpoint_id: str) -> list[tuple[str, int]]:
        return [(it.state, it.attempts) for it in await self.listed(endpoint_id)]

    async def delivered(self, endpoint_id: str, count: int) -> bool:
        """Whether so many were delivered, each at the first attempt, and nothing else is there."""
        return await self.states(endpoint_id) == [("delivered", 1)] * count
