import httpx
import msgspec

from store.books import Book, Books
from store.public import render


async def test_the_feed_lists_every_event_once_in_order_in_the_webhooks_form(
    client: httpx.AsyncClient, books: Books, book: Book
) -> None:
    for number in range(5):
        await client.post("/api/customers", json={"name": f"Customer {number}"})

    seen, after = [], 0
    while True:
        page = (await client.get(f"/api/events?after={after}&limit=3")).json()
        if not page["items"]:
            break
        seen += page["items"]
        after = page["nextAfter"]

    assert [event["position"] for event in seen] == list(range(1, 11))
    assert page["head"] == after == 10
    bodies = [render(event) for event in await books.events(book.book_id, after=0, limit=50)]
    assert seen == [msgspec.json.decode(body) for body in bodies]


async def test_the_feed_of_another_book_is_empty(client: httpx.AsyncClient, stranger: str) -> None:
    await client.post("/api/customers", json={"name": "Mine"})
    page = (await client.get("/api/events", headers={"Authorization": stranger})).json()
    assert page == {"items": [], "nextAfter": 0, "head": 0}


async def test_a_position_that_is_none_is_refused(client: httpx.AsyncClient) -> None:
    for after in ("-1", "x", "9" * 30):
        answer = await client.get(f"/api/events?after={after}")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter")
