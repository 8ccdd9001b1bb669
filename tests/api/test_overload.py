"""What clients are told while the database is slow or away: 503, when to come back, never 500."""

import asyncio

import httpx
import pytest

import store.writer
from store.books import Book, Books
from store.database import Pool
from tests.store.test_back_pressure import first_batch, stuck


async def test_commands_that_cannot_wait_are_told_when_to_come_back(
    client: httpx.AsyncClient,
    books: Books,
    book: Book,
    pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store.writer, "MAX_WAITING", 2)
    async with stuck(pool):
        first = await first_batch(books, book, pool)
        asked = [asyncio.create_task(client.post("/api/invoices", json={})) for _ in range(10)]
        for count, answer in enumerate(asyncio.as_completed(asked), 1):
            busy = await answer
            assert (busy.status_code, busy.json()["code"]) == (503, "busy")
            assert busy.headers["retry-after"] == "1"
            if count == 8:
                break

    await first
    codes = sorted(answer.status_code for answer in await asyncio.gather(*asked))
    assert codes == [201] * 2 + [503] * 8
    assert await books.head(book.book_id) == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/invoices/inv_1"),
        ("GET", "/api/invoices/inv_1/events"),
        ("GET", "/api/invoices"),
        ("GET", "/api/customers"),
        ("GET", "/api/events"),
        ("POST", "/api/invoices"),
    ],
)
async def test_while_the_database_is_away_every_route_says_so(
    client: httpx.AsyncClient,
    pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
) -> None:
    monkeypatch.setattr(store.writer, "_PATIENCE_SECONDS", 0.1)
    pool.terminate()

    answer = await client.request(method, path, json={} if method == "POST" else None)

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"
