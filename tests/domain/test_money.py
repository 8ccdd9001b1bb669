from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import EXPONENTS, product, rounded, total
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
