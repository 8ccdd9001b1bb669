"""What the tests of webhooks share: a clock, commands on endpoints, and the log to fan out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.aggregate import Aggregate, Fact
from domain.customer import CUSTOMER
from domain.facts.customer import CustomerCreated
from domain.facts.webhook_endpoint import WebhookEndpointCreated
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from projections import webhook_endpoints
from store.books import Books
from store.command import Command
from store.database import Pool
from store.ids import new_id
from store.recorded import Metadata
from store.secrets import Keyring, add_secret

BY = Metadata(actor="key_test")


class Clock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        # Ahead of the database's, so that whatever was just recorded is due.
        self.now = datetime.now(UTC) + timedelta(hours=1)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    """Wait until it holds; fail when that takes too long."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - what is waited for is in the database
            await asyncio.sleep(0.01)


async def prepare(pool: Pool) -> None:
    await pool.execute(webhook_endpoints.DDL)


async def tell(
    books: Books, book_id: str, aggregate: Aggregate[Any], id_: str, *facts: Fact
) -> None:
    """Append these facts to the stream, whatever the domain would say."""
    stream = aggregate(id_)
    command = Command(
        aggregate=aggregate, id=id_, decide=lambda _read: [(stream, facts)], metadata=BY
    )
    await books.execute(book_id, command)


async def new_customers(books: Books, book_id: str, count: int = 1) -> None:
    """So many events that every endpoint for ``*`` or ``customer.created`` wants."""
    for _ in range(count):
        await tell(books, book_id, CUSTOMER, new_id("cus"), CustomerCreated(name="Ofen Müller"))


async def new_endpoint(
    books: Books,
    book_id: str,
    url: str = "https://example.com/hook",
    *,
    events: Sequence[str] = ("*",),
    category: str = "post-transaction",
    **fields: Any,
) -> str:
    """Create an endpoint; answers its id. ``fields`` are more ones of the fact."""
    id_ = new_id("whe")
    created = WebhookEndpointCreated(url=url, events=tuple(events), category=category, **fields)
    await tell(books, book_id, WEBHOOK_ENDPOINT, id_, created)
    return id_


async def signed_endpoint(
    pool: Pool, books: Books, keyring: Keyring, book_id: str, url: str, **options: str
) -> tuple[str, str]:
    """Create an endpoint with a secret; answers its id and the secret."""
    id_ = await new_endpoint(books, book_id, url, **options)
    return id_, await add_secret(pool, keyring, book_id, id_)
