import re
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import wire
from domain.limits import AMOUNT, EXCHANGE_RATE, PERCENT, PRICE, QUANTITY, TAX_RATE, Limit
from tests.strategies import decimals

WIRE = [
    (wire.Money, AMOUNT),
    (wire.Price, PRICE),
    (wire.Quantity, QUANTITY),
    (wire.Percent, PERCENT),
    (wire.TaxRate, TAX_RATE),
    (wire.ExchangeRate, EXCHANGE_RATE),
]


@pytest.mark.parametrize(
    ("limit", "inside", "outside"),
    [
        (PERCENT, ["0", "100", "100.0000", "7.5", "0.0001"], ["-0.0001", "100.0001", "0.00001"]),
        (QUANTITY, ["-1", "0.000001", "9" * 15], ["1e15", "-1e15", "0.0000001"]),
        (AMOUNT, ["0.0001", "-1"], ["0.00001", "1e15"]),
        (PRICE, ["0.000001"], ["0.0000001"]),
        (TAX_RATE, ["0", "1000", "19.0001"], ["-0.0001", "1000.0001", "19.00001"]),
        (EXCHANGE_RATE, ["0", "0.000000000001", "1.0845"], ["-1", "0.0000000000001", "1e12"]),
    ],
)
def test_a_limit_admits_its_ends_and_nothing_beyond(
    limit: Limit, inside: list[str], outside: list[str]
) -> None:
    assert [it for it in inside if not limit.admits(Decimal(it))] == []
    assert [it for it in outside if limit.admits(Decimal(it))] == []


@pytest.mark.parametrize("limit", [AMOUNT, PRICE, QUANTITY, PERCENT, TAX_RATE, EXCHANGE_RATE])
@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_in_no_limit(limit: Limit, value: str) -> None:
    assert not limit.admits(Decimal(value))


def test_a_limit_says_what_it_admits() -> None:
    assert str(PERCENT) == "from 0 to 100, with at most 4 decimal digits"


@pytest.mark.parametrize(("annotated", "limit"), WIRE)
@given(value=decimals() | decimals(-1, 101) | st.integers(-(10**16), 10**16).map(Decimal))
def test_the_wire_admits_exactly_what_is_in_the_limit(
    annotated: Any, limit: Limit, value: Decimal
) -> None:
    meta = get_args(annotated)[1]
    text = f"{value:f}"
    admitted = len(text) <= meta.max_length and re.search(meta.pattern, text) is not None
    assert admitted == limit.admits(value)
