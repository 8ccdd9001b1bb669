"""A read model with every kind of field, random rows and queries for it, and a Python oracle."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from hypothesis import strategies as st

from projections.filters import Condition, Field, folded
from projections.page import Listing, SortKey
from store.database import Pool

DDL = """
CREATE SCHEMA IF NOT EXISTS projections;
CREATE TABLE projections.specimens_v1 (
    book_id text NOT NULL,
    id text COLLATE "C" NOT NULL,
    status text NOT NULL,
    settlement text,
    number text COLLATE "C",
    customer text,
    customer_folded text COLLATE "C",
    issued date,
    total numeric NOT NULL,
    lines integer,
    created timestamptz NOT NULL,
    locked boolean,
    memo text,
    PRIMARY KEY (book_id, id)
);
CREATE INDEX ON projections.specimens_v1 (book_id, number, id);
CREATE INDEX ON projections.specimens_v1 (book_id, issued, id);
CREATE INDEX ON projections.specimens_v1 (book_id, total, id);
"""
COLUMNS = (
    "id status settlement number customer customer_folded issued total lines created locked memo"
).split()
INSERT = (
    "INSERT INTO projections.specimens_v1 VALUES "
    "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
)

FIELDS = (
    Field(name="id", column="id", kind="text", sortable=True, nullable=False),
    Field(
        name="status",
        column="status",
        kind="enum",
        values=("Draft", "Posted", "Released"),
        elsewhere={"PartiallyPaid": "settlement", "Paid": "settlement"},
        sortable=True,
        nullable=False,
    ),
    Field(name="number", column="number", kind="text", sortable=True),
    Field(name="customer", column="customer", kind="text", sortable=True),
    Field(name="customerName", column="customer_folded", kind="text", sortable=True, fold=True),
    Field(name="issueDate", column="issued", kind="date", sortable=True),
    Field(name="total", column="total", kind="decimal", sortable=True, nullable=False),
    Field(name="lines", column="lines", kind="integer", sortable=True),
    Field(name="createdAt", column="created", kind="instant", sortable=True, nullable=False),
    Field(name="locked", column="locked", kind="boolean", sortable=True),
)
SPECIMENS = Listing(
    "specimens", table="projections.specimens_v1", columns=COLUMNS, fields=FIELDS, order=["-total"]
)

COMPARISONS: dict[str, Callable[..., bool]] = {
    "gt": lambda actual, value: actual > value,
    "gte": lambda actual, value: actual >= value,
    "lt": lambda actual, value: actual < value,
    "lte": lambda actual, value: actual <= value,
    "between": lambda actual, low, high: low <= actual <= high,
    "contains": lambda actual, value: value in actual,
    "startswith": lambda actual, value: actual.startswith(value),
}

TEXTS = st.text("aAbß%_\\*\ud7ff\U0010ffff", max_size=3)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "integer": st.sampled_from([-1, 0, 1, 2**31 - 1]),
    "decimal": st.sampled_from([Decimal(it) for it in ("-2.5", "0", "1", "1.00", "99.99")]),
    "date": st.sampled_from([date(2026, 1, it) for it in (1, 2, 3)] + [date(1, 1, 1)]),
    "instant": st.sampled_from([datetime(2026, 1, it, tzinfo=UTC) for it in (1, 2, 3)]),
    "boolean": st.booleans(),
}


def or_null(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


@st.composite
def specimens(draw: st.DrawFn) -> dict[str, Any]:
    """A row without its id."""
    customer = draw(or_null(TEXTS))
    return {
        "status": draw(st.sampled_from(["Draft", "Posted", "Released"])),
        "settlement": draw(st.sampled_from([None, "Unpaid", "PartiallyPaid", "Paid"])),
        "number": draw(or_null(TEXTS)),
        "customer": customer,
        "customer_folded": None if customer is None else folded(customer),
        "issued": draw(or_null(VALUES["date"])),
        "total": draw(VALUES["decimal"]),
        "lines": draw(or_null(VALUES["integer"])),
        "created": draw(VALUES["instant"]),
        "locked": draw(or_null(st.booleans())),
        "memo": None,
    }


@st.composite
def many_specimens(draw: st.DrawFn, prefix: str = "s", most: int = 12) -> list[dict[str, Any]]:
    """Rows with ids that are unique and in no order."""
    rows = draw(st.lists(specimens(), max_size=most))
    ids = draw(st.permutations(range(len(rows))))
    return [{"id": f"{prefix}{at:02}"} | row for at, row in zip(ids, rows, strict=True)]


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    field = draw(st.sampled_from(FIELDS))
    operator = draw(st.sampled_from(field.operators))
    value = st.sampled_from(field.words) if field.kind == "enum" else VALUES[field.kind]
    match operator:
        case "in" | "nin":
            values = draw(st.lists(value, min_size=1, max_size=4))
        case "between":
            values = sorted(draw(st.lists(value, min_size=2, max_size=2)))
        case "isnull":
            values = [draw(st.booleans())]
        case _:
            values = [draw(value)]
    return Condition(field, operator, tuple(values))


@st.composite
def sorts(draw: st.DrawFn) -> tuple[SortKey, ...]:
    """The sort of a query: up to three fields in any directions, made total by the id."""
    names = draw(st.lists(st.sampled_from(SPECIMENS.sortable), max_size=3, unique=True))
    return SPECIMENS.sort([draw(st.sampled_from(["", "-"])) + it for it in names])


def satisfies(row: dict[str, Any], condition: Condition) -> bool:
    """What the condition means, in Python."""
    field, operator = condition.field, condition.operator
    actual = row[field.column]
    match operator:
        case "eq" | "in":
            columns = [(field.elsewhere.get(str(it), field.column), it) for it in condition.values]
            return any(row[column] == field.stored(value) for column, value in columns)
        case "ne" | "nin":
            return not satisfies(row, Condition(field, "in", condition.values))
        case "isnull":
            return (actual is None) == condition.values[0]
        case "like":
            pieces = [str(field.stored(it)) for it in str(condition.values[0]).split("*")]
            pattern = ".*".join(re.escape(it) for it in pieces)
            return actual is not None and bool(re.fullmatch(pattern, actual, re.DOTALL))
        case _:
            values = [field.stored(it) for it in condition.values]
            return actual is not None and bool(COMPARISONS[operator](actual, *values))


def _rank(column: str, row: dict[str, Any]) -> tuple[bool, Any]:
    return (True, 0) if row[column] is None else (False, row[column])


def ordered(rows: Iterable[dict[str, Any]], sort: tuple[SortKey, ...]) -> list[dict[str, Any]]:
    """The rows in the order of the sort: NULL is the greatest value."""
    result = list(rows)
    for key in reversed(sort):
        result.sort(key=partial(_rank, key.field.column), reverse=key.descending)
    return result


def expected(
    rows: Iterable[dict[str, Any]], where: Iterable[Condition], sort: tuple[SortKey, ...]
) -> list[dict[str, Any]]:
    """The whole answer to a query."""
    where = list(where)
    return ordered((it for it in rows if all(satisfies(it, each) for each in where)), sort)


async def insert(pool: Pool, book_id: str, rows: Iterable[dict[str, Any]]) -> None:
    await pool.executemany(INSERT, [(book_id, *(row[it] for it in COLUMNS)) for row in rows])
