"""A worker that is killed while it carries out a replay, and the one that goes on."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from store.books import Book, Books
from store.database import Pool
from store.keys import create_key
from tests.acceptance.program import free_port
from tests.acceptance.served import start_part
from tests.workers.receiver import receiving
from tests.workers.webhooks import new_customers, until

EVENTS = 3_000


@pytest.fixture
async def client(pool: Pool, book: Book) -> AsyncIterator[httpx.AsyncClient]:
    key, _ = await create_key(pool, book.book_id, name="test")
    address = f"http://127.0.0.1:{free_port()}"
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as client:
        yield client


async def test_a_killed_worker_leaves_a_replay_to_the_next_one(
    *,
    client: httpx.AsyncClient,
    books: Books,
    book: Book,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
) -> None:
    environ = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DAYBOOK_PORT": str(client.base_url.port),
        "DAYBOOK_SECRET_KEYS": Fernet.generate_key().decode(),
        "DAYBOOK_ALLOW_LOOPBACK_WEBHOOKS": "yes",
    }

    async def ready() -> bool:
        try:
            return (await client.get("/readyz")).is_success
        except httpx.TransportError:
            return False

    await asyncio.gather(*(new_customers(books, book.book_id, EVENTS // 30) for _ in range(30)))
    with ExitStack() as processes:
        for part in ("serve", "follow"):
            start_part(processes, part, environ, tmp_path / f"{part}.log")
        await until(ready, seconds=120)
        async with receiving() as receiver:
            body = {"url": receiver.url, "events": ["*"]}
            created = await client.post("/api/webhook-endpoints", json=body)
            path = f"/api/webhook-endpoints/{created.json()['id']}/replays"
            asked = {"select": {"kind": "never-attempted"}}
            replay = (await client.post(path, json=asked)).json()["id"]

            async def shown() -> dict[str, Any]:
                answer: dict[str, Any] = (await client.get(f"{path}/{replay}")).json()
                return answer

            worker = start_part(processes, "work", environ, tmp_path / "killed.log")

            async def begun() -> bool:
                return len(receiver.requests) >= EVENTS // 10

            await until(begun, seconds=120)
            worker.kill()
            await asyncio.to_thread(worker.wait)
            assert len(set(receiver.ids)) < EVENTS
            start_part(processes, "work", environ, tmp_path / "work.log")

            async def done() -> bool:
                return bool((await shown())["state"] == "done")

            # What was leased by the one that was killed is free again after half a minute.
            await until(done, seconds=120)
            replayed = await shown()
    assert (replayed["total"], replayed["done"], replayed["failed"]) == (EVENTS, EVENTS, 0)
    assert len(set(receiver.ids)) == EVENTS
    bodies = {(it.headers["webhook-id"], it.body) for it in receiver.requests}
    assert len(bodies) == EVENTS
