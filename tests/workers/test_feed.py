"""What a consumer compares in order to prove that it missed nothing: webhooks and the feed."""

import msgspec

from store.keys import create_key
from tests.api.conftest import serving
from tests.api.streams import streaming
from tests.workers.stage import Stage


class Page(msgspec.Struct, rename="camel"):
    """A page of the feed, with the events as the bytes they are."""

    items: list[msgspec.Raw]
    head: int


async def test_the_feed_and_the_stream_bring_the_very_bytes_that_the_webhooks_brought(
    stage: Stage,
) -> None:
    await stage.endpoint()
    await stage.customers(3)
    await stage.deliver()
    sent = sorted(it.body for it in stage.receiver.requests)
    text, _ = await create_key(stage.pool, stage.book.book_id, name="consumer")
    async with serving(stage.pool, stage.books) as client:
        client.headers["Authorization"] = f"Bearer {text}"
        answer = await client.get("/api/events?type.in=customer.*")
        page = msgspec.json.decode(answer.content, type=Page)
        async with streaming(client, "/api/events?type.in=customer.*") as stream:
            await stream.until(f"id: {page.head}\n")
            await stream.until("\n\n")
    assert len(sent) == 3
    assert sorted(bytes(it) for it in page.items) == sent
    assert sorted(data.encode() for _, data in stream.events if data) == sent
