from datetime import UTC, datetime, timedelta

import pytest

from domain.customer import CUSTOMER
from domain.facts.customer import CustomerCreated
from domain.facts.webhook_endpoint import (
    WebhookEndpointChanged,
    WebhookEndpointDeleted,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
)
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from projections.webhook_endpoints import FOLLOWER, read_endpoints
from store import checkpoints, leases
from store.books import Book, Books
from store.database import Pool
from store.delivery_log import list_deliveries
from store.log import read_book
from tests.workers.webhooks import new_customers, new_endpoint, prepare, tell
from workers.fan_out import fan_out, fan_out_follower


@pytest.fixture(autouse=True)
async def _tables(pool: Pool) -> None:
    await prepare(pool)


async def catch_up(pool: Pool) -> dict[str, set[str]]:
    """Fan out all there is; answers the hints that were given."""
    hinted: dict[str, set[str]] = {}
    follower = fan_out_follower(pool, lambda book, ids: hinted.setdefault(book, set()).update(ids))
    await follower.catch_up()
    return hinted


async def positions(pool: Pool, book: Book, endpoint_id: str) -> list[int]:
    listed = await list_deliveries(pool, book.book_id, endpoint_id)
    return sorted(delivery.position for delivery in listed)


async def test_an_endpoint_gets_the_events_it_asks_for_from_its_beginning_on(
    pool: Pool, books: Books, book: Book
) -> None:
    await new_customers(books, book.book_id)
    everything = await new_endpoint(books, book.book_id, events=["*"])
    customers = await new_endpoint(books, book.book_id, events=["customer.created"])
    invoices = await new_endpoint(books, book.book_id, events=["invoice.*"])
    about_endpoints = await new_endpoint(books, book.book_id, events=["webhook.*"])
    await new_customers(books, book.book_id, 2)
    hinted = await catch_up(pool)
    assert await positions(pool, book, everything) == [6, 7]
    assert await positions(pool, book, customers) == [6, 7]
    assert await positions(pool, book, invoices) == []
    assert await positions(pool, book, about_endpoints) == [5], "it hears of its own beginning"
    assert hinted == {book.book_id: {everything, customers, about_endpoints}}


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
async def test_facts_about_endpoints_take_effect_at_their_position(
    pool: Pool, books: Books, book: Book, batch: int
) -> None:
    endpoint = await new_endpoint(books, book.book_id, events=["customer.created"])  # 1
    await new_customers(books, book.book_id)  # 2: wanted
    for fact in (
        WebhookEndpointDisabled(reason="x"),  # 3, then 4: not wanted
        WebhookEndpointEnabled(),  # 5, then 6: wanted
        WebhookEndpointChanged(events=("invoice.*",)),  # 7, then 8: not wanted
        WebhookEndpointChanged(events=("customer.*",)),  # 9, then 10: wanted
        WebhookEndpointDeleted(),  # 11, then 12: not wanted
    ):
        await tell(books, book.book_id, WEBHOOK_ENDPOINT, endpoint, fact)
        await new_customers(books, book.book_id)
    async with pool.acquire() as connection:
        for after in range(0, 12, batch):
            events = await read_book(connection, book.book_id, after=after, limit=batch)
            await fan_out(connection, book.book_id, events)
    assert await positions(pool, book, endpoint) == [2, 6, 10]
    assert await read_endpoints(pool, book.book_id) == {}


async def test_fanning_out_again_plans_nothing_twice(pool: Pool, books: Books, book: Book) -> None:
    await new_endpoint(books, book.book_id)
    await new_customers(books, book.book_id, 3)
    await catch_up(pool)
    await pool.execute("update store.checkpoints set position = 0")
    await catch_up(pool)
    assert await pool.fetchval("select count(*) from store.deliveries") == 3


async def test_deliveries_endpoints_and_checkpoint_are_one_transaction(
    pool: Pool, books: Books, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = await new_endpoint(books, book.book_id)
    await new_customers(books, book.book_id)

    async def fails(*_arguments: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "advance", fails)
        with pytest.raises(ConnectionError):
            await catch_up(pool)
    assert await positions(pool, book, endpoint) == []
    assert await read_endpoints(pool, book.book_id) == {}
    await catch_up(pool)
    assert await positions(pool, book, endpoint) == [2]
    assert await checkpoints.position(pool, book.book_id, FOLLOWER) == 2


async def leased(pool: Pool, book: Book, endpoint: str) -> int:
    later = datetime.now(UTC) + timedelta(hours=1)
    taken = await leases.lease(pool, book.book_id, [endpoint], now=later, seconds=0)
    return len(taken)


async def test_a_disabled_endpoint_waits_and_goes_on_where_it_stopped(
    pool: Pool, books: Books, book: Book
) -> None:
    endpoint = await new_endpoint(books, book.book_id)
    await new_customers(books, book.book_id)
    await tell(books, book.book_id, WEBHOOK_ENDPOINT, endpoint, WebhookEndpointDisabled(reason="x"))
    await catch_up(pool)
    assert await leased(pool, book, endpoint) == 0
    [waiting] = await list_deliveries(pool, book.book_id, endpoint)
    assert waiting.state == "pending"
    await tell(books, book.book_id, WEBHOOK_ENDPOINT, endpoint, WebhookEndpointEnabled())
    await catch_up(pool)
    assert await leased(pool, book, endpoint) == 1


async def test_what_waits_for_a_deleted_endpoint_is_not_delivered(
    pool: Pool, books: Books, book: Book
) -> None:
    endpoint = await new_endpoint(books, book.book_id)
    await new_customers(books, book.book_id)
    await tell(books, book.book_id, WEBHOOK_ENDPOINT, endpoint, WebhookEndpointDeleted())
    await catch_up(pool)
    [abandoned] = await list_deliveries(pool, book.book_id, endpoint)
    assert (abandoned.state, abandoned.attempts, abandoned.next_at) == ("failed", 0, None)


async def test_books_do_not_see_each_others_endpoints(pool: Pool, books: Books, book: Book) -> None:
    endpoint = await new_endpoint(books, book.book_id)
    await catch_up(pool)
    other = "bok_other"
    await pool.execute("insert into store.books values ($1, 'live', 'Other')", other)
    await tell(books, other, CUSTOMER, "1", CustomerCreated(name="x"))
    assert await catch_up(pool) == {}
    assert await list_deliveries(pool, other, endpoint) == []
