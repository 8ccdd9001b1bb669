"""Walking a list page by page: every row once, in order, whatever else is written meanwhile."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.filters import Condition, Operator, Value, positive
from projections.page import Listing, Query, SortKey, fetch_page, page_sql
from store.database import Pool
from tests.specimens import (
    DDL,
    FIELDS,
    SPECIMENS,
    conditions,
    expected,
    insert,
    many_specimens,
    sorts,
)

book_ids = (f"book{it}" for it in count())
in_one_database = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
T = SPECIMENS.table


@pytest.fixture
async def specimen_pool(pool: Pool) -> Pool:
    await pool.execute(DDL)
    return pool


@given(
    rows=many_specimens(),
    where=st.lists(conditions(), max_size=1),
    sort=sorts(),
    limit=st.integers(1, 4),
)
@in_one_database
async def test_a_walk_through_all_pages_meets_every_row_once_and_in_order(
    specimen_pool: Pool,
    rows: list[dict[str, Any]],
    where: list[Condition],
    sort: tuple[SortKey, ...],
    limit: int,
) -> None:
    book_id = next(book_ids)
    await insert(specimen_pool, book_id, rows)

    query = Query(where=tuple(where), sort=sort, limit=limit)
    walked = []
    while True:
        page = await fetch_page(specimen_pool, SPECIMENS, book_id, query)
        walked += page.rows
        if page.last is None:
            break
        assert len(page.rows) == limit
        query = msgspec.structs.replace(query, after=page.last)

    assert walked == expected(rows, where, sort)


@given(
    rows=many_specimens(),
    foreign=many_specimens(prefix="foreign", most=8),
    sort=sorts(),
    limit=st.integers(1, 3),
)
@in_one_database
async def test_rows_that_come_go_and_change_elsewhere_do_not_disturb_the_walk(
    specimen_pool: Pool,
    rows: list[dict[str, Any]],
    foreign: list[dict[str, Any]],
    sort: tuple[SortKey, ...],
    limit: int,
) -> None:
    book_id = next(book_ids)
    await insert(specimen_pool, book_id, rows)
    come = iter(foreign)
    here: list[str] = []

    query = Query(sort=sort, limit=limit)
    walked: list[str] = []
    while True:
        page = await fetch_page(specimen_pool, SPECIMENS, book_id, query)
        walked += [it["id"] for it in page.rows]
        if page.last is None:
            break
        # Between two pages: two rows come, the oldest of them goes, and every memo changes.
        arriving = [row for _, row in zip(range(2), come, strict=False)]
        await insert(specimen_pool, book_id, arriving)
        here += [it["id"] for it in arriving]
        if here:
            await specimen_pool.execute(
                f"DELETE FROM {T} WHERE book_id = $1 AND id = $2",  # noqa: S608 - a constant name
                book_id,
                here.pop(0),
            )
        await specimen_pool.execute(
            f"UPDATE {T} SET memo = 'changed' WHERE book_id = $1",  # noqa: S608 - a constant name
            book_id,
        )
        query = msgspec.structs.replace(query, after=page.last)

    assert len(walked) == len(set(walked))
    stayed = [it for it in walked if not it.startswith("foreign")]
    assert stayed == [it["id"] for it in expected(rows, [], sort)]


@pytest.mark.parametrize(
    ("order", "sort"),
    [
        ([], "-total -id"),
        (["number"], "number id"),
        (["-issueDate", "number"], "-issueDate number id"),
        (["number", "-issueDate"], "number -issueDate -id"),
        (["-id", "total"], "-id"),
    ],
)
def test_an_order_is_made_total_by_the_key_in_the_direction_of_the_last_step(
    order: list[str], sort: str
) -> None:
    keys = SPECIMENS.sort(order) if order else SPECIMENS.order
    assert " ".join(it.wire for it in keys) == sort


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"table": "projections.x; --"}, "plain identifier"),
        ({"columns": ["total AS x"]}, "plain identifier"),
        ({"fields": [FIELDS[0], FIELDS[0]]}, "twice"),
        ({"key": "number"}, "its key"),
        ({"key": "absent"}, "its key"),
        ({"order": ["absent"]}, "no field"),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(wrong: dict[str, Any], complaint: str) -> None:
    right: dict[str, Any] = {"table": "projections.x", "columns": ["id"], "fields": FIELDS}
    with pytest.raises(ValueError, match=complaint):
        Listing("wrong", **(right | wrong))


FILL = f"""
INSERT INTO {T} (book_id, id, status, number, issued, total, created)
SELECT 'book' || it % 2, 'id' || lpad(it::text, 6, '0'), 'Posted',
       CASE WHEN it % 10 > 0 THEN 'INV-' || lpad(it::text, 6, '0') END,
       CASE WHEN it % 10 > 0 THEN date '2026-01-01' + it / 100 END, it % 1000, now()
