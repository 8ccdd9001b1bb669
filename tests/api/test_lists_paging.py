"""Cursors: opaque, bound to what was asked, and of no use when altered."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.lists import BadQuery, ListRequest, page_of, parse_list
from api.paging import MAX_CURSOR, Cursors, Page, next_link, select
from projections.page import Listing, Place, SortKey
from tests.specimens import FIELDS, SPECIMENS, VALUES, sorts

CURSORS = Cursors(b"k" * 32)
OTHERS = Listing("others", table="projections.others_v1", columns=["id"], fields=FIELDS)
QUERY = "status.in=Posted,Paid&total.gte=1.50&sort=-issueDate,total"
PLACE: Place = (date(2026, 1, 1), Decimal("1.10"), "inv_1")


def parse(query: str, **options: Any) -> ListRequest:
    listing = options.pop("listing", SPECIMENS)
    known: dict[str, Any] = {"book_id": "book", "cursors": CURSORS} | options
    return parse_list(query.encode(), listing, **known)


def cursor_for(query: str, place: Place) -> str:
    cursor = page_of(parse(query), [], place, CURSORS).next_cursor
    assert cursor
    return cursor


def refusal(query: str, **options: Any) -> tuple[str, str]:
    with pytest.raises(BadQuery) as refused:
        parse(query, **options)
    [only] = refused.value.errors
    assert only.parameter == "cursor"
    return only.code, only.detail


@st.composite
def places(draw: st.DrawFn) -> tuple[tuple[SortKey, ...], Place]:
    sort = draw(sorts())
    kinds = [it.field for it in sort]
    texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)
    values = [
        draw(texts if it.kind in {"text", "enum"} else VALUES[it.kind])
        if draw(st.booleans())
        else None
        for it in kinds
    ]
    return sort, tuple(values)


@given(places())
def test_a_cursor_gives_back_the_place_it_was_given_for(
    asked: tuple[tuple[SortKey, ...], Place],
) -> None:
    sort, place = asked
    query = "sort=" + ",".join(it.wire for it in sort)

    cursor = cursor_for(query, place)

    assert len(cursor) <= MAX_CURSOR
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert parse(f"{query}&cursor={cursor}").query.after == place


@pytest.mark.parametrize(
    "same",
    [
        QUERY,
        "total.gte=1.5&status.in=Paid,Posted,Paid&sort=-issueDate,total&limit=7&fields=id",
        QUERY.replace("sort=-issueDate,total", "sort=-issueDate%2Ctotal"),
    ],
)
def test_the_same_question_in_other_words_takes_the_cursor(same: str) -> None:
    cursor = cursor_for(QUERY, PLACE)
    assert parse(f"{same}&cursor={cursor}", selectable=["id"]).query.after == PLACE


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (QUERY.replace("Paid", "Draft"), "This cursor belongs to other filters."),
        (QUERY.replace("gte", "gt"), "This cursor belongs to other filters."),
        (QUERY + "&lines.eq=1", "This cursor belongs to other filters."),
        (QUERY.replace("-issue", "issue"), "This cursor belongs to the order -issueDate,total,id."),
        (QUERY.replace(",total", ""), "This cursor belongs to the order -issueDate,total,id."),
    ],
)
def test_another_question_is_refused_with_the_difference(other: str, sentence: str) -> None:
    code, detail = refusal(f"{other}&cursor={cursor_for(QUERY, PLACE)}")
    assert code == "cursor-mismatch"
    assert detail.startswith(sentence)


def test_a_cursor_is_of_no_use_in_another_book_list_or_installation() -> None:
    query = f"{QUERY}&cursor={cursor_for(QUERY, PLACE)}"
    assert parse(query).query.after == PLACE

    assert refusal(query, book_id="other")[0] == "invalid-cursor"
    assert refusal(query, listing=OTHERS)[0] == "invalid-cursor"
    assert refusal(query, cursors=Cursors(b"x" * 32))[0] == "invalid-cursor"


@given(at=st.integers(0, 1000), letter=st.sampled_from("Aa09-_"))
def test_a_cursor_with_one_other_character_is_refused(at: int, letter: str) -> None:
    cursor = cursor_for(QUERY, PLACE)
    at %= len(cursor)
    altered = cursor[:at] + letter + cursor[at + 1 :]
    if altered != cursor:
        assert refusal(f"{QUERY}&cursor={altered}")[0] == "invalid-cursor"


@given(st.binary(max_size=60).map(lambda raw: "".join(f"%{it:02x}" for it in raw if it < 128)))
def test_noise_is_no_cursor(noise: str) -> None:
    with pytest.raises(BadQuery):
        parse(f"cursor={noise}")


def test_a_cut_or_padded_cursor_is_refused() -> None:
    cursor = cursor_for(QUERY, PLACE)
    for altered in (cursor[:-1], cursor[:10], cursor + "=", cursor + "%20", cursor + "A" * 4):
        assert refusal(f"{QUERY}&cursor={altered}")[0] == "invalid-cursor"


def test_a_cursor_from_before_a_field_changed_its_kind_is_refused() -> None:
    changed = [
        msgspec.structs.replace(it, kind="integer") if it.name == "issueDate" else it
        for it in FIELDS
    ]
    renewed = Listing("specimens", table="projections.x_v2", columns=["id"], fields=changed)
    cursor = cursor_for("sort=issueDate", (date(2026, 1, 1), "a"))

    code, detail = refusal(f"sort=issueDate&cursor={cursor}", listing=renewed)
    assert (code, detail.split(",")[0]) == (
        "cursor-mismatch",
        "This cursor was given before the list changed",
    )


def test_a_key_of_cursors_is_long_enough() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Cursors(b"short")


class Row(msgspec.Struct, rename="camel"):
    id: str
    issue_date: date
    total: Decimal
    created_at: datetime


ROW = Row("a", date(2026, 1, 1), Decimal("1.10"), datetime(2026, 1, 1, tzinfo=UTC))


def test_chosen_fields_look_as_they_do_in_the_whole_item() -> None:
    whole = msgspec.json.decode(msgspec.json.encode(ROW))
    [chosen] = select([ROW], ["total", "issueDate", "createdAt"])

    assert msgspec.json.decode(msgspec.json.encode(chosen)) == {
        name: whole[name] for name in ("issueDate", "total", "createdAt")
    }


def test_a_page_holds_items_cursor_and_position() -> None:
    asked = parse("fields=id", selectable=["id"])
    page = page_of(asked, [ROW], None, CURSORS, as_of=7)
    assert msgspec.json.encode(page) == b'{"items":[{"id":"a"}],"nextCursor":null,"asOf":7}'

    assert (
        msgspec.json.encode(Page[Row](items=[], next_cursor="c"))
        == b'{"items":[],"nextCursor":"c"}'
    )


@pytest.mark.parametrize(
    ("query", "link"),
    [
        (b"", "</api/invoices?cursor=NEW>"),
        (b"limit=5&cursor=old", "</api/invoices?limit=5&cursor=NEW>"),
        (b"c%75rsor=old&a.in=x%2Cy,z", "</api/invoices?a.in=x%2Cy,z&cursor=NEW>"),
        (b'a.eq=">\r\n<\xff&&', "</api/invoices?a.eq=%22%3E%0D%0A%3C%FF&cursor=NEW>"),
    ],
)
def test_the_link_repeats_the_question_with_the_new_cursor(query: bytes, link: str) -> None:
    assert next_link("/api/invoices", query, "NEW") == f'{link}; rel="next"'
