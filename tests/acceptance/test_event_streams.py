"""A stream of a real server, which is told to stop."""

import asyncio
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import httpx

from store.books import Book
from store.database import Pool
from store.keys import create_key
from tests.acceptance.served import serve


async def test_streams_end_when_the_server_is_told_to_stop_and_hold_up_nothing(
    database_url: str, pool: Pool, book: Book, tmp_path: Path
) -> None:
    key, _ = await create_key(pool, book.book_id, name="test")
    headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
    with ExitStack() as processes:
        address, process = await asyncio.to_thread(
            serve, processes, database_url, tmp_path / "serve.log"
        )
        async with (
            httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as client,
            client.stream("GET", "/api/events") as answer,
        ):
            lines = answer.aiter_lines()
            assert await anext(lines) == ": events after 0"
            await client.post("/api/customers", json={"name": "One"}, headers={"Accept": "*/*"})
            while (await anext(lines)) != "id: 1":
                pass
            process.send_signal(signal.SIGTERM)
            told = time.monotonic()
            rest = [line async for line in lines]
            assert any(line.startswith('data: {"id":"evt_') for line in rest)
        status = await asyncio.to_thread(process.wait, 10)
        assert status in {0, -signal.SIGTERM}
        # The server's own patience with answers that do not end is five seconds.
        assert time.monotonic() - told < 4
