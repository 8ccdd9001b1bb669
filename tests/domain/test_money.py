from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from operator import add, gt, lt, sub

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RuleBroken
from domain.money import (
    EXPONENTS,
    Money,
    difference,
    minor_units,
    negative,
    of_minor_units,
    product,
    quotient,
    rounded,
    times,
    total,
)
from tests.domain.oracle import rounded_half_up
from tests.strategies import decimals

CURRENCIES = st.sampled_from([*sorted(EXPONENTS), None])


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.005", "EUR", "0.01"),
        ("0.0049999999", "EUR", "0.00"),
        ("-0.005", "EUR", "-0.01"),
        ("1.015", "EUR", "1.02"),
        ("1.025", "EUR", "1.03"),
        ("12", "EUR", "12.00"),
        ("-0.004", "EUR", "0.00"),
        ("-0.4", "JPY", "0"),
        ("0.5", "JPY", "1"),
        ("2.5", "JPY", "3"),
        ("-2.5", "JPY", "-3"),
        ("1.0005", "KWD", "1.001"),
        ("-1.0005", "KWD", "-1.001"),
        ("0.00005", "CLF", "0.0001"),
        ("0.00015", "UYW", "0.0002"),
        ("1.005", None, "1.01"),
        ("1.005", "no currency", "1.01"),
    ],
)
def test_halves_are_rounded_away_from_zero_at_the_digits_of_the_currency(
    amount: str, currency: str | None, expected: str
) -> None:
    assert str(rounded(Decimal(amount), currency)) == expected


def test_currencies_have_the_digits_that_iso_4217_gives_them() -> None:
    assert [EXPONENTS[it] for it in ("EUR", "USD", "JPY", "ISK", "KWD", "TND", "CLF")] == [
        *(2, 2, 0, 0, 3, 3, 4)
    ]
    assert set(EXPONENTS.values()) == {0, 2, 3, 4}
    assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)


@pytest.mark.parametrize("withdrawn", ["HRK", "DEM", "SLL", "XAU", "XXX", "XTS"])
def test_what_is_not_in_use_as_money_is_no_currency(withdrawn: str) -> None:
    assert withdrawn not in EXPONENTS


@given(decimals(), CURRENCIES)
def test_rounding_agrees_with_rounding_in_fractions(amount: Decimal, currency: str | None) -> None:
    result = rounded(amount, currency)
    assert Fraction(result) == rounded_half_up(Fraction(amount), currency)
    assert rounded(result, currency) == result


@given(st.lists(decimals(), min_size=1, max_size=3))
def test_a_product_is_exact(factors: list[Decimal]) -> None:
    exact = Fraction(1)
    for factor in factors:
        exact *= Fraction(factor)
    assert Fraction(product(*factors)) == exact


@given(st.lists(st.tuples(decimals(), decimals()), max_size=20))
def test_a_total_of_products_is_exact_and_its_order_does_not_matter(
    pairs: list[tuple[Decimal, Decimal]],
) -> None:
    products = [product(quantity, price) for quantity, price in pairs]
    exact = sum((Fraction(one) * Fraction(other) for one, other in pairs), Fraction(0))
    assert Fraction(total(products)) == exact
    assert total(products) == total(products[::-1])


@given(decimals(), decimals(), CURRENCIES)
def test_an_amount_is_never_written_with_an_exponent(
    quantity: Decimal, price: Decimal, currency: str | None
) -> None:
    amount = rounded(product(quantity, price), currency)
    assert "E" not in f"{amount!s}{total([amount, amount])!s}{total([quantity, price])!s}".upper()


def test_no_setting_of_the_program_changes_an_amount() -> None:
    with localcontext(prec=3):
        assert str(product(Decimal("1234.567"), Decimal(100))) == "123456.700"
        assert str(total([Decimal("1234.567"), Decimal("0.001")])) == "1234.568"
        assert str(rounded(Decimal("1234.565"), "EUR")) == "1234.57"
        assert str(times(Decimal("1234.567"), Decimal(3))) == "3703.701"
        assert str(difference(Decimal("1234.567"), Decimal("0.001"))) == "1234.566"
        assert str(negative(Decimal("1234.567"))) == "-1234.567"
        assert str(rounded(quotient(Decimal("1234.567"), Decimal(3)), "EUR")) == "411.52"
        assert str(Money(Decimal("1234.56"), "EUR") + Money(Decimal("0.01"), "EUR")) == str(
            Money(Decimal("1234.57"), "EUR")
        )


@given(decimals(), decimals(1, 10**15 - 1), CURRENCIES)
def test_a_quotient_is_rounded_as_the_exact_one(
    dividend: Decimal, divisor: Decimal, currency: str | None
) -> None:
    exact = Fraction(dividend) / Fraction(divisor)
    assert Fraction(rounded(quotient(dividend, divisor), currency)) == rounded_half_up(
        exact, currency
    )


@given(decimals(), CURRENCIES)
def test_minor_units_are_the_rounded_amount(amount: Decimal, currency: str | None) -> None:
    exact = rounded(amount, currency)
    units = minor_units(amount, currency)
    assert str(of_minor_units(units, currency)) == str(exact)


# ---------------------------------------------------------------- the type


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def test_money_is_added_compared_and_negated_like_the_amount_it_is() -> None:
    assert euros("1.50") + euros("2") - euros("0.75") == euros("2.75")
    assert -euros("1") == euros("-1")
    assert euros("1") < euros("1.01")
    assert not euros("1") < euros("1.00")
    assert euros("2") > euros("1.99")
    assert not euros("2") > euros("2")
    assert min(euros("2"), euros("1")) == euros("1")
    assert [bool(euros("0")), bool(euros("0.01"))] == [False, True]
    assert Money.rounded(Decimal("0.5"), "JPY") == Money(Decimal(1), "JPY")
    assert str(euros("1.5")) == "1.50 EUR"


def test_money_is_written_at_the_digits_of_its_currency() -> None:
    assert [str(it.amount) for it in (euros("1"), euros("1.000"), -euros("0"))] == [
        *("1.00", "1.00", "0.00")
    ]
    assert hash(euros("1")) == hash(euros("1.00"))


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        *(("0.001", "EUR"), ("0.5", "JPY"), ("0.00001", "CLF"), ("0.001", "no currency")),
        *(("NaN", "EUR"), ("sNaN", "EUR"), ("Infinity", "EUR")),
    ],
)
def test_money_has_no_more_digits_than_its_currency(amount: str, currency: str) -> None:
    with pytest.raises(RuleBroken, match=currency) as raised:
        Money(Decimal(amount), currency)
    assert [(it.code, it.pointer) for it in raised.value.violations] == [
        ("amount-digits", "/amount")
    ]


@pytest.mark.parametrize("operator", [add, sub, lt, gt])
def test_currencies_do_not_mix(operator: Callable[[Money, Money], object]) -> None:
    with pytest.raises(RuleBroken, match="EUR and USD do not mix") as raised:
        operator(euros("1"), Money(Decimal(1), "USD"))
    assert [(it.code, it.pointer) for it in raised.value.violations] == [
        ("currencies-mixed", "/currency")
    ]


def test_money_cannot_be_changed() -> None:
    money = euros("1")
    with pytest.raises(AttributeError):
        money.amount = Decimal(2)  # type: ignore[misc] # that is what is tested
