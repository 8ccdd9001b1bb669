"""Read models are provably equal to their rebuild, row for row."""

from collections.abc import AsyncIterator

import pytest

from projections.building import CONNECTIONS
from projections.tables import PROJECTIONS
from projections.verify import SCRATCH, verify
from store.books import Book, Books, create_book
from store.database import Pool, open_pool
from tests.projections.test_rebuild import TABLES, follower_of, silent, write_customers

_ADDITION = """
create temporary table again as select * from customer_list_v2 where id = '3';
update again set id = 'x3';
insert into customer_list_v2 select * from again
"""


@pytest.fixture
async def scratch(database_url: str) -> AsyncIterator[Pool]:
    async with open_pool(
        database_url, name="verify", size=CONNECTIONS, schema=SCRATCH, patient=True
    ) as pool:
        yield pool


async def test_verification_finds_every_row_equal_and_leaves_nothing_behind(
    books: Books, book: Book, pool: Pool, scratch: Pool
) -> None:
    other = await create_book(pool, name="Other", mode="sandbox")
    await write_customers(books, book.book_id, 20)
    await write_customers(books, other.book_id, 5)
    await follower_of(pool).catch_up()
    await write_customers(books, book.book_id, 7, start=20)  # not followed yet

    compared, difference = await verify(scratch, PROJECTIONS, silent)

    assert difference is None
    rows = {it.table: it.rows for it in compared}
    assert rows["customer_list_v2"] == 25
    assert set(rows) == set(TABLES)
    assert await pool.fetchval("select count(*) from pg_namespace where nspname = $1", SCRATCH) == 0


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("update customer_list_v2 set city = 'Nowhere' where id = '3'", "has a row"),
        ("delete from customer_list_v2 where id = '3'", "lacks a row"),
        (_ADDITION, "has a row"),
    ],
)
async def test_verification_names_the_first_difference(
    damage: str, told: str, books: Books, book: Book, pool: Pool, scratch: Pool
) -> None:
    await write_customers(books, book.book_id, 5)
    await follower_of(pool).catch_up()
    await pool.execute(damage)
    _, difference = await verify(scratch, PROJECTIONS, silent)
    assert difference is not None
    assert difference.table == "customer_list_v2"
    assert told in difference.sentence
    assert "Customer 3" in difference.row
