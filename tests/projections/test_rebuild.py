"""Read models are built anew beside the live ones, and swapped in unnoticed."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from domain.aggregate import Fact
from domain.customer import CUSTOMER
from domain.facts.customer import CustomerArchived, CustomerCreated
from projections import customer_list, invoice_list
from projections.building import CONNECTIONS, Building
from projections.progress import caught_up
from projections.projection import News
from projections.rebuild import BESIDE, AlreadyRunning, drop_leftovers, rebuild
from projections.tables import (
    FOLLOWER,
    PROJECTIONS,
    built,
    fingerprint,
    prepare_tables,
    project,
    stale,
    tables_of,
)
from store.books import Book, Books
from store.cache import Cache
from store.command import Command
from store.database import Connection, Pool, open_pool
from store.recorded import Metadata, Recorded
from tests.workers.webhooks import until
from workers.follower import Follower

BY = Metadata(actor="key_test")
TABLES = [table for projection in PROJECTIONS for table in tables_of(projection)]


def silent(_done: int, _of: int) -> None:
    pass


async def write(books: Books, book_id: str, code: str, *facts: Fact) -> None:
    stream = CUSTOMER(code)
    command = Command(
        aggregate=CUSTOMER, id=code, decide=lambda _read: [(stream, facts)], metadata=BY
    )
    await books.execute(book_id, command)


async def write_customers(books: Books, book_id: str, count: int, *, start: int = 0) -> None:
    await asyncio.gather(
        *(
            write(books, book_id, str(number), CustomerCreated(name=f"Customer {number}"))
            for number in range(start, start + count)
        )
    )


def follower_of(pool: Pool) -> Follower:
    cache = Cache(1000)

    async def apply(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        await project(connection, News(connection, book_id, events, cache))

    return Follower(pool, FOLLOWER, apply)


async def contents(pool: Pool) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: [tuple(row) for row in await pool.fetch(f"select * from {table} it order by it")]  # noqa: S608 - our own table names
        for table in TABLES
    }


@pytest.fixture
async def beside(database_url: str) -> AsyncIterator[Pool]:
    async with open_pool(
        database_url, name="rebuild", size=CONNECTIONS, schema=BESIDE, patient=True
    ) as pool:
        yield pool


# ---------------------------------------------------------------- rebuilding


async def test_a_rebuild_puts_right_whatever_was_wrong(
    books: Books, book: Book, pool: Pool, beside: Pool
) -> None:
    await write_customers(books, book.book_id, 30)
    await follower_of(pool).catch_up()
    before = await contents(pool)
    await pool.execute("delete from customer_list_v2 where id < '15'")
    await pool.execute("update customer_list_v2 set name = 'wrong'")

    assert await rebuild(beside, PROJECTIONS, silent) is False

    assert await contents(pool) == before
    assert await pool.fetchval("select count(*) from pg_namespace where nspname = $1", BESIDE) == 0
    left = await pool.fetch("select follower from store.checkpoints")
    assert [row["follower"] for row in left] == [FOLLOWER]


async def test_the_follower_goes_on_where_it_was_after_a_rebuild(
    books: Books, book: Book, pool: Pool, beside: Pool
) -> None:
    await write_customers(books, book.book_id, 5)
    follower = follower_of(pool)
    await follower.catch_up()
    # Not followed yet when the rebuild reads it: what is new is taken in twice, to no harm.
    await write_customers(books, book.book_id, 5, start=5)
    await rebuild(beside, PROJECTIONS, silent)
    await write(books, book.book_id, "7", CustomerArchived())
    await follower.catch_up()

    rows = await pool.fetch("select id, active from customer_list_v2 order by id")
    assert [tuple(row) for row in rows] == [(str(n), n != 7) for n in range(10)]


async def test_one_read_model_is_rebuilt_and_the_others_stay(
    books: Books, book: Book, pool: Pool, beside: Pool
) -> None:
    await write_customers(books, book.book_id, 3)
    await follower_of(pool).catch_up()
    kept, replaced = tables_of(invoice_list)[0], tables_of(customer_list)[0]
    oids = "select $1::text::regclass::oid::int, $2::text::regclass::oid::int"
    before = await pool.fetchrow(oids, kept, replaced)
    await rebuild(beside, [customer_list], silent)
    after = await pool.fetchrow(oids, kept, replaced)
    assert before is not None
    assert after is not None
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)


async def test_readers_see_a_full_table_at_every_moment_of_a_rebuild(
    books: Books, book: Book, pool: Pool, beside: Pool
) -> None:
    await write_customers(books, book.book_id, 50)
    await follower_of(pool).catch_up()
    rebuilt = asyncio.Event()
    counts: set[int] = set()

    async def read() -> None:
        while not rebuilt.is_set():
            counts.add(await pool.fetchval("select count(*) from customer_list_v2"))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(read())
        for _ in range(5):
            await rebuild(beside, PROJECTIONS, silent)
        rebuilt.set()
    assert counts == {50}


async def test_a_swap_steps_back_for_whoever_holds_one_table_and_needs_another(
    books: Books, book: Book, pool: Pool, beside: Pool
) -> None:
    await write_customers(books, book.book_id, 3)
    await follower_of(pool).catch_up()
    waiting = (
        "select count(*) from pg_locks l join pg_stat_activity a using (pid)"
        " where a.application_name = 'rebuild' and not l.granted"
    )
    async with pool.acquire() as reader, reader.transaction():
        # The last table that the swap locks, and then the first one.
        await reader.fetchval(f"select count(*) from {TABLES[-1]}")  # noqa: S608 - a name of ours
        rebuilding = asyncio.create_task(rebuild(beside, PROJECTIONS, silent))

        async def stuck() -> bool:
            return bool(await pool.fetchval(waiting))

        await until(stuck, 120)
        assert await reader.fetchval(f"select count(*) from {TABLES[0]}") == 0  # noqa: S608 - a name of ours
        assert not rebuilding.done()
    assert await rebuilding is False
    assert await pool.fetchval("select count(*) from customer_list_v2") == 3


async def test_a_rebuild_under_writing_loses_nothing(
    books: Books, book: Book, pool: Pool, beside: Pool
) -> None:
    await write_customers(books, book.book_id, 50)
    following = asyncio.create_task(follower_of(pool).run())
    writing = asyncio.create_task(write_customers(books, book.book_id, 200, start=50))
    await rebuild(beside, PROJECTIONS, silent)
    await writing
    head = await books.head(book.book_id)
    await caught_up(pool, book.book_id, FOLLOWER, head, within_seconds=60)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert await pool.fetchval("select count(*) from customer_list_v2") == 250


async def test_a_rebuild_that_was_stopped_goes_on_where_it_stood(
    books: Books, book: Book, pool: Pool, beside: Pool
) -> None:
    await write_customers(books, book.book_id, 10)
    async with beside.acquire() as connection:
        building = Building(beside, connection, BESIDE, PROJECTIONS)
        await building.prepare()
        await building.catch_up(silent)
    await write_customers(books, book.book_id, 10, start=10)
    seen: list[int] = []

    resumed = await rebuild(beside, PROJECTIONS, lambda done, _of: seen.append(done))

    assert resumed is True
    assert seen[0] == 20
    assert await pool.fetchval("select count(*) from customer_list_v2") == 20


async def test_a_build_of_other_tables_is_thrown_away(
    books: Books, book: Book, pool: Pool, beside: Pool
) -> None:
    await write_customers(books, book.book_id, 3)
    async with beside.acquire() as connection:
        building = Building(beside, connection, BESIDE, [invoice_list])
        await building.prepare()
        await building.catch_up(silent)
    assert await rebuild(beside, [customer_list], silent) is False
    assert await pool.fetchval("select count(*) from customer_list_v2") == 3


async def test_two_rebuilds_at_once_are_refused(
    book: Book, database_url: str, beside: Pool
) -> None:
    assert book.head == 0
    async with open_pool(database_url, name="other", size=1, schema=BESIDE) as other:
        lock = "select pg_try_advisory_lock(7225914430062015489)"
        assert await other.fetchval(lock)
        with pytest.raises(AlreadyRunning, match="Another rebuild"):
            await rebuild(beside, PROJECTIONS, silent)


# ---------------------------------------------------------------- new definitions


async def test_a_new_definition_of_a_table_is_built_from_the_log_before_it_is_used(
    books: Books, book: Book, pool: Pool, beside: Pool
) -> None:
    await write_customers(books, book.book_id, 4)
    async with pool.acquire() as connection:
        assert await prepare_tables(connection) == []
        await connection.execute("update store.read_models set fingerprint = 'older'")
        await connection.execute("drop table customer_list_v2")
        outdated = await prepare_tables(connection)
        assert outdated == list(PROJECTIONS)
    await rebuild(beside, outdated, silent)
    async with pool.acquire() as connection:
        assert await stale(connection) == []
    assert await pool.fetchval("select count(*) from customer_list_v2") == 4


async def test_in_an_empty_store_there_is_nothing_to_build(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("delete from store.read_models")
        assert await prepare_tables(connection) == []
        assert await stale(connection) == []
        await built(connection, customer_list)
    known = "select fingerprint from store.read_models where name = 'customers'"
    assert await pool.fetchval(known) == fingerprint(customer_list)


async def test_tables_of_versions_that_nobody_knows_are_dropped(pool: Pool) -> None:
    await pool.execute("create table customer_list_v0 (book_id text)")
    async with pool.acquire() as connection:
        assert await drop_leftovers(connection) == ["customer_list_v0"]
        assert await drop_leftovers(connection) == []
