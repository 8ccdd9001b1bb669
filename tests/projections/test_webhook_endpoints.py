from domain.facts.webhook_endpoint import (
    WebhookEndpointChanged,
    WebhookEndpointDeleted,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
)
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from projections import webhook_endpoints
from projections.page import Query, declaration_errors, fetch_page
from projections.webhook_endpoints import LISTING, apply, read_endpoints
from store.books import Book, Books
from store.database import Pool
from store.log import read_book
from store.recorded import Recorded
from tests.workers.webhooks import new_customers, new_endpoint, prepare, tell


async def a_life(books: Books, book_id: str) -> tuple[str, str, str]:
    """A changed endpoint, a disabled one and a deleted one, and an event about none of them."""
    one, two, three = [await new_endpoint(books, book_id) for _ in range(3)]
    changed = WebhookEndpointChanged(events=("invoice.*",), description="Ours.")
    await tell(books, book_id, WEBHOOK_ENDPOINT, one, changed)
    await tell(books, book_id, WEBHOOK_ENDPOINT, two, WebhookEndpointDisabled(reason="Over."))
    await tell(books, book_id, WEBHOOK_ENDPOINT, three, WebhookEndpointDisabled(reason="Over."))
    await tell(books, book_id, WEBHOOK_ENDPOINT, three, WebhookEndpointEnabled())
    await tell(books, book_id, WEBHOOK_ENDPOINT, three, WebhookEndpointDeleted())
    await new_customers(books, book_id)
    return one, two, three


async def log(pool: Pool, book: Book) -> list[Recorded]:
    async with pool.acquire() as connection:
        return await read_book(connection, book.book_id, after=0, limit=100)


async def test_the_read_model_equals_the_fold_of_each_stream(
    pool: Pool, books: Books, book: Book
) -> None:
    await prepare(pool)
    one, two, _ = await a_life(books, book.book_id)
    async with pool.acquire() as connection:
        await apply(connection, book.book_id, await log(pool, book))
    endpoints = await read_endpoints(pool, book.book_id)
    assert list(endpoints) == [one, two]
    for id_, endpoint in endpoints.items():
        folded = await books.get(book.book_id, WEBHOOK_ENDPOINT(id_))
        assert (endpoint.state, endpoint.row_version) == (folded.state, folded.version)
        assert endpoint.created_at < endpoint.changed_at
    assert await read_endpoints(pool, book.book_id, [two, "whe_none"]) == {two: endpoints[two]}
    assert await read_endpoints(pool, "bok_other") == {}


async def test_events_applied_twice_or_one_by_one_come_to_the_same(
    pool: Pool, books: Books, book: Book
) -> None:
    await prepare(pool)
    await a_life(books, book.book_id)
    events = await log(pool, book)
    async with pool.acquire() as connection:
        await apply(connection, book.book_id, events)
        at_once = await read_endpoints(pool, book.book_id)
        for event in events:
            await apply(connection, book.book_id, [event])
        await apply(connection, book.book_id, [])
    assert await read_endpoints(pool, book.book_id) == at_once


async def test_the_list_is_declared_as_its_table_is_and_gives_its_rows(
    pool: Pool, books: Books, book: Book
) -> None:
    await prepare(pool)
    one, two, _ = await a_life(books, book.book_id)
    async with pool.acquire() as connection:
        await apply(connection, book.book_id, await log(pool, book))
        assert await declaration_errors(connection, LISTING) == []
    page = await fetch_page(pool, LISTING, book.book_id, Query(sort=LISTING.order))
    assert [row["id"] for row in page.rows] == [two, one]
    assert page.rows[1]["events"] == ["invoice.*"]
    assert page.rows[0]["disabled_reason"] == "Over."
    assert "webhook_endpoints_v1" in webhook_endpoints.DDL
