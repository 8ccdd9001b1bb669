"""What conditions mean: PostgreSQL and a plain Python oracle agree about every answer."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from projections.filters import (
    OPERATORS,
    Binds,
    Condition,
    Field,
    Kind,
    Operator,
    Value,
    after_prefix,
    folded,
    where_sql,
)
from projections.page import MAX_LIMIT, Listing, Query, SortKey, declaration_errors, fetch_page
from projections.tables import PROJECTIONS
from store.database import Pool
from tests.specimens import (
    COLUMNS,
    DDL,
    FIELDS,
    SPECIMENS,
    TEXTS,
    conditions,
    expected,
    insert,
    many_specimens,
    sorts,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
book_ids = (f"book{it}" for it in count())
in_one_database = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
async def specimen_pool(pool: Pool) -> Pool:
    await pool.execute(DDL)
    return pool


@given(
    rows=many_specimens(),
    others=many_specimens(most=3),
    where=st.lists(conditions(), max_size=3),
    sort=sorts(),
)
@in_one_database
async def test_the_database_answers_what_the_oracle_answers(
    specimen_pool: Pool,
    rows: list[dict[str, Any]],
    others: list[dict[str, Any]],
    where: list[Condition],
    sort: tuple[SortKey, ...],
) -> None:
    book_id = next(book_ids)
    await insert(specimen_pool, book_id, rows)
    await insert(specimen_pool, next(book_ids), others)

    query = Query(where=tuple(where), sort=sort, limit=MAX_LIMIT)
    page = await fetch_page(specimen_pool, SPECIMENS, book_id, query)

    assert page.rows == expected(rows, where, sort)
    assert page.last is None


def test_the_book_is_the_first_condition_and_every_value_is_a_parameter() -> None:
    bind = Binds()
    where = [
        Condition(FIELDS[1], "in", ("Posted", "Paid")),
        Condition(FIELDS[6], "gte", (Decimal(100),)),
        Condition(FIELDS[2], "contains", ("50%_\\'; DROP TABLE x",)),
    ]

    assert where_sql("book1", where, bind) == (
        "book_id = $1::text"
        " AND (status = $2::text OR settlement = $3::text)"
        " AND total >= $4::numeric"
        ' AND number COLLATE "C" LIKE $5::text'
    )
    assert bind.values == [
        "book1", "Posted", "Paid", Decimal(100), "%50\\%\\_\\\\'; DROP TABLE x%",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("operator", "values", "found"),
    [
        ("like", ("100%",), ["100%"]),
        ("like", ("100*",), ["100%", "1000", "100_"]),
        ("like", ("*0_",), ["100_"]),
        ("like", ("a*c\\*e",), ["abc\\de"]),
        ("like", ("*",), ["", "100%", "1000", "100_", "abc\\de"]),
        ("contains", ("*",), []),
        ("contains", ("%",), ["100%"]),
        ("startswith", ("100_",), ["100_"]),
        ("eq", ("",), [""]),
        ("ne", ("",), ["100%", "1000", "100_", "abc\\de", None]),
        ("nin", ("", "1000"), ["100%", "100_", "abc\\de", None]),
        ("isnull", (True,), [None]),
    ],
)
async def test_only_the_asterisk_is_a_wildcard_and_only_in_like(
    specimen_pool: Pool, operator: Operator, values: tuple[Value, ...], found: list[str | None]
) -> None:
    numbers = ["100%", "1000", "100_", "abc\\de", "", None]
    empty = dict.fromkeys(COLUMNS) | {"status": "Draft", "total": 1, "created": NOW}
    rows = [empty | {"id": str(at), "number": it} for at, it in enumerate(numbers)]
    await insert(specimen_pool, "book", rows)

    where = Condition(SPECIMENS.fields["number"], operator, values)
    query = Query(where=(where,), sort=SPECIMENS.sort(["number"]))
    page = await fetch_page(specimen_pool, SPECIMENS, "book", query)

    assert [it["number"] for it in page.rows] == found


@pytest.mark.parametrize(
    ("operator", "values"),
    [
        ("eq", ("MÜLLER Straße",)),
        ("in", ("x", "müller STRASSE")),
        ("between", ("MÜLLER", "MÜLLER Z")),
        ("startswith", ("mÜl",)),
        ("contains", ("STRAẞE",)),
        ("like", ("M*SSE",)),
    ],
)
async def test_a_folded_field_ignores_case_on_both_sides(
    specimen_pool: Pool, operator: Operator, values: tuple[Value, ...]
) -> None:
    name = "Müller Strasse"
    row = dict.fromkeys(COLUMNS) | {"id": "1", "status": "Draft", "total": 1, "created": NOW}
    await insert(specimen_pool, "book", [row | {"customer_folded": folded(name)}])

    where = Condition(SPECIMENS.fields["customerName"], operator, values)
    query = Query(where=(where,), sort=SPECIMENS.order)
    assert len((await fetch_page(specimen_pool, SPECIMENS, "book", query)).rows) == 1


@given(prefix=TEXTS, text=TEXTS)
@example(prefix="a\ud7ff", text="a\ue000")
def test_a_prefix_is_the_range_up_to_the_text_after_it(prefix: str, text: str) -> None:
    end = after_prefix(prefix)
    assert end is None or end.encode()  # Surrogates, which PostgreSQL does not store, cannot be.
    assert text.startswith(prefix) == (prefix <= text and (end is None or text < end))


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded("STRASSE Ⅳ") == folded("straße ⅳ")


@pytest.mark.parametrize("kind", OPERATORS)
def test_a_column_that_is_never_null_offers_no_isnull(kind: Kind) -> None:
    words = ("a",) if kind == "enum" else ()
    assert "isnull" in Field(name="f", column="f", kind=kind, values=words).operators
    required = Field(name="f", column="f", kind=kind, values=words, nullable=False)
    assert required.operators == OPERATORS[kind][:-1]


@pytest.mark.parametrize(
    ("declaration", "complaint"),
    [
        ({"kind": "text", "column": "a; --"}, "plain column name"),
        ({"kind": "enum", "values": ("a",), "elsewhere": {"b": "B"}}, "plain column name"),
        ({"kind": "boolean", "operators": ("gt",)}, "no operator"),
        ({"kind": "text", "operators": ("isnull",), "nullable": False}, "no operator"),
        ({"kind": "enum"}, "lists its values"),
        ({"kind": "text", "values": ("a",)}, "lists its values"),
        ({"kind": "date", "fold": True}, "only text"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(
    declaration: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        Field(**({"name": "f", "column": "f"} | declaration))


async def test_a_list_is_held_to_its_table(specimen_pool: Pool) -> None:
    assert await declaration_errors(specimen_pool, SPECIMENS) == []

    wrong = Listing(
        "wrong",
        table=SPECIMENS.table,
        columns=["id", "absent"],
        fields=[
            FIELDS[0],
            Field(name="number", column="number", kind="text", nullable=False),
            Field(name="total", column="total", kind="integer"),
            Field(name="s", column="status", kind="enum", values=("a",), elsewhere={"b": "gone"}),
        ],
    )
    assert await declaration_errors(specimen_pool, wrong) == [
        "absent does not exist",
        "number may be NULL, but number is not nullable",
        "total is numeric, but total is of kind integer",
        "gone is missing, but s is of kind enum",
    ]


@pytest.mark.parametrize(
    "listing",
    [it.LISTING for it in PROJECTIONS if hasattr(it, "LISTING")],
    ids=lambda listing: listing.name,
)
async def test_every_list_keeps_what_it_declares(pool: Pool, listing: Listing) -> None:
    assert await declaration_errors(pool, listing) == []