FROM generate_series(1, 20000) AS it
"""  # noqa: S608 - a constant name


@pytest.mark.parametrize(
    "order",
    [["number"], ["-number"], ["-total"], ["issueDate"], ["-issueDate", "id"], ["id"]],
    ids="".join,
)
async def test_a_page_deep_in_a_list_reads_only_its_own_rows(
    specimen_pool: Pool, order: list[str]
) -> None:
    await specimen_pool.execute(FILL)
    await specimen_pool.execute(f"ANALYZE {T}")
    query = Query(sort=SPECIMENS.sort(order), limit=50)
    halfway = await specimen_pool.fetchrow(
        *with_offset(page_sql(SPECIMENS, "book1", query), rows=5000)
    )
    assert halfway is not None
    place = tuple(halfway[f"@{it}"] for it in range(len(query.sort)))

    deep = msgspec.structs.replace(query, after=place)
    assert await rows_read(specimen_pool, deep) <= 4 * deep.limit


async def test_a_prefix_and_a_range_are_read_from_the_index(specimen_pool: Pool) -> None:
    await specimen_pool.execute(FILL)
    await specimen_pool.execute(f"ANALYZE {T}")
    number = SPECIMENS.fields["number"]
    for where in (
        Condition(number, "startswith", ("INV-0123",)),
        Condition(number, "like", ("INV-0123*",)),
        Condition(number, "between", ("INV-012300", "INV-012399")),
    ):
        query = Query(sort=SPECIMENS.sort(["number"]), where=(where,), limit=200)
        assert await rows_read(specimen_pool, query) <= 100


@pytest.mark.parametrize("ascending", [True, False])
async def test_several_values_are_read_each_from_where_it_stands(
    specimen_pool: Pool, *, ascending: bool
) -> None:
    await specimen_pool.execute(FILL)
    await specimen_pool.execute(f"ANALYZE {T}")
    total = SPECIMENS.fields["total"]
    values = (Decimal(1), Decimal("1.00"), Decimal(501), Decimal(901))
    where = Condition(total, "in", values)
    sort = SPECIMENS.sort(["id" if ascending else "-id"])

    query = Query(sort=sort, where=(where,), limit=10)
    page = await fetch_page(specimen_pool, SPECIMENS, "book1", query)

    ids = [it["id"] for it in page.rows]
    assert ids == sorted(set(ids), reverse=not ascending)
    assert {it["total"] for it in page.rows} == {1, 501, 901}
    assert await rows_read(specimen_pool, query) <= 3 * 20, "20 rows of the book have each value"


def test_what_is_excluded_from_few_words_is_asked_for_by_the_others() -> None:
    status = SPECIMENS.fields["status"]

    assert positive(Condition(status, "ne", ("Draft",))).values == ("Posted", "Released")
    assert positive(Condition(status, "nin", status.values)).values == ()
    paid = Condition(status, "ne", ("Paid",))
    assert positive(paid) is paid, "it says nothing of the other words' column"


@pytest.mark.parametrize(
    ("conditions_", "sort"),
    [
        ([], "-total -id"),
        ([("number", "eq", "INV-1")], "-total -id"),
        ([("number", "startswith", "INV")], "-number -total -id"),
        ([("number", "like", "INV*1")], "-number -total -id"),
        ([("number", "like", "*1")], "-total -id"),
        ([("number", "contains", "1")], "-total -id"),
        ([("lines", "eq", 1), ("issueDate", "gte", date(2026, 1, 1))], "-issueDate -total -id"),
        ([("issueDate", "gte", date(2026, 1, 1)), ("total", "gt", Decimal(1))], "-total -id"),
    ],
)
def test_without_an_order_a_list_has_that_of_the_range_which_is_asked_for(
    conditions_: list[tuple[str, Operator, Value]], sort: str
) -> None:
    where = [Condition(SPECIMENS.fields[name], how, (value,)) for name, how, value in conditions_]

    assert " ".join(it.wire for it in SPECIMENS.order_for(where)) == sort


def with_offset(statement: tuple[str, list[object]], *, rows: int) -> tuple[Any, ...]:
    sql, values = statement
    return (f"{sql} OFFSET {rows}", *values)


async def rows_read(pool: Pool, query: Query) -> int:
    """How many rows the scans of the plan touched, given away or not."""
    sql, values = page_sql(SPECIMENS, "book1", query)
    plan = await pool.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *values)
    nodes = [msgspec.json.decode(plan)[0]["Plan"]]
    read = 0
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if "Plans" not in node:
            read += node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return read
