"""Whatever may be filtered or sorted by, in a list that can be long, is found by an index."""

from datetime import date

import pytest

from projections import (
    audit_trail,
    credit_note_list,
    customer_list,
    invoice_lines,
    invoice_list,
    payment_list,
    product_list,
    receivable_reports,
    serial_list,
)
from projections.ledger import bounds
from projections.moment import LATEST, Span
from projections.page import Listing
from projections.receivable_reports import _AGEING
from projections.sales_report import _SALES
from projections.tax_report import _TAXES
from store.database import Pool

LONG = [
    it.LISTING
    for it in (
        *(audit_trail, credit_note_list, customer_list, invoice_lines, invoice_list),
        *(payment_list, product_list, serial_list),
    )
]

_INDEXES = """
select array_agg(a.attname order by place.n)
  from pg_index i, unnest(i.indkey) with ordinality place (attnum, n), pg_attribute a
 where i.indrelid = $1::text::regclass and a.attrelid = i.indrelid and a.attnum = place.attnum
   and i.indpred is null
 group by i.indexrelid
"""

_UNORDERED = """
select attname from pg_attribute
 where attrelid = $1::text::regclass and atttypid = 'text'::regtype and attnum > 0
   and attcollation <> '"C"'::regcollation
"""


@pytest.mark.parametrize("listing", LONG, ids=lambda it: it.name)
async def test_every_filter_of_a_long_list_has_an_index(pool: Pool, listing: Listing) -> None:
    indexes = [tuple(row[0]) for row in await pool.fetch(_INDEXES, listing.table)]

    assert all(index[0] == "book_id" for index in indexes)
    led = {index[1] for index in indexes if len(index) > 1}
    columns = {
        column
        for field in listing.fields.values()
        for column in (field.column, *field.elsewhere.values())
    }
    assert columns - led == set()


@pytest.mark.parametrize("listing", LONG, ids=lambda it: it.name)
async def test_texts_that_have_an_order_are_stored_in_it(pool: Pool, listing: Listing) -> None:
    """An index in another order would serve neither ranges nor sorting."""
    rows = await pool.fetch(_UNORDERED, listing.table)

    ordered = {it.column for it in listing.fields.values() if "gte" in it.operators}
    assert ordered & {row["attname"] for row in rows} == set()


async def test_no_report_reads_a_whole_table(pool: Pool) -> None:
    """With few rows the planner would read them all: it is told not to where it has a choice."""
    day = date(2026, 3, 31)
    span = Span(first=date(2025, 12, 5), last=day, known=300_000)
    around = receivable_reports._numbers_around
    nodes = (*around(day.toordinal(), 23), *around(500, 54))
    reports: list[tuple[str, tuple[object, ...]]] = [
        (_AGEING, ("bok", day, LATEST, *nodes, None, "", "", 200)),
        (_TAXES, bounds("bok", span)),
        *((sql, (*bounds("bok", span), 200, 0)) for sql in _SALES.values()),
    ]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_seqscan = off")
        for sql, values in reports:
            plan = "\n".join(row[0] for row in await connection.fetch(f"explain {sql}", *values))
            assert "Seq Scan" not in plan
            scans = [line for line in plan.splitlines() if "Index Cond" in line]
            assert scans
            assert all("book_id" in line for line in scans)
