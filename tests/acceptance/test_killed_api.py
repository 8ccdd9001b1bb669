"""An API process that is killed under load takes no acknowledged command with it, and adds none."""

import asyncio
import itertools
from collections import Counter
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import httpx
import msgspec

from store.books import Book, Books
from store.database import Pool
from store.keys import create_key
from tests.acceptance.served import serve

CLIENTS = 16
KILLS = 3
BETWEEN_KILLS = 60


class Told(msgspec.Struct):
    """What a client asked for, by its key, and the ids of what it was told about."""

    acknowledged: dict[str, str] = {}
    in_doubt: list[str] = []


async def ask(client: httpx.AsyncClient, key: str) -> httpx.Response:
    """Draft an invoice whose memo is the key."""
    headers = {"Idempotency-Key": key}
    return await client.post("/api/invoices", json={"memo": key}, headers=headers)


async def load(client: httpx.AsyncClient, lane: str, told: Told) -> None:
    """Ask for one thing after the other, until the process is gone."""
    for count in itertools.count():
        key = f"{lane}.{count}"
        try:
            answer = await ask(client, key)
        except httpx.TransportError:
            told.in_doubt.append(key)
            return
        assert answer.status_code == 201, answer.text
        told.acknowledged[key] = answer.json()["id"]


async def test_commands_of_killed_processes_have_run_once_or_not_at_all_and_their_keys_tell(
    database_url: str, pool: Pool, book: Book, books: Books, tmp_path: Path
) -> None:
    text, _ = await create_key(pool, book.book_id, name="test")
    told = Told()
    async with AsyncExitStack() as stack:
        processes = stack.enter_context(ExitStack())

        async def client_of(address: str) -> httpx.AsyncClient:
            bearer = {"Authorization": f"Bearer {text}"}
            client = httpx.AsyncClient(base_url=address, headers=bearer, timeout=60)
            return await stack.enter_async_context(client)

        survivor, _ = serve(processes, database_url, tmp_path / "survivor.log")
        steady = await client_of(survivor)
        steadily = asyncio.create_task(load(steady, "steady", told))
        for number in range(KILLS):
            address, process = serve(processes, database_url, tmp_path / f"{number}.log")
            doomed = [
                asyncio.create_task(load(await client_of(address), f"{number}.{lane}", told))
                for lane in range(CLIENTS)
            ]
            enough = len(told.acknowledged) + BETWEEN_KILLS
            async with asyncio.timeout(60):
                while len(told.acknowledged) < enough:
                    await asyncio.wait(doomed, timeout=0.001)
            process.kill()
            await asyncio.gather(*doomed)
        steadily.cancel()
        assert isinstance(
            (await asyncio.gather(steadily, return_exceptions=True))[0], BaseException
        )
        await _check(steady, books, book, told)


async def _check(client: httpx.AsyncClient, books: Books, book: Book, told: Told) -> None:
    written = await _written(books, book)
    assert {key: written[key] for key in told.acknowledged} == told.acknowledged
    assert len(told.in_doubt) >= KILLS * CLIENTS
    for key in told.in_doubt:
        answer = await ask(client, key)
        assert answer.status_code == 201
        replayed = answer.headers.get("Idempotent-Replayed") == "true"
        assert replayed or key not in written
        told.acknowledged[key] = answer.json()["id"]
    after = await _written(books, book)
    assert {key: after[key] for key in told.acknowledged} == told.acknowledged


async def _written(books: Books, book: Book) -> dict[str, str]:
    """The id of each invoice, by its memo; there is one of each."""
    events = await books.events(book.book_id, limit=100_000)
    drafted = [(e.fact.memo, e.aggregate[1]) for e in events if e.topic == "invoice.drafted"]  # type: ignore[attr-defined] # these facts have one
    assert not [memo for memo, count in Counter(memo for memo, _ in drafted).items() if count > 1]
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    return dict(drafted)
