"""All faults at once, at the right place."""

import enum
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, UnsetType

from api.faults import MAX_FAULTS, Fault, faults_of, told
from api.wire import Code, Instant, Money, Wire


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Cash(Wire, tag="cash", tag_field="method"):
    amount: Money


class Card(Wire, tag="card", tag_field="method"):
    digits: Annotated[str, Meta(pattern="^[0-9]{4}", max_length=4)]


class Line(Wire, kw_only=True):
    item: Code
    quantity: int


class Order(Wire, kw_only=True):
    rank: Annotated[int, Meta(ge=1, le=9)]
    due_on: date | None = None
    at: Instant | None = None
    colour: Colour | None = None
    size: Literal["s", "m"] = "s"
    lines: Annotated[list[Line], Meta(max_length=2)] = msgspec.field(default_factory=list)
    tags: dict[str, Annotated[str, Meta(max_length=3)]] = msgspec.field(default_factory=dict)
    payment: Cash | Card | None | UnsetType = UNSET
    urgent: bool = False


def at(value: object, kind: Any = Order) -> dict[str, str]:
    return {str(fault.pointer): fault.code for fault in faults_of(kind, value)}


def test_what_is_valid_has_no_faults() -> None:
    assert at({"rank": 1, "lines": [{"item": "a", "quantity": 1}], "payment": None}) == {}


def test_an_object_in_place_of_a_word_is_a_fault_and_no_accident() -> None:
    assert at({"rank": 1, "size": {}}) == {"/size": "wrong-type"}
    assert at({"rank": 1, "size": {"s": []}, "colour": {}}).keys() == {"/size", "/colour"}


def test_every_fault_is_listed_with_its_pointer_and_code() -> None:
    found = at(
        {
            "rank": 0,
            "dueOn": "2026-02-30",
            "at": "2026-01-01T00:00:00",
            "colour": "green",
            "size": "xl",
            "lines": [{"item": "a/b", "quantity": "1"}, {}, 3],
            "tags": {"a/b~c": "long", "ok": "yes"},
            "payment": {"method": "card", "digits": "12", "extra": 1},
            "urgent": 1,
            "Rank": 1,
        }
    )

    assert found == {
        "/rank": "out-of-range",
        "/dueOn": "wrong-format",
        "/at": "wrong-format",
        "/colour": "unknown-value",
        "/size": "unknown-value",
        "/lines": "too-long",
        "/lines/0/item": "wrong-format",
        "/lines/0/quantity": "wrong-type",
        "/lines/1/item": "required",
        "/lines/1/quantity": "required",
        "/lines/2": "wrong-type",
        "/tags/a~1b~0c": "too-long",
        "/payment/digits": "wrong-format",
        "/payment/extra": "unknown-field",
        "/urgent": "wrong-type",
        "/Rank": "unknown-field",
    }


@pytest.mark.parametrize(
    ("payment", "expected"),
    [
        ({"method": "gold", "amount": "1"}, {"/payment/method": "unknown-value"}),
        ({"amount": "1"}, {"/payment": "required"}),
        ("cash", {"/payment": "wrong-type"}),
        ({"method": "cash"}, {"/payment/amount": "required"}),
    ],
)
def test_a_union_is_judged_by_its_tag(payment: object, expected: dict[str, str]) -> None:
    assert at({"rank": 1, "payment": payment}) == expected


@pytest.mark.parametrize("body", [[], "x", None, 1])
def test_a_body_that_is_no_object_is_one_fault_at_the_root(body: object) -> None:
    assert at(body) == {"": "wrong-type"}


def test_details_say_what_to_do_in_the_words_of_json() -> None:
    details = {
        str(fault.pointer): fault.detail
        for fault in faults_of(
            Order,
            {"rank": "x", "size": "xl", "lines": [{"item": " ", "quantity": 1}], "dueon": 1},
        )
    }

    assert details["/rank"] == "Expected integer, got string."
    assert details["/size"] == "Expected one of: s, m."
    assert details["/lines/0/item"].startswith("Expected: Code that people use")
    assert details["/dueon"] == "There is no field 'dueon' here. Did you mean 'dueOn'?"


def test_the_list_of_faults_is_bounded() -> None:
    faults = faults_of(Order, {f"field{number}": number for number in range(100_000)})

    assert len(faults) == MAX_FAULTS


def test_a_fault_does_not_echo_a_long_name() -> None:
    [_, fault] = faults_of(Order, {"x" * 100_000: 1})

    assert len(fault.detail) < 200
    assert fault.pointer == ""


def test_a_message_of_msgspec_becomes_a_fault() -> None:
    message = "Expected `int | null`, got `str` - at `$.lines[3].quantity`"

    assert told(message) == Fault(
        code="wrong-type", detail="Expected integer, got string.", pointer="/lines/3/quantity"
    )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["rank", "lines", "item", "quantity", "payment", "method", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_the_walk_and_the_converter_agree(value: object) -> None:
    try:
        msgspec.convert(value, Order, strict=True)
    except msgspec.ValidationError:
        assert faults_of(Order, value)
    else:
        assert not faults_of(Order, value)
