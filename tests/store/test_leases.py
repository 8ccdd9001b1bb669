from datetime import UTC, datetime, timedelta

import pytest

from store import deliveries, leases
from store.books import Book, Books
from store.database import Pool
from store.leases import Health, Lease, Released
from tests.workers.webhooks import new_customers

NOW = datetime.now(UTC) + timedelta(hours=1)
ENDPOINTS = ("whe_1", "whe_2", "whe_3")


@pytest.fixture
async def planned(pool: Pool, books: Books, book: Book) -> str:
    """A book with an event that is due at three endpoints."""
    await new_customers(books, book.book_id)
    async with pool.acquire() as connection:
        await deliveries.plan(connection, book.book_id, [(id_, 1, NOW) for id_ in ENDPOINTS])
    return book.book_id


async def take(pool: Pool, book_id: str, seconds: float, now: datetime = NOW) -> list[Lease]:
    taken = await leases.lease(pool, book_id, ENDPOINTS, now=now, seconds=seconds)
    return sorted(taken)


async def test_many_endpoints_are_leased_renewed_and_released_together(
    pool: Pool, planned: str
) -> None:
    held = await take(pool, planned, 0.0)
    assert [lease.endpoint_id for lease in held] == list(ENDPOINTS)
    assert await leases.renew(pool, planned, held, seconds=60) == set(ENDPOINTS)
    assert await take(pool, planned, 60) == [], "a renewed lease lasts"
    await leases.release(pool, planned, [Released(lease, lease.health) for lease in held])
    assert await leases.renew(pool, planned, held, seconds=60) == set(), "it was given back"
    assert len(await take(pool, planned, 60)) == 3
    assert await leases.lost_leases(pool, planned, "whe_1") == []


async def test_a_lease_that_ran_out_in_somebodys_hands_is_noted_once_and_not_renewed(
    pool: Pool, planned: str
) -> None:
    before = await take(pool, planned, 0.0)
    after = await take(pool, planned, 60)
    assert await leases.renew(pool, planned, before, seconds=60) == set()
    [lost] = await leases.lost_leases(pool, planned, "whe_1")
    assert lost.epoch == before[0].epoch == after[0].epoch - 1
    assert lost.leased_at < lost.lost_at


async def test_health_and_pace_go_from_one_holder_to_the_next(pool: Pool, planned: str) -> None:
    health = Health(3, NOW - timedelta(days=1))
    held = await take(pool, planned, 60)
    next_at = NOW + timedelta(seconds=2)
    await leases.release(pool, planned, [Released(it, health, next_at) for it in held])
    again = await take(pool, planned, 60)
    assert {(it.health, it.next_send_at) for it in again} == {(health, next_at)}


async def test_an_open_circuit_grants_no_lease_until_it_half_opens_or_is_reset(
    pool: Pool, planned: str
) -> None:
    held = await take(pool, planned, 60)
    opened = Health(5, NOW, NOW + timedelta(minutes=1))
    await leases.release(pool, planned, [Released(it, opened) for it in held])
    assert await take(pool, planned, 60) == []
    assert await leases.endpoints_due(pool, now=NOW, limit=9) == []
    async with pool.acquire() as connection:
        await deliveries.resume(connection, planned, "whe_1")
    [reset] = await take(pool, planned, 60)
    assert (reset.endpoint_id, reset.health) == ("whe_1", Health())
    later = await take(pool, planned, 60, NOW + timedelta(minutes=1))
    assert [it.endpoint_id for it in later] == ["whe_2", "whe_3"]
    assert later[0].health.failures == 5


async def test_a_lease_that_another_sender_takes_at_this_moment_is_not_waited_for(
    pool: Pool, planned: str
) -> None:
    held = await take(pool, planned, 60)
    await leases.release(pool, planned, [Released(it, it.health) for it in held])
    async with pool.acquire() as other, other.transaction():
        await other.execute(
            "select from store.endpoint_leases where endpoint_id = 'whe_2' for update"
        )
        taken = await take(pool, planned, 60)
    assert [it.endpoint_id for it in taken] == ["whe_1", "whe_3"]
