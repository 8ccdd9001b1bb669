from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts.invoice import Line, TaxTotal, Totals
from domain.invoice import Invoice
from domain.invoice_totals import line_net, totals
from domain.money import EXPONENTS
from tests.domain.oracle import expected_sums, sums_of
from tests.strategies import decimals


def line(quantity: str | None, price: str | None, rate: str | None = None) -> Line:
    return Line(
        id=f"{quantity} x {price}",
        quantity=None if quantity is None else Decimal(quantity),
        unit_price=None if price is None else Decimal(price),
        tax_rate=None if rate is None else Decimal(rate),
    )


def invoice(*lines: Line, currency: str | None = "EUR") -> Invoice:
    return Invoice(currency=currency, lines=lines)


# Amounts about which users of other products argue, because a tax that is summed from rounded
# lines differs by a cent. A discount is written as the price or the line that comes to the same.
@pytest.mark.parametrize(
    ("lines", "net", "tax", "gross"),
    [
        ([line("16", "334.416", "22")], "5350.66", "1177.15", "6527.81"),  # 348.35 less 4 %
        ([line("1", "55.55", "23"), line("1", "11.11", "23")], "66.66", "15.33", "81.99"),
        (
            [
                *(line("1", "598.89", "8.5"), line("1", "329.84", "8.5")),
                *(line("-1", "59.89", "8.5"), line("-1", "32.98", "8.5")),
            ],
            *("835.86", "71.05", "906.91"),
        ),
        ([line("3", "0.335", "10")], "1.01", "0.10", "1.11"),
        ([line("1", "0.05", "10")] * 3, "0.15", "0.02", "0.17"),
        ([], "0.00", "0.00", "0.00"),
        ([line(None, "5", "19"), line("5", None, "19")], "0.00", "0.00", "0.00"),
    ],
)
def test_tax_is_rounded_once_on_the_sum_of_a_rate(
    lines: list[Line], net: str, tax: str, gross: str
) -> None:
    sums = totals(invoice(*lines))
    assert [str(sums.net), str(sums.tax), str(sums.gross)] == [net, tax, gross]


def test_tax_is_listed_by_rate_and_a_line_without_one_counts_as_untaxed() -> None:
    sums = totals(invoice(line("1", "100", "19"), line("1", "50"), line("2", "10", "7")))
    assert [(str(it.rate), str(it.base), str(it.amount)) for it in sums.taxes] == [
        ("0", "50.00", "0.00"),
        ("7", "20.00", "1.40"),
        ("19", "100.00", "19.00"),
    ]


@pytest.mark.parametrize(
    ("currency", "gross"), [("JPY", "4"), ("EUR", "2.98"), ("KWD", "2.975"), ("CLF", "2.9750")]
)
def test_the_currency_sets_the_digits_of_every_sum(currency: str, gross: str) -> None:
    assert str(totals(invoice(line("1", "2.5", "19"), currency=currency)).gross) == gross


def test_a_line_that_lacks_its_quantity_or_price_comes_to_nothing_yet() -> None:
    assert [str(line_net(it, "EUR")) for it in (line(None, "5"), line("5", None))] == ["0.00"] * 2


def test_a_posted_invoice_keeps_the_sums_it_was_posted_with() -> None:
    posted = Totals(net=Decimal(1), tax=Decimal(2), gross=Decimal(3), taxes=())
    assert totals(Invoice(lines=(line("9", "9", "9"),), posted_totals=posted)) == posted


def test_the_largest_amounts_that_can_be_sent_are_summed_to_the_cent() -> None:
    largest = "999999999999999.99"
    sums = totals(invoice(line(largest, largest, "19"), line("1", "0.01")))
    assert str(sums.net) == "999999999999999980000000000000.01"
    assert str(sums.gross) == "1189999999999999976200000000000.01"
    assert sums.taxes[0] == TaxTotal(rate=Decimal(0), base=Decimal("0.01"), amount=Decimal("0.00"))


LINES = st.builds(
    Line,
    id=st.just("lin"),
    quantity=st.none() | decimals(),
    unit_price=st.none() | decimals(),
    tax_rate=st.none()
    | st.sampled_from([Decimal(it) for it in ("0", "0.00", "7", "7.0", "19")])
    | decimals(0, 100),
)


@given(st.lists(LINES, max_size=8), st.sampled_from([*sorted(EXPONENTS), None]))
def test_sums_equal_those_of_an_independent_computation(
    lines: list[Line], currency: str | None
) -> None:
    sums = totals(invoice(*lines, currency=currency))
    assert sums_of(sums) == expected_sums(lines, currency)
    assert "E" not in str(sums.net) + str(sums.tax) + str(sums.gross)
