from decimal import Decimal
from typing import Any

import pytest

from domain import book_settings
from domain.aggregate import fold
from domain.book_settings import DEFAULTS, SETTINGS, settings_of
from domain.errors import RuleBroken
from domain.facts.settings import BookSettings, SeriesRule, SettingsChanged
from tests.given import given, given_streams

KEPT_IN_EUROS = SettingsChanged(to=BookSettings(base_currency="EUR"), fields=("base_currency",))


def to(**fields: Any) -> tuple[BookSettings, tuple[str, ...]]:
    return BookSettings(**fields), tuple(fields)


def rule(**fields: Any) -> SeriesRule:
    return SeriesRule(**{"type": "Sales", "format": "S-{year}-{number}", **fields})


def problems(book: BookSettings, **fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(RuleBroken) as raised:
        book_settings.change(book, *to(**fields))
    return [(it.code, it.pointer) for it in raised.value.violations]


def test_a_book_has_the_defaults_until_somebody_changes_them() -> None:
    assert settings_of(given_streams().read) == BookSettings()
    book = given_streams((SETTINGS("book"), [KEPT_IN_EUROS]))
    assert settings_of(book.read) == BookSettings(base_currency="EUR")


def test_the_defaults_are_those_of_careful_people() -> None:
    assert (
        BookSettings(
            time_zone="UTC",
            payment_days=30,
            days_ahead=31,
            duplicate_days=30,
            separate_duties=True,
            credit_check="refuse",
            small_difference=Decimal("0.05"),
            auto_release=False,
            voiding=True,
            periods_required=False,
            customer_locked=False,
        )
        == DEFAULTS
    )


def test_a_change_names_only_what_becomes_different() -> None:
    wanted, fields = to(base_currency="EUR", payment_days=14)
    history = given(SETTINGS, KEPT_IN_EUROS)
    history.when(book_settings.change, wanted, fields).then(
        SettingsChanged(to=wanted, fields=("payment_days",))
    )
    history.when(book_settings.change, *to(base_currency="EUR")).changes_nothing()


def test_the_currency_of_the_book_is_chosen_once() -> None:
    wanted, fields = to(base_currency="EUR")
    chosen = book_settings.change(DEFAULTS, wanted, fields)
    assert chosen == [SettingsChanged(to=wanted, fields=fields)]
    kept = BookSettings(base_currency="EUR")
    for other in ("USD", None):
        found = problems(kept, base_currency=other)
        assert found == [("settings-base-currency", "/baseCurrency")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"base_currency": "EURO"}, [("settings-currency", "/baseCurrency")]),
        ({"currencies": ("USD", "DEM")}, [("settings-currency", "/currencies/1")]),
        ({"time_zone": "Europe/Bonn"}, [("settings-time-zone", "/timeZone")]),
        ({"credit_check": "maybe"}, [("settings-credit-check", "/creditCheck")]),
        ({"approval_limit": Decimal("-0.01")}, [("settings-limit", "/approvalLimit")]),
        ({"small_difference": Decimal(-1)}, [("settings-limit", "/smallDifference")]),
        ({"payment_days": -1}, [("settings-limit", "/paymentDays")]),
        ({"days_ahead": -1}, [("settings-limit", "/daysAhead")]),
        ({"duplicate_days": -1}, [("settings-limit", "/duplicateDays")]),
        ({"series": (rule(type="Estimate"),)}, [("settings-series", "/series/0/type")]),
        (
            {"time_zone": "", "payment_days": -1},
            [("settings-time-zone", "/timeZone"), ("settings-limit", "/paymentDays")],
        ),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    fields: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert problems(DEFAULTS, **fields) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"currencies": ("USD", "JPY")},
        {"time_zone": "Europe/Berlin"},
        {"credit_check": "warn"},
        {"credit_check": "off"},
        {"approval_limit": Decimal(0), "small_difference": Decimal(0)},
        {"payment_days": 0, "days_ahead": 0, "duplicate_days": 0},
        {"series": (rule(), rule(branch="KOLN", format="K-{year}-{number}"))},
        {"series": (rule(type="Service", format="R-{year}-{number}"),)},
        {"series": (rule(type="Warranty", format="W-{year}-{number}"),)},
        {"series": (rule(type="Credit", format="C-{year}-{number}"),)},
    ],
)
def test_a_setting_may_go_to_its_limit(fields: dict[str, Any]) -> None:
    wanted, names = to(**fields)
    facts = book_settings.change(DEFAULTS, wanted, names)
    assert fold(SETTINGS, facts) == wanted


def test_a_type_has_one_rule_a_branch() -> None:
    twice = (rule(), rule(format="T-{year}-{number}"))
    assert ("settings-series", "/series/1") in problems(DEFAULTS, series=twice)
    assert ("settings-series", "/series/0") not in problems(DEFAULTS, series=twice)


def test_the_format_of_every_rule_is_looked_at() -> None:
    wrong = (rule(), rule(branch="KOLN", format="K-{year}"))
    assert ("settings-series", "/series/1/format") in problems(DEFAULTS, series=wrong)
    alike = (rule(), rule(type="Service", format="S-{year}-{number:03}"))
    assert problems(DEFAULTS, series=alike) == [("settings-series", "/series/1/format")]
