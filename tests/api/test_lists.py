"""Reading list queries: what is understood, and that everything else is refused at once."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.lists import (
    MAX_PARAMETERS,
    MAX_QUERY_BYTES,
    MAX_VALUES,
    BadQuery,
    ListRequest,
    parse_list,
)
from api.paging import Cursors
from projections.filters import Condition, Value
from projections.page import SortKey
from tests.specimens import SPECIMENS, conditions, sorts

CURSORS = Cursors(b"k" * 32)


def parse(query: str | bytes, **options: Any) -> ListRequest:
    raw = query.encode("latin-1") if isinstance(query, str) else query
    return parse_list(raw, SPECIMENS, book_id="book", cursors=CURSORS, **options)


def faults(query: str | bytes, **options: Any) -> list[tuple[str, str]]:
    """What is wrong, as parameter and code."""
    with pytest.raises(BadQuery) as refused:
        parse(query, **options)
    return [(str(it.parameter or ""), it.code) for it in refused.value.errors]


def detail(query: str | bytes, **options: Any) -> str:
    with pytest.raises(BadQuery) as refused:
        parse(query, **options)
    [only] = refused.value.errors
    return only.detail


def spelled(value: Value) -> str:
    match value:
        case bool():
            text = "true" if value else "false"
        case Decimal():
            text = format(value, "f")
        case date():
            text = value.isoformat()
        case _:
            text = str(value)
    return quote(text, safe="")


def test_nothing_asked_is_the_first_page_in_the_order_of_the_list() -> None:
    asked = parse("")

    assert asked.query.where == ()
    assert [it.wire for it in asked.query.sort] == ["-total", "-id"]
    assert (asked.query.limit, asked.query.after, asked.fields) == (50, None, None)


def test_filters_order_limit_and_fields_are_read_together() -> None:
    asked = parse(
        "status.in=Posted,Paid&total.gte=100&sort=-issueDate,number&limit=20&fields=total,id,total",
        selectable=["id", "status", "total"],
    )

    where = [(it.field.name, it.operator, it.values) for it in asked.query.where]
    assert where == [("status", "in", ("Posted", "Paid")), ("total", "gte", (Decimal(100),))]
    assert [it.wire for it in asked.query.sort] == ["-issueDate", "number", "id"]
    assert asked.query.limit == 20
    assert asked.fields == ("total", "id")


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("number.in=a%2Cb,c", ("a,b", "c")),
        ("number.eq=a,b", ("a,b",)),
        ("number.eq=a+b%20c", ("a b c",)),
        ("number.eq=%C3%A9", ("é",)),
        ("number.eq=", ("",)),
        ("number.startsWith=a", ("a",)),
        ("number.isNull=true", (True,)),
        ("status.in=Draft%2cPosted%2CPaid", ("Draft", "Posted", "Paid")),
        ("total.between=-1.50%2C2", (Decimal("-1.50"), Decimal(2))),
        ("lines.eq=-12", (-12,)),
        ("locked.eq=false", (False,)),
        ("issueDate.eq=2028-02-29", (date(2028, 2, 29),)),
        (
            "createdAt.gt=2026-01-01T01:00:00.5%2B01:00",
            (datetime(2026, 1, 1, microsecond=500_000, tzinfo=UTC),),
        ),
        ("createdAt.gt=2026-01-01t00:00:00z", (datetime(2026, 1, 1, tzinfo=UTC),)),
        ("customerName.between=a,B", ("a", "B")),
    ],
)
def test_values_are_read_as_the_kind_of_their_field(query: str, values: tuple[Value, ...]) -> None:
    [condition] = parse(query).query.where
    assert condition.values == values


@given(st.lists(conditions(), max_size=4), sorts())
def test_what_is_spelled_out_is_read_back(
    where: list[Condition], sort: tuple[SortKey, ...]
) -> None:
    unique = {(it.field.name, it.operator): it for it in where if "" not in it.values}
    query = [
        f"{it.field.name}.{it.operator}={','.join(map(spelled, it.values))}"
        for it in unique.values()
    ]
    keys = [it.wire for it in sort][:4]

    asked = parse("&".join([*query, f"sort={','.join(keys)}"]))

    assert list(asked.query.where) == list(unique.values())
    assert asked.query.sort == SPECIMENS.sort(keys)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("total=3", "operator-required"),
        ("colour=red", "unknown-parameter"),
        ("Limit=3", "unknown-parameter"),
        ("colour.eq=red", "unknown-field"),
        ("limit.eq=3", "unknown-field"),
        (".eq=3", "unknown-field"),
        ("total.", "unknown-operator"),
        ("total.like=3", "unknown-operator"),
        ("total.isnull=true", "unknown-operator"),
        ("status.gt=Draft", "unknown-operator"),
        ("status.in=Posted,posted", "unknown-value"),
        ("total.eq=NaN", "wrong-format"),
        ("total.eq=1e3", "wrong-format"),
        ("total.eq=1_000", "wrong-format"),
        ("total.eq=%D9%A1", "wrong-format"),
        ("total.eq=1%0A", "wrong-format"),
        ("total.eq=", "wrong-format"),
        ("lines.eq=2.0", "wrong-format"),
        ("lines.eq=9007199254740992", "out-of-range"),
        ("locked.eq=1", "wrong-format"),
        ("number.isnull=yes", "wrong-format"),
        ("issueDate.eq=2026-02-30", "wrong-format"),
        ("issueDate.eq=20260203", "wrong-format"),
        ("issueDate.eq=0000-01-01", "wrong-format"),
        ("createdAt.eq=2026-01-01T00:00:00", "wrong-format"),
        ("createdAt.eq=2026-01-01", "wrong-format"),
        ("createdAt.eq=0001-01-01T00:00:00%2B01:00", "wrong-format"),
        ("createdAt.eq=2026-01-01T00:00:00.1234567Z", "wrong-format"),
        ("total.between=1", "wrong-format"),
        ("total.between=1,2,3", "wrong-format"),
        ("total.between=2,1", "out-of-range"),
        ("number.in=a,,b", "too-short"),
        ("number.in=", "too-short"),
        ("number.contains=", "too-short"),
        ("number.eq=a%00b", "invalid-text"),
        ("number.eq=%ff", "invalid-text"),
        ("number.eq=\xff", "invalid-text"),
        ("number.eq=100%", "invalid-text"),
        ("number.eq=%ED%A0%80", "invalid-text"),
        ("number.eq=" + "a" * 201, "too-long"),
        ("number.in=" + ",".join("a" * (MAX_VALUES + 1)), "too-many"),
        ("limit=0", "out-of-range"),
        ("limit=201", "out-of-range"),
        ("limit=-1", "out-of-range"),
        ("limit=" + "9" * 30, "out-of-range"),
        ("limit=%D9%A1", "out-of-range"),
        ("limit=", "out-of-range"),
        ("sort=", "too-short"),
        ("sort=colour", "not-sortable"),
        ("sort=--total", "not-sortable"),
        ("sort=total,-total", "duplicate-value"),
        ("sort=id,total,number,lines,status", "too-many"),
        ("fields=id", "unknown-parameter"),
        ("cursor=", "invalid-cursor"),
        ("cursor=" + "a" * 8001, "too-long"),
    ],
)
def test_what_is_not_understood_is_refused(query: str, code: str) -> None:
    assert faults(query) == [(query.partition("=")[0], code)]


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("total=3", "Use total.eq"),
        ("colour=red", "limit, sort, cursor, and field.operator with the fields id, status"),
        ("colour.eq=red", "Use one of: id, status, number"),
        ("total.like=3", "Use one of: eq, ne, in"),
        ("status.eq=Open", "Use one of: Draft, Posted, Released, PartiallyPaid, Paid."),
        ("sort=colour", "but by: id, status"),
        ("createdAt.eq=2026-01-01T00:00:00+01:00", "write it as %2B"),
        ("createdAt.eq=2026-01-01T00:00:00", "The time zone is missing"),
        ("total.eq=1&total.eq=2", "one total.in"),
    ],
)
def test_a_refusal_says_what_to_send_instead(query: str, hint: str) -> None:
    assert hint in detail(query)


def test_everything_wrong_is_told_at_once_in_one_problem_document() -> None:
    query = "total=3&status.in=Open,Closed&limit=0&sort=colour,-shape&limit=2&cursor=x&%zz=1"

    assert faults(query) == [
        ("total", "operator-required"),
        ("status.in", "unknown-value"),
        ("status.in", "unknown-value"),
        ("limit", "out-of-range"),
        ("sort", "not-sortable"),
        ("sort", "not-sortable"),
        ("limit", "duplicate-parameter"),
        ("%zz", "invalid-text"),
        ("cursor", "invalid-cursor"),
    ]
    with pytest.raises(BadQuery, match=r"Not valid: total, status.in, limit, sort, %zz, cursor\."):
        parse(query)


@pytest.mark.parametrize(
    "again", ["number.startswith=a", "number.startsWith=b", "number%2EstartsWith=c"]
)
def test_a_parameter_comes_once_however_it_is_spelled(again: str) -> None:
    [(_, code)] = faults(f"number.startswith=a&{again}")
    assert code == "duplicate-parameter"


def test_one_field_may_have_several_operators() -> None:
    assert len(parse("total.gte=1&total.lt=9&total.ne=5").query.where) == 3


def test_a_query_string_has_a_bounded_size() -> None:
    assert faults("&".join(["limit=1"] * (MAX_PARAMETERS + 1))) == [("", "too-many")]
    assert faults("number.eq=" + "a" * MAX_QUERY_BYTES) == [("", "too-long")]
    assert len(parse("number.in=" + ",".join("a" * MAX_VALUES)).query.where[0].values) == MAX_VALUES
    assert len(faults("lines.in=" + ",".join(f"x{it}" for it in range(150)))) == 100


def test_a_handler_names_the_further_parameters_it_takes_itself() -> None:
    assert parse("expand=a%2Cb&&", also=["expand"]).others == {"expand": "a,b"}
    assert faults("expand=a") == [("expand", "unknown-parameter")]
    assert faults("expand=%00&expand=b", also=["expand"]) == [
        ("expand", "invalid-text"),
        ("expand", "duplicate-parameter"),
    ]


def test_fields_are_chosen_from_a_list() -> None:
    assert faults("fields=id,colour", selectable=["id", "total"]) == [("fields", "unknown-field")]
    assert faults("fields=", selectable=["id"]) == [("fields", "too-short")]


FILTERS = [f"{name}.{it}" for name, field in SPECIMENS.fields.items() for it in field.operators]
NAMES = st.sampled_from([*FILTERS, "limit", "sort", "cursor", "fields", "total", "colour.eq", ""])
PARAMETERS = st.tuples(NAMES, st.text() | st.sampled_from(["1", "a,b", "2026-01-01", "%"])).map(
    "=".join
)


@given(st.binary(max_size=300) | st.lists(PARAMETERS).map("&".join).map(str.encode))
def test_whatever_is_sent_is_understood_or_refused_with_reasons(query: bytes) -> None:
    errors = None
    try:
        parse(query, selectable=["id"])
    except BadQuery as refused:
        errors = refused.errors
    assert errors is None or (errors and all(it.detail.endswith(".") for it in errors))
