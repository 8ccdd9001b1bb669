import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from store import deliveries, leases
from store.attempt_log import list_attempts
from store.books import Book, Books, create_book
from store.database import Pool
from store.deliveries import Attempt, State
from store.delivery_log import find_delivery, list_deliveries
from store.leases import Health, Lease, Released
from tests.workers.webhooks import new_customers

NOW = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
async def planned(pool: Pool, books: Books, book: Book) -> Book:
    """A book with five events, each for the endpoints whe_1 and whe_2."""
    await new_customers(books, book.book_id, 5)
    await plan(pool, book)
    return book


async def plan(pool: Pool, book: Book) -> None:
    rows = [(f"whe_{e}", position, NOW) for position in range(1, 6) for e in (1, 2)]
    async with pool.acquire() as connection:
        await deliveries.plan(connection, book.book_id, rows)


async def take(pool: Pool, book: Book, *endpoint_ids: str) -> list[Lease]:
    return await leases.lease(pool, book.book_id, endpoint_ids or ["whe_1"], now=NOW, seconds=60)


async def due(
    pool: Pool, book: Book, now: datetime = NOW, limit: int = 100, mode: str = "none"
) -> list[int]:
    found = await deliveries.read_due(pool, book.book_id, [("whe_1", mode)], now=now, limit=limit)
    return [one.position for one in found]


async def give_back(pool: Pool, book: Book, lease: Lease, health: Health = Health()) -> None:  # noqa: B008 - it is immutable
    await leases.release(pool, book.book_id, [Released(lease, health)])


def attempt(
    lease: Lease,
    position: int,
    state: State,
    next_at: datetime | None = None,
    *,
    number: int = 1,
) -> Attempt:
    return Attempt(
        lease=lease,
        position=position,
        number=number,
        at=NOW,
        status=200 if state == "delivered" else 500,
        error=None,
        duration_ms=7,
        peer="203.0.113.9",
        response=b"\xff\x00 answer",
        state=state,
        next_at=next_at,
    )


async def states(pool: Pool, book: Book, endpoint_id: str = "whe_1") -> dict[int, tuple[str, int]]:
    listed = await list_deliveries(pool, book.book_id, endpoint_id)
    return {delivery.position: (delivery.state, delivery.attempts) for delivery in listed}


async def test_planning_twice_plans_once(pool: Pool, planned: Book) -> None:
    await plan(pool, planned)
    assert await states(pool, planned) == dict.fromkeys(range(1, 6), ("pending", 0))


async def test_what_is_due_comes_in_order_with_its_event_and_no_more_than_asked(
    pool: Pool, planned: Book
) -> None:
    assert await due(pool, planned) == [1, 2, 3, 4, 5]
    assert await due(pool, planned, limit=2) == [1, 2]
    assert await due(pool, planned, now=NOW - timedelta(seconds=1)) == []
    modes = [("whe_2", "none"), ("whe_1", "strict")]
    both = await deliveries.read_due(pool, planned.book_id, modes, now=NOW, limit=1)
    assert sorted((one.endpoint_id, one.position) for one in both) == [("whe_1", 1), ("whe_2", 1)]
    events = await deliveries.read_events(pool, planned.book_id, [2, 1])
    assert sorted((it.position, it.topic) for it in events) == [
        (1, "customer.created"),
        (2, "customer.created"),
    ]


async def test_a_sender_whose_clock_is_slow_finds_what_just_happened(
    pool: Pool, book: Book, books: Books
) -> None:
    await new_customers(books, book.book_id)
    just_now = await pool.fetchval("select recorded_at from store.events")
    async with pool.acquire() as connection:
        await deliveries.plan(connection, book.book_id, [("whe_1", 1, just_now)])
    slow = just_now - timedelta(seconds=30)
    assert await found(pool, now=slow) == [(book.book_id, "whe_1")]
    assert await due(pool, book, now=slow) == [1]
    assert await leases.lease(pool, book.book_id, ["whe_1"], now=slow, seconds=60)


async def test_an_endpoint_is_leased_to_one_sender_at_a_time(pool: Pool, planned: Book) -> None:
    taken = await asyncio.gather(*(take(pool, planned, "whe_1", "whe_2") for _ in range(5)))
    assert sorted(lease.endpoint_id for leases in taken for lease in leases) == ["whe_1", "whe_2"]


async def test_an_endpoint_without_work_is_not_leased(pool: Pool, planned: Book) -> None:
    early = NOW - timedelta(seconds=1)
    taken = [
        *await leases.lease(pool, planned.book_id, ["whe_1"], now=early, seconds=60),
        *await leases.lease(pool, planned.book_id, ["whe_unknown"], now=NOW, seconds=60),
        *await leases.lease(pool, "bok_unknown", ["whe_1"], now=NOW, seconds=60),
    ]
    assert taken == []
    assert await pool.fetchval("select count(*) from store.endpoint_leases") == 0


async def test_each_lease_has_a_higher_epoch(pool: Pool, planned: Book) -> None:
    [first] = await take(pool, planned)
    await give_back(pool, planned, first)
    [second] = await take(pool, planned)
    assert second.epoch > first.epoch


async def test_a_lease_that_ran_out_is_taken_over(pool: Pool, planned: Book) -> None:
    [first] = await leases.lease(pool, planned.book_id, ["whe_1"], now=NOW, seconds=0)
    [second] = await take(pool, planned)
    assert second.epoch == first.epoch + 1
    await give_back(pool, planned, first)
    assert await take(pool, planned) == [], "a former holder cannot release its successor's lease"


