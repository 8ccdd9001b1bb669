import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from domain.aggregate import Change, Fact, Read
from domain.customer import CUSTOMER, archive
from domain.facts.customer import CustomerCreated
from domain.facts.invoice import InvoiceDrafted
from domain.facts.lines import ItemLine, Tax
from domain.invoice import INVOICE, delete, draft
from domain.posting import post
from projections.page import declaration_errors
from projections.projection import News
from projections.tables import FOLLOWER, PROJECTIONS, project
from store import checkpoints
from store.books import Book, Books, create_book
from store.cache import Cache
from store.command import Command
from store.database import Connection, Pool
from store.log import read_book
from store.recorded import Metadata, Recorded
from tests.books import customer_changed, edited, set_seller
from workers.follower import Follower

BY = Metadata(actor="key_test")
TODAY = date(2026, 3, 4)
TABLES = ("invoice_list_v2", "customer_list_v2")


async def write_a_book(books: Books, book_id: str) -> None:
    """Two customers, a posted invoice, an edited draft and a deleted one."""
    line = ItemLine(
        id="lin_1",
        description="Stove",
        quantity=Decimal(2),
        unit_price=Decimal("99.95"),
        taxes=(Tax(rate=Decimal(19)),),
    )

    async def change(id_: str, facts: list[Fact]) -> None:
        stream = INVOICE(id_)
        await books.execute(
            book_id,
            Command(aggregate=INVOICE, id=id_, decide=lambda _: [(stream, facts)], metadata=BY),
        )

    async def customer(id_: str, facts: list[Fact]) -> None:
        stream = CUSTOMER(id_)
        await books.execute(
            book_id,
            Command(aggregate=CUSTOMER, id=id_, decide=lambda _: [(stream, facts)], metadata=BY),
        )

    async def posting(id_: str) -> None:
        def decide(read: Read) -> list[Change]:
            return post(read, id_, today=TODAY)

        await books.execute(book_id, Command(aggregate=INVOICE, id=id_, decide=decide, metadata=BY))

    await set_seller(books, book_id)
    await customer("12", [CustomerCreated(name="Ofen Müller", country="DE")])
    await customer("ACME", [CustomerCreated(name="Acme"), customer_changed(city="Bremen")])
    header = InvoiceDrafted(customer_id="12", currency="EUR")
    await change("inv_1", draft(header, (line,)))
    await change("inv_2", draft(InvoiceDrafted(memo="a"), ()))
    two = (await books.get(book_id, INVOICE("inv_2"))).state
    await change("inv_2", [*edited(two, currency="JPY")])
    await change("inv_3", draft(InvoiceDrafted(), ()))
    await posting("inv_1")
    await change("inv_3", delete((await books.get(book_id, INVOICE("inv_3"))).state))
    await customer("ACME", archive((await books.get(book_id, CUSTOMER("ACME"))).state))


async def contents(pool: Pool) -> list[list[tuple[object, ...]]]:
    tables = []
    for table in TABLES:
        rows = await pool.fetch(f"select * from {table} order by book_id, id")  # noqa: S608 - our own table names
        tables.append([tuple(row) for row in rows])
    return tables


async def replay(pool: Pool, events: list[Recorded], size: int) -> None:
    cache = Cache(100)
    for at in range(0, len(events), size):
        batch = events[at : at + size]
        async with pool.acquire() as connection, connection.transaction():
            await project(connection, News(connection, batch[0].book_id, batch, cache))


