"""How long pages of lists take over a million invoices, by every field that can be filtered.

``python -m benchmarks.lists_at_a_million``. Without DATABASE_URL, a server is brought along.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import uvloop

from benchmarks.million import BOOK, fill
from benchmarks.reports_at_a_million import timed
from benchmarks.testbed import scratch_database, surroundings
from daybook.embedded.stack import stack
from projections import audit_trail, credit_note_list, customer_list, invoice_lines, payment_list
from projections.filters import Condition
from projections.page import Listing, Query, fetch_page, page_sql
from store.database import Pool, open_pool

HOME = Path("build/benchmarks")
LISTINGS = tuple(
    it.LISTING for it in (customer_list, payment_list, credit_note_list, invoice_lines, audit_trail)
)


async def main() -> None:
    """Write the book, then ask for a page by each field of each list."""
    with stack(HOME, mode="dev", environ=os.environ, report=print) as running:  # noqa: TID251 - a program of its own
        async with scratch_database(running.database_url) as url:
            print(await surroundings(url))
            async with open_pool(url, name="daybook benchmark", size=2) as pool:
                async with pool.acquire() as connection:
                    await fill(connection)
                for listing in LISTINGS:
                    await measured(pool, listing)


async def measured(pool: Pool, listing: Listing) -> None:
    """Print a line for each filter and order of a list."""
    for name, query in [item async for item in _queries(pool, listing)]:

        async def page(pool: Pool, query: Query = query) -> object:
            return await fetch_page(pool, listing, BOOK, query)

        whole = await _reads_whole_table(pool, listing, query)
        line = await timed(f"{listing.name}: {name}", pool, page)
        print(line + ("   reads the whole table" if whole else ""), flush=True)


async def _queries(pool: Pool, listing: Listing) -> AsyncIterator[tuple[str, Query]]:
    yield "first page", Query(sort=listing.order)
    for name in listing.sortable:
        for key in (name, f"-{name}"):
            yield f"sort={key}", Query(sort=listing.sort([key]))
    for field in listing.fields.values():
        value = await pool.fetchval(
            f"select {field.column} from {listing.table}"  # noqa: S608 - declared names
            f" where book_id = $1 and {field.column} is not null offset 5000 limit 1",
            BOOK,
        )
        if value is not None:
            where = (Condition(field, "eq", (value,)),)
            yield f"{field.name}.eq", Query(sort=listing.order, where=where)


async def _reads_whole_table(pool: Pool, listing: Listing, query: Query) -> bool:
    statement, values = page_sql(listing, BOOK, query)
    plan = await pool.fetch(f"explain {statement}", *values)
    return any("Seq Scan" in row[0] for row in plan)


if __name__ == "__main__":
    HOME.mkdir(parents=True, exist_ok=True)
    uvloop.run(main())
