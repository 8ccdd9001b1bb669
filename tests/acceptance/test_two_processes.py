"""Several API processes on one database share its books without knowing of one another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from store.books import Book
from store.database import Pool
from store.keys import create_key
from tests.acceptance.served import serve

pytestmark = pytest.mark.usefixtures("seller")

LINE = {"description": "Stove", "quantity": "1", "unitPrice": "10", "taxRate": "19"}


@pytest.fixture
async def clients(
    database_url: str, pool: Pool, book: Book, tmp_path: Path
) -> AsyncIterator[list[httpx.AsyncClient]]:
    """One client for each of two API processes on the same database."""
    key, _ = await create_key(pool, book.book_id, name="test")
    with ExitStack() as processes:
        addresses = [
            serve(processes, database_url, tmp_path / f"{number}.log")[0] for number in range(2)
        ]
        opened = [
            httpx.AsyncClient(
                base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60
            )
            for address in addresses
        ]
        yield opened
        for client in opened:
            await client.aclose()


async def test_sixty_four_concurrent_posts_over_two_processes_take_consecutive_numbers(
    clients: list[httpx.AsyncClient],
) -> None:
    await clients[0].post("/api/customers", json={"id": "ACME", "name": "Acme", "country": "DE"})
    body = {"customerId": "ACME", "currency": "EUR", "lines": [LINE]}
    created = await asyncio.gather(
        *(clients[n % 2].post("/api/invoices", json=body) for n in range(64))
    )

    posted = await asyncio.gather(
        *(
            # Each is posted through the process that has not seen it yet.
            clients[(n + 1) % 2].post(
                f"/api/invoices/{answer.json()['id']}/post", headers={"If-Match": '"2"'}
            )
            for n, answer in enumerate(created)
        )
    )

    assert [answer.status_code for answer in posted] == [200] * 64
    assert sorted(int(answer.json()["number"][-6:]) for answer in posted) == list(range(1, 65))


async def test_a_change_through_one_process_is_seen_at_once_through_the_other(
    clients: list[httpx.AsyncClient],
) -> None:
    one, two = clients
    created = (await one.post("/api/invoices", json={"memo": "0"})).json()
    path = f"/api/invoices/{created['id']}"
    for number in range(1, 21):
        changed = await one.patch(
            path, json={"memo": str(number)}, headers={"If-Match": f'"{number}"'}
        )
        seen = await two.get(path)
        assert seen.json() == changed.json()
        one, two = two, one