async def test_the_list_shows_each_invoice_as_its_last_event_left_it(
    books: Books, book: Book, pool: Pool
) -> None:
    await write_a_book(books, book.book_id)

    await replay(pool, await books.events(book.book_id, after=0, limit=100), 100)

    rows = await pool.fetch("select * from invoice_list_v2 order by id")
    assert [(r["id"], r["status"], r["number"], r["gross"], r["row_version"]) for r in rows] == [
        ("inv_1", "Posted", "INV-2026-000001", Decimal("237.88"), 3),
        ("inv_2", "Draft", None, Decimal(0), 2),
    ]
    assert [(r["settlement"], r["balance"]) for r in rows] == [
        ("Unpaid", Decimal("237.88")),
        ("Unpaid", Decimal(0)),
    ]
    customers = await pool.fetch("select * from customer_list_v2 order by id")
    assert [(c["id"], c["name_folded"], c["active"]) for c in customers] == [
        ("12", "ofen müller", True),
        ("ACME", "acme", False),
    ]


async def test_replaying_every_event_again_in_any_batch_size_changes_nothing(
    books: Books, book: Book, pool: Pool
) -> None:
    await write_a_book(books, book.book_id)
    events = await books.events(book.book_id, after=0, limit=100)
    await replay(pool, events, 100)
    expected = await contents(pool)

    for size in (1, 2, 3, 7, 100):
        await replay(pool, events, size)
        assert await contents(pool) == expected

    for table in TABLES:
        await pool.execute(f"delete from {table}")  # noqa: S608 - our own table names
    await replay(pool, events, 1)
    assert await contents(pool) == expected


async def test_a_follower_moves_its_checkpoint_with_the_rows(
    books: Books, book: Book, pool: Pool
) -> None:
    await write_a_book(books, book.book_id)
    cache = Cache(100)

    async def apply(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        await project(connection, News(connection, book_id, events, cache))

    follower = Follower(pool, FOLLOWER, apply)

    assert await follower.catch_up() == await books.head(book.book_id)
    assert await follower.catch_up() == 0
    position = await pool.fetchval("select position from store.checkpoints")
    assert position == await books.head(book.book_id)


async def test_work_that_fails_leaves_the_checkpoint_where_it_was(
    books: Books, book: Book, pool: Pool
) -> None:
    await write_a_book(books, book.book_id)
    seen: list[int] = []

    async def apply(connection: Connection, book_id: str, events: Sequence[Recorded]) -> None:
        await project(connection, News(connection, book_id, events, Cache(10)))
        seen.extend(event.position for event in events)
        if len(seen) == len(events):
            raise RuntimeError

    follower = Follower(pool, FOLLOWER, apply)
    try:
        await follower.catch_up()
    except RuntimeError:
        assert await pool.fetchval("select count(*) from invoice_list_v2") == 0
    await follower.catch_up()

    assert seen == [*range(1, len(seen) // 2 + 1)] * 2
    async with pool.acquire() as connection:
        assert len(await read_book(connection, book.book_id, after=0, limit=99)) == len(seen) // 2


async def test_a_book_that_cannot_be_dealt_with_does_not_hold_up_the_others(
    books: Books, book: Book, pool: Pool
) -> None:
    other = await create_book(pool, name="Other", mode="sandbox")
    for book_id in (book.book_id, other.book_id):
        await write_a_book(books, book_id)
    tried, reached = asyncio.Event(), asyncio.Event()

    async def apply(_connection: Connection, book_id: str, _events: Sequence[Recorded]) -> None:
        if book_id == book.book_id:
            tried.set()
            raise RuntimeError

    def moved(book_id: str) -> None:
        assert book_id == other.book_id
        reached.set()

    following = asyncio.create_task(Follower(pool, FOLLOWER, apply, moved=moved).run())
    async with asyncio.timeout(60):
        await tried.wait()
        await reached.wait()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)

    assert await checkpoints.position(pool, book.book_id, FOLLOWER) == 0
    head = await books.head(other.book_id)
    assert await checkpoints.position(pool, other.book_id, FOLLOWER) == head


async def test_every_list_keeps_what_it_declares(pool: Pool) -> None:
    listings = [it.LISTING for it in PROJECTIONS if hasattr(it, "LISTING")]
    assert len(listings) == 12
    for listing in listings:
        assert await declaration_errors(pool, listing) == [], listing.name