async def test_attempts_and_outcomes_are_recorded_together(pool: Pool, planned: Book) -> None:
    [lease] = await take(pool, planned)
    later = NOW + timedelta(minutes=5)
    batch = [
        attempt(lease, 1, "delivered"),
        attempt(lease, 2, "failed"),
        attempt(lease, 3, "pending", later),
    ]
    kept = await deliveries.record(pool, planned.book_id, batch)
    assert kept == [True, True, True]
    assert await states(pool, planned) == {
        1: ("delivered", 1),
        2: ("failed", 1),
        3: ("pending", 1),
        4: ("pending", 0),
        5: ("pending", 0),
    }
    assert await due(pool, planned) == [4, 5]
    assert await due(pool, planned, now=later) == [4, 5, 3]
    await deliveries.record(pool, planned.book_id, [attempt(lease, 3, "delivered", number=2)])
    made = await list_attempts(pool, planned.book_id, "whe_1", 3)
    assert [(it.number, it.status, it.duration_ms, it.peer) for it in made] == [
        (1, 500, 7, "203.0.113.9"),
        (2, 200, 7, "203.0.113.9"),
    ]
    assert made[0].response == "\ufffd\x00 answer"


async def test_a_stale_epoch_records_nothing(pool: Pool, planned: Book) -> None:
    [stale] = await leases.lease(pool, planned.book_id, ["whe_1"], now=NOW, seconds=0)
    [valid] = await take(pool, planned)
    mixed = [attempt(stale, 1, "delivered"), attempt(valid, 2, "delivered")]
    assert await deliveries.record(pool, planned.book_id, mixed) == [False, True]
    assert (await states(pool, planned))[1] == ("pending", 0)
    assert await pool.fetchval("select count(*) from store.attempts") == 1


async def test_a_lease_that_ran_out_but_was_not_taken_over_still_records(
    pool: Pool, planned: Book
) -> None:
    [lease] = await leases.lease(pool, planned.book_id, ["whe_1"], now=NOW, seconds=0)
    kept = await deliveries.record(pool, planned.book_id, [attempt(lease, 1, "delivered")])
    assert kept == [True]


async def test_a_paused_endpoint_is_not_leased_until_it_is_resumed(
    pool: Pool, planned: Book
) -> None:
    async with pool.acquire() as connection:
        await deliveries.pause(connection, planned.book_id, "whe_1", seconds=None)
        await deliveries.pause(connection, planned.book_id, "whe_1", seconds=0)
        assert await take(pool, planned, "whe_1", "whe_2") != []
        assert [endpoint for _, endpoint in await found(pool)] == []
        assert await take(pool, planned) == []
        await deliveries.resume(connection, planned.book_id, "whe_1")
    assert len(await take(pool, planned)) == 1


async def test_what_waits_for_a_deleted_endpoint_fails_but_what_was_received_is_delivered(
    pool: Pool, planned: Book
) -> None:
    [lease] = await take(pool, planned)
    async with pool.acquire() as connection:
        await deliveries.abandon(connection, planned.book_id, "whe_1")
    under_way = [attempt(lease, 1, "delivered"), attempt(lease, 2, "pending", NOW)]
    await deliveries.record(pool, planned.book_id, under_way)
    after = await states(pool, planned)
    assert after == {
        1: ("delivered", 1),
        2: ("failed", 1),
        **dict.fromkeys((3, 4, 5), ("failed", 0)),
    }
    assert (await states(pool, planned, "whe_2"))[1] == ("pending", 0)


async def found(pool: Pool, now: datetime = NOW, limit: int = 100) -> list[tuple[str, str]]:
    return await leases.endpoints_due(pool, now=now, limit=limit)


async def test_endpoints_with_work_are_found_in_every_book(pool: Pool, planned: Book) -> None:
    other = await create_book(pool, name="Other", mode="live")
    async with pool.acquire() as connection:
        earlier = NOW - timedelta(minutes=1)
        await deliveries.plan(connection, other.book_id, [("whe_9", 1, earlier)])
    expected = [
        (other.book_id, "whe_9"),
        *sorted([(planned.book_id, "whe_1"), (planned.book_id, "whe_2")]),
    ]
    everything = await found(pool)
    assert everything[0] == expected[0]
    assert sorted(everything) == sorted(expected)
    assert await found(pool, limit=1) == expected[:1]
    assert await found(pool, now=NOW - timedelta(seconds=30)) == expected[:1]


async def test_endpoints_that_are_leased_or_done_are_not_found(pool: Pool, planned: Book) -> None:
    one, two = sorted(await take(pool, planned, "whe_1", "whe_2"))
    assert await found(pool) == []
    done = [attempt(one, position, "delivered") for position in range(1, 6)]
    await deliveries.record(pool, planned.book_id, done)
    await give_back(pool, planned, one)
    await give_back(pool, planned, two)
    assert await found(pool) == [(planned.book_id, "whe_2")]


async def test_deliveries_are_listed_by_endpoint_newest_first_page_by_page(
    pool: Pool, planned: Book
) -> None:
    [lease] = await take(pool, planned)
    await deliveries.record(pool, planned.book_id, [attempt(lease, 2, "failed")])
    page = await list_deliveries(pool, planned.book_id, "whe_1", limit=3)
    assert [it.position for it in page] == [5, 4, 3]
    rest = await list_deliveries(pool, planned.book_id, "whe_1", before=3)
    assert [it.position for it in rest] == [2, 1]
    [failed] = await list_deliveries(pool, planned.book_id, "whe_1", state="failed")
    assert failed == await find_delivery(pool, planned.book_id, "whe_1", 2)
    assert (failed.topic, failed.last_status, failed.last_at) == ("customer.created", 500, NOW)
    assert failed.event_id.startswith("evt_")
    assert await find_delivery(pool, planned.book_id, "whe_1", 99) is None
    assert await list_deliveries(pool, "bok_other", "whe_1") == []
