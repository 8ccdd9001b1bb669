"""Webhook endpoints of a book over HTTP, and a sender that a test tells what came of requests."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import httpx

from store import deliveries, leases
from store.books import Book, Books
from store.database import Pool
from store.deliveries import Attempt
from store.leases import Health, Lease, Released
from tests.api.test_webhook_endpoints import create
from tests.workers.webhooks import new_customers
from workers.fan_out import fan_out_follower

REPORT = "/api/reports/deliveries"
ENDPOINTS = "/api/webhook-endpoints"
TODAY = datetime.now(UTC).date()
NOW = datetime.now(UTC) + timedelta(hours=1)

NOTHING_SENT = {
    "pending": 0,
    "failed": 0,
    "attempts": 0,
    "delivered": 0,
    "failedAttempts": 0,
    "successRatio": None,
    "meanDurationMs": None,
    "maxDurationMs": None,
}


class Scene:
    """A book whose endpoints want every customer, and a sender whom the test tells what came."""

    def __init__(self, client: httpx.AsyncClient, pool: Pool, books: Books, book: Book) -> None:
        self.client = client
        self.pool = pool
        self.books = books
        self.book_id = book.book_id

    async def endpoint(self) -> str:
        id_: str = (await create(self.client, events=["customer.*"]))["id"]
        await self.follow()
        return id_

    async def follow(self) -> None:
        await fan_out_follower(self.pool, lambda _book, _ids: None).catch_up()

    async def customers(self, count: int) -> None:
        await new_customers(self.books, self.book_id, count)
        await self.follow()

    async def lease(self, id_: str) -> Lease:
        [lease] = await leases.lease(self.pool, self.book_id, [id_], now=NOW, seconds=60)
        return lease

    async def send(
        self, id_: str, statuses: Sequence[int | None], *, day: date = TODAY, state: str = "failed"
    ) -> None:
        """Try so many of what waits; the n-th attempt of a day takes n seconds."""
        lease = await self.lease(id_)
        due = await deliveries.read_due(
            self.pool, self.book_id, [(id_, "none")], now=NOW, limit=len(statuses)
        )
        made = [
            Attempt(
                lease=lease,
                position=one.position,
                number=one.attempts + 1,
                at=datetime.combine(day, time(n), UTC),
                status=status,
                error=None if status else "The host did not answer in time.",
                duration_ms=1000 * n,
                peer=None,
                response=b"",
                state="delivered" if status == 200 else state,  # type: ignore[arg-type] # a word
                next_at=NOW if state == "pending" and status != 200 else None,
            )
            for n, (one, status) in enumerate(zip(due, statuses, strict=True), 1)
        ]
        await deliveries.record(self.pool, self.book_id, made)
        await leases.release(self.pool, self.book_id, [Released(lease, Health())])

    async def report(self, **query: Any) -> dict[str, Any]:
        await self.follow()
        asked = {"to": TODAY, **{name.rstrip("_"): value for name, value in query.items()}}
        answer = await self.client.get(REPORT, params=asked)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def only(self, **query: Any) -> dict[str, Any]:
        [item] = (await self.report(**query))["items"]
        return dict(item)


def instant(item: dict[str, Any], name: str) -> Any:
    """An instant of an item, or nothing."""
    return None if item[name] is None else datetime.fromisoformat(item[name])
