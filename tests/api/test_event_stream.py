import asyncio

import httpx
import pytest

import api.events
from store.books import Book, Books
from store.database import Pool
from store.keys import create_key, end_key
from store.public import render
from tests.api.streams import streaming
from tests.workers.webhooks import new_customers


async def test_a_stream_brings_what_is_there_and_then_what_happens_in_the_webhooks_bytes(
    client: httpx.AsyncClient, books: Books, book: Book
) -> None:
    await new_customers(books, book.book_id, 3)
    async with streaming(client, "/api/events?after=1") as stream:
        await stream.until("id: 3\n")
        await new_customers(books, book.book_id, 2)
        await stream.until("id: 5\n")
        await stream.until("\n\n")
    events = await books.events(book.book_id, after=1, limit=10)
    assert stream.status == 200
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["cache-control"] == "no-store"
    assert stream.events == [(it.position, render(it).decode()) for it in events]


async def test_a_broken_stream_goes_on_where_it_was(
    client: httpx.AsyncClient, books: Books, book: Book
) -> None:
    await new_customers(books, book.book_id, 5)
    async with streaming(client, "/api/events?after=1", {"Last-Event-ID": "4"}) as stream:
        await stream.until("id: 5\n")
    assert [position for position, _ in stream.events] == [5]


async def test_with_a_filter_what_is_left_out_still_moves_the_place(
    client: httpx.AsyncClient, books: Books, book: Book
) -> None:
    await client.post("/api/customers", json={"name": "One"})
    await new_customers(books, book.book_id, 1)
    path = "/api/events?type.in=customer.code_assigned,invoice.*"
    async with streaming(client, path) as stream:
        await stream.until("id: 3\n\n")
    wanted = [(it, bool(data)) for it, data in stream.events]
    assert wanted[-1] == (3, False)
    assert [it for it, has_data in wanted if has_data] == [
        it.position
        for it in await books.events(book.book_id, after=0, limit=9)
        if it.topic == "customer.code_assigned"
    ]
    page = (await client.get(path)).json()
    assert [it["type"] for it in page["items"]] == ["customer.code_assigned"]
    assert (page["nextAfter"], page["head"]) == (3, 3)


async def test_a_quiet_stream_shows_that_it_is_alive(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.events, "HEARTBEAT_SECONDS", 0.01)
    async with streaming(client, "/api/events") as stream:
        await stream.until(": still here\n\n: still here\n\n")
    assert stream.events == []


async def test_a_stream_is_never_compressed(client: httpx.AsyncClient) -> None:
    async with streaming(client, "/api/events", {"Accept-Encoding": "br, gzip"}) as stream:
        await stream.until("\n\n")
    assert "content-encoding" not in stream.headers


async def test_slow_readers_hold_no_connection_to_the_database(
    client: httpx.AsyncClient, pool: Pool, books: Books, book: Book
) -> None:
    await new_customers(books, book.book_id, 5)
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        done, stalled = asyncio.Event(), asyncio.Semaphore(0)

        async def read_nothing() -> None:
            async with streaming(client, "/api/events", slow=True) as stream:
                await stream.until("id: 1")
                stalled.release()
                await done.wait()

        # Many more than there are connections.
        readers = [tasks.create_task(read_nothing()) for _ in range(5 * pool.get_max_size())]
        for _ in readers:
            await stalled.acquire()
        for _ in range(20):
            assert (await client.get("/api/events?limit=1")).status_code == 200
        done.set()


async def test_streams_end_when_the_server_stops_and_not_only_at_the_next_event(
    client: httpx.AsyncClient, books: Books
) -> None:
    async with streaming(client, "/api/events") as stream:
        await stream.until("\n\n")
        books.end_tails()
        async with asyncio.timeout(60):
            while not stream.ended:
                stream.news.clear()
                await stream.news.wait()
    assert stream.ended


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/events?type.in=no.such", {}),
        ("/api/events?type.in=*", {}),
        ("/api/events?type.in=", {}),
        ("/api/events?after=-1", {}),
        ("/api/events", {"Last-Event-ID": "x"}),
        ("/api/events", {"Last-Event-ID": "9" * 20}),
    ],
)
async def test_what_no_stream_can_begin_with_gets_a_problem(
    client: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    async with streaming(client, path, headers) as stream:
        await stream.until("}")
    assert stream.status == 400
    assert stream.headers["content-type"] == "application/problem+json"


async def test_nobody_streams_the_events_of_another_book(
    client: httpx.AsyncClient, stranger: str, books: Books, book: Book
) -> None:
    await new_customers(books, book.book_id, 2)
    async with streaming(client, "/api/events", {"Authorization": stranger}) as stream:
        await stream.until("\n\n")
        await new_customers(books, book.book_id, 2)
    assert stream.events == []
    async with streaming(client, "/api/events", {"Authorization": "Bearer no"}) as stream:
        await stream.until("}")
    assert stream.status == 401


async def test_a_stream_ends_when_its_key_is_revoked(
    client: httpx.AsyncClient, pool: Pool, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.events, "HEARTBEAT_SECONDS", 0.05)
    text, key = await create_key(pool, book.book_id, name="leaked")
    async with streaming(client, "/api/events", {"Authorization": f"Bearer {text}"}) as stream:
        await stream.until(": still here\n\n")
        await end_key(pool, book.book_id, key.key_id)
        async with asyncio.timeout(60):
            while not stream.ended:
                stream.news.clear()
                await stream.news.wait()
    assert stream.status == 200
