"""The bounded types of the wire."""

import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from api.wire import (
    CODE_PATTERN,
    Code,
    Currency,
    Email,
    Instant,
    Money,
    Patch,
    Percent,
    Price,
    Quantity,
    Reply,
    RowVersion,
    ShortText,
    Text,
    Wire,
    sent,
)


def accepts(kind: Any, value: object) -> bool:
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=kind)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize("text", ["0", "-0.5", "1234.5678", "999999999999999.9999", "-1", "10"])
def test_money_is_a_plain_decimal_string(text: str) -> None:
    assert accepts(Money, text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " 1", "1 ", "+1", "01", ".5", "5.", "1,5", "1_000", "1e3", "1E+5", "1e1000000"),
        *(
            "NaN",
            "sNaN",
            "Infinity",
            "-Infinity",
            "12.50\n",
            "12.50\r\n",
            "١٢",
            "\uff11\uff12",
            "0x1F",
        ),
        *("1.23456", "1234567890123456", "9" * 1_000_000, "--1", "-", "1.-5", "\u20681\u2069"),
    ],
)
def test_nothing_else_is_money(text: str) -> None:
    assert not accepts(Money, text)
    assert not accepts(Price, text.replace("1.23456", "1.2345678"))
    assert not accepts(Quantity, text.replace("1.23456", "1.2345678"))


def test_a_number_is_not_money() -> None:
    assert not accepts(Money, 12.5)
    assert not accepts(Money, 12)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**14)))
def test_every_amount_that_fits_is_accepted(amount: Decimal) -> None:
    fits = abs(amount) < 10**15
    assert accepts(Money, f"{amount:f}") == fits


@given(st.text(max_size=30))
def test_what_passes_as_a_number_is_one_that_decimal_reads_alike(text: str) -> None:
    for kind in (Money, Price, Quantity, Percent):
        if accepts(kind, text):
            assert text.isascii()
            assert f"{Decimal(text):f}" == text


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("0", True),
        ("7.5", True),
        ("100", True),
        ("100.0000", True),
        ("99.9999", True),
        ("100.0001", False),
        ("101", False),
        ("-1", False),
        ("1.23456", False),
        ("07", False),
    ],
)
def test_a_percentage_lies_between_0_and_100(text: str, valid: bool) -> None:  # noqa: FBT001 - a table
    assert accepts(Percent, text) == valid


def test_a_row_version_is_an_integer_from_0_on_that_every_client_can_hold() -> None:
    assert accepts(RowVersion, 0)
    assert accepts(RowVersion, 1)
    assert accepts(RowVersion, 2**53 - 1)
    for wrong in (-1, 2**53, 10**30, 1.5, "1", True, None):
        assert not accepts(RowVersion, wrong)


@pytest.mark.parametrize(
    "text", ["12", "ACME", "Müller & Söhne", "a", "x" * 64, "a.b", "...", "#1"]
)
def test_a_code_is_what_people_write(text: str) -> None:
    assert accepts(Code, text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", " a", "a ", "a/b", "a\\b", ".", "..", "x" * 65, "a\nb", "a\n", "a\x00", "a\x7f"),
        *("a\u200b", "\u202ea", "a\xa0b", "a\u3000", "a\u2028b", "\ufeffa", "a\xad", "\t"),
    ],
)
def test_a_code_has_nothing_invisible_and_nothing_that_breaks_a_path(text: str) -> None:
    assert not accepts(Code, text)


def test_the_pattern_of_codes_is_fast_on_what_does_not_match() -> None:
    pattern = re.compile(CODE_PATTERN)
    assert not pattern.search(" " * 100_000)
    assert not pattern.search("a " * 50_000)


def test_text_is_bounded_and_free_of_control_characters() -> None:
    assert accepts(ShortText, "Ünïcödé 漢字 🎉 \u200f")
    assert accepts(ShortText, "x" * 200)
    assert accepts(Text, "one\n\ttwo\r\n" + "x" * 1980)
    for wrong in ("x" * 201, "a\nb", "a\x00b", "a\x1bb", "\u202egnp.exe", "\u2066x"):
        assert not accepts(ShortText, wrong)
    for wrong in ("x" * 2001, "a\x00b", "a\x08b", "\u202egnp.exe"):
        assert not accepts(Text, wrong)


def test_an_email_address_has_two_parts_and_nothing_invisible() -> None:
    for right in ("office@example.com", "Jörg.Müller+x@exämple.de", "x" * 64 + "@a"):
        assert accepts(Email, right)
    for wrong in ("office", "@a", "a@", "a@b@c", "a b@c", "x" * 65 + "@a", "a@" + "b" * 190):
        assert not accepts(Email, wrong)
    for hidden in ("\x00", "\x1c", "\x7f", "\n", "\xa0", "\u200b", "\u202e"):
        assert not accepts(Email, f"a@b{hidden}c")
        assert not accepts(Email, f"a{hidden}b@c")


def test_length_is_counted_in_code_points() -> None:
    assert accepts(ShortText, "🎉" * 200)


def test_a_currency_is_three_capital_letters() -> None:
    assert accepts(Currency, "EUR")
    for wrong in ("eur", "EURO", "EU", "EUR\n", "ЕUR"):  # noqa: RUF001 - a Cyrillic letter
        assert not accepts(Currency, wrong)


def test_an_instant_says_its_offset() -> None:
    assert accepts(Instant, "2026-11-01T09:30:00Z")
    assert accepts(Instant, "2026-11-01T09:30:00.123456+02:00")
    for wrong in ("2026-11-01T09:30:00", "2026-11-01", "tomorrow", 1):
        assert not accepts(Instant, wrong)


class Change(Wire, kw_only=True):
    row_version: RowVersion
    memo: Patch[Text] = UNSET
    po_number: Patch[ShortText] = UNSET


class View(Reply):
    row_version: RowVersion
    memo: Text | None = None


def test_a_patch_tells_absent_from_null() -> None:
    change = msgspec.json.decode(b'{"rowVersion":1,"memo":null}', type=Change)

    assert sent(change) == {"row_version": 1, "memo": None}


def test_requests_refuse_unknown_fields_and_python_names() -> None:
    for body in (b'{"rowVersion":1,"memos":"x"}', b'{"row_version":1}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(body, type=Change)


def test_responses_show_every_field_and_stay_open_in_the_schema() -> None:
    assert msgspec.json.encode(View(row_version=1)) == b'{"rowVersion":1,"memo":null}'
    _, schemas = msgspec.json.schema_components([View, Change])
    assert "additionalProperties" not in schemas["View"]
    assert schemas["Change"]["additionalProperties"] is False
