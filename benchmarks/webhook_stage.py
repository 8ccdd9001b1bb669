"""A book with webhook endpoints and events, and deliveries that can be planned again and again."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from domain.aggregate import Aggregate, Change, Fact
from domain.customer import CUSTOMER
from domain.facts.customer import CustomerCreated
from domain.facts.webhook_endpoint import WebhookEndpointCreated
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from store.books import Books, create_book
from store.command import Command
from store.database import Pool
from store.due_notices import DueNotices
from store.ids import new_id
from store.recorded import Metadata
from store.secrets import Keyring, add_secret
from workers.fan_out import fan_out_follower

METADATA = Metadata(actor="benchmark")
# Some 600 bytes, so that a body has about 1 kB, as webhooks of invoices do.
_NOTE = CustomerCreated(name="Ofen Müller " + "and sons " * 60)


class Scene(msgspec.Struct, frozen=True):
    """A sandbox book, the ids of its endpoints, and their secrets."""

    pool: Pool
    books: Books
    book_id: str
    endpoints: Sequence[str]
    secrets: Sequence[str]

    async def happen(self) -> None:
        """One event."""
        await _tell(self, CUSTOMER, new_id("cus"), _NOTE)

    async def plan(self, *, events: int) -> int:
        """Let so many events be due at every endpoint, as if for the first time."""
        await self.pool.execute("truncate store.attempts, store.deliveries")
        await self.pool.execute(
            "insert into store.deliveries (book_id, endpoint_id, position, next_at)"
            " select $1, e, p, now() from unnest($2::text[]) as e"
            "  cross join (select position as p from store.events where book_id = $1"
            "   and topic = 'customer.created' order by position limit $3) as events",
            self.book_id,
            list(self.endpoints),
            events,
        )
        await self.pool.execute("analyze store.deliveries")
        return events * len(self.endpoints)

    def notify(self) -> None:
        """Tell the senders of all endpoints."""
        DueNotices(self.pool).send(self.book_id, self.endpoints)

    async def recorded(self) -> int:
        """How many deliveries are recorded as made, each with an attempt."""
        count: int = await self.pool.fetchval(
            "select count(*) from store.deliveries d join store.attempts a"
            " using (book_id, endpoint_id, position)"
            " where d.book_id = $1 and d.state = 'delivered' and a.status = 200",
            self.book_id,
        )
        return count


async def scene(
    pool: Pool, books: Books, keyring: Keyring, *, urls: Sequence[str], events: int
) -> Scene:
    """A new sandbox book with an endpoint at each URL, and so many events before them."""
    book = await create_book(pool, name="Webhooks", mode="sandbox")
    ids = [new_id("whe") for _ in urls]
    made = Scene(pool, books, book.book_id, ids, [])
    await asyncio.gather(*(made.happen() for _ in range(events)))
    created = [WebhookEndpointCreated(url=url, events=("*",), category="standard") for url in urls]
    await asyncio.gather(
        *(_tell(made, WEBHOOK_ENDPOINT, id_, it) for id_, it in zip(ids, created, strict=True))
    )
    secrets = [await add_secret(pool, keyring, book.book_id, id_) for id_ in ids]
    await fan_out_follower(pool, lambda _book, _ids: None).catch_up()
    return msgspec.structs.replace(made, secrets=secrets)


async def _tell(scene: Scene, aggregate: Aggregate[Any], id_: str, fact: Fact) -> None:
    changes: list[Change] = [(aggregate(id_), (fact,))]
    command = Command(aggregate=aggregate, id=id_, decide=lambda _read: changes, metadata=METADATA)
    await scene.books.execute(scene.book_id, command)
