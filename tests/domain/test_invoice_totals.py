from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from domain.amounts.line import discount_exceeds
from domain.amounts.plain import plain_amounts
from domain.facts.invoice_parts import TaxTotal, Totals
from domain.facts.lines import CommentLine, Line, Tax
from domain.invoice import Invoice
from domain.invoice_totals import amounts, any_amounts, line_nets, totals
from domain.money import difference, total
from tests.domain.documents import (
    drafts,
    invoice,
    line,
    odd_drafts,
    packaged,
    taxes,
    texts,
)
from tests.domain.oracle import expected, sums_of


# Amounts about which users of other products argue, because a tax that is summed from rounded
# lines differs by a cent.
@pytest.mark.parametrize(
    ("lines", "net", "tax", "gross"),
    [
        ([line("16", "348.35", "22", discount_percent="4")], "5350.66", "1177.15", "6527.81"),
        ([line("1", "55.55", "23"), line("1", "11.11", "23")], "66.66", "15.33", "81.99"),
        (
            [
                line("1", "598.89", "8.5", discount_amount="59.89"),
                line("1", "329.84", "8.5", discount_amount="32.98"),
            ],
            *("835.86", "71.05", "906.91"),
        ),
        (
            [
                *(line("1", "598.89", "8.5"), line("1", "329.84", "8.5")),
                *(line("-1", "59.89", "8.5"), line("-1", "32.98", "8.5")),
            ],
            *("835.86", "71.05", "906.91"),
        ),
        ([line("3", "0.335", "10")], "1.01", "0.10", "1.11"),
        ([line("1", "0.05", "10")] * 3, "0.15", "0.02", "0.17"),
        ([line("1", "100", "19", discount_percent="100")], "0.00", "0.00", "0.00"),
        ([line("-2", "9.99", "19")], "-19.98", "-3.80", "-23.78"),
        ([line("0.015", "1", "19")] * 1000, "20.00", "3.80", "23.80"),
        ([], "0.00", "0.00", "0.00"),
        ([line(None, "5", "19"), line("5", None, "19")], "0.00", "0.00", "0.00"),
    ],
)
def test_tax_is_rounded_once_on_the_sum_of_a_rate(
    lines: list[Line], net: str, tax: str, gross: str
) -> None:
    assert texts(totals(invoice(*lines))) == [net, tax, gross]


def test_tax_is_listed_by_rate_and_a_line_without_one_counts_as_untaxed() -> None:
    sums = totals(invoice(line("1", "100", "19"), line("1", "50"), line("2", "10", "7")))
    assert taxes(sums) == [
        ("0", "50.00", "0.00"),
        ("7", "20.00", "1.40"),
        ("19", "100.00", "19.00"),
    ]
    assert [it.category for it in sums.taxes] == ["Z", "S", "S"]


def test_tax_is_summed_by_category_and_exemption_as_well() -> None:
    zero: dict[str, Any] = {"rate": Decimal(0), "category": "E"}
    exempt = [
        Tax(**zero, exemption_code="VATEX-EU-132"),
        Tax(**zero, exemption_text="Education"),
        Tax(**zero, exemption_code="VATEX-EU-132", jurisdiction="elsewhere"),
        Tax(rate=Decimal(0), category="Z"),
    ]
    lines = (replace(line("1", f"{2**n}"), taxes=(tax,)) for n, tax in enumerate(exempt))
    found = totals(invoice(*lines)).taxes
    assert [(it.category, it.exemption_code, it.exemption_text, str(it.base)) for it in found] == [
        ("E", None, "Education", "2.00"),
        ("E", "VATEX-EU-132", None, "5.00"),
        ("Z", None, None, "8.00"),
    ]


def test_three_taxes_of_a_line_are_each_computed_on_its_net() -> None:
    sums = totals(invoice(line("3", "33.33", "5", "9.975", "1"), line("1", "10", "5")))
    assert texts(sums) == ["109.99", "16.47", "126.46"]
    assert taxes(sums) == [
        ("1", "99.99", "1.00"),
        ("5", "109.99", "5.50"),
        ("9.975", "99.99", "9.97"),
    ]


@pytest.mark.parametrize(
    ("currency", "gross"), [("JPY", "4"), ("EUR", "2.98"), ("KWD", "2.975"), ("CLF", "2.9750")]
)
def test_the_currency_sets_the_digits_of_every_sum(currency: str, gross: str) -> None:
    sums = totals(invoice(line("1", "2.5", "19"), currency=currency))
    assert str(sums.gross) == gross
    digits = {it.as_tuple().exponent for it in (sums.net, sums.tax, sums.lines, sums.discount)}
    assert digits == {sums.gross.as_tuple().exponent}


@pytest.mark.parametrize(
    ("terms", "net"),
    [
        ({"discount_percent": "33.3333"}, "6.67"),
        ({"discount_amount": "0.005"}, "10.00"),
        ({"discount_amount": "0.0051"}, "9.99"),
        ({"discount_percent": "10", "discount_amount": "1", "charge_amount": "0.5"}, "8.50"),
        ({"price_quantity": "3"}, "3.33"),
        ({"price_quantity": "0"}, "10.00"),
        ({"price_quantity": "3", "discount_percent": "99.85"}, "0.01"),
        ({"price_quantity": "-4"}, "-2.50"),
    ],
)
def test_a_line_is_rounded_once_after_its_discount_and_charge(
    terms: dict[str, Any], net: str
) -> None:
    assert [str(it) for it in line_nets(invoice(line("2", "5", "19", **terms)))] == [net]


@pytest.mark.parametrize(
    ("terms", "exceeds"),
    [
        ({}, False),
        ({"discount_percent": "100"}, False),
        ({"discount_percent": "100", "discount_amount": "0.01"}, True),
        ({"discount_amount": "10.01"}, True),
        ({"discount_amount": "10"}, False),
        ({"discount_amount": "10.01", "charge_amount": "5"}, True),
        ({"discount_amount": "2.51", "price_quantity": "4"}, True),
        ({"discount_amount": "2.5", "price_quantity": "4"}, False),
    ],
)
def test_a_discount_is_at_most_the_line(terms: dict[str, Any], *, exceeds: bool) -> None:
    assert discount_exceeds(line("2", "5", "19", **terms)) == exceeds


def test_what_is_free_or_has_no_price_bears_no_discount() -> None:
    assert discount_exceeds(line("1", "0", discount_amount="1"))
    assert discount_exceeds(line("-1", "5", discount_percent="101"))
    assert not discount_exceeds(line("-1", "5", discount_amount="1"))
    assert not discount_exceeds(line("-1", "5", discount_percent="50"))


def test_comments_and_lines_that_lack_quantity_or_price_come_to_nothing() -> None:
    them = (line(None, "5", charge_amount="3"), line("5", None), CommentLine(id="text"))
    assert [str(it) for it in line_nets(invoice(*them))] == ["0.00"] * 3
    assert len(totals(invoice(CommentLine(id="text"))).taxes) == 0


def test_a_posted_invoice_keeps_the_amounts_it_was_posted_with() -> None:
    kept = Totals(
        net=Decimal(1),
        tax=Decimal(2),
        gross=Decimal(3),
        taxes=(),
        lines=Decimal(1),
        discount=Decimal(0),
        charge=Decimal(0),
    )
    posted = invoice(line("9", "9", "9"), posted_totals=kept, posted_nets=(Decimal(7),))
    assert (totals(posted), line_nets(posted)) == (kept, (Decimal(7),))
    assert amounts(posted).nets == (Decimal(7),)
    assert amounts(replace(posted, posted_nets=())).nets == (Decimal("81.00"),)
    assert amounts(replace(posted, posted_nets=())).totals == kept


def test_the_largest_amounts_that_can_be_sent_are_summed_to_the_cent() -> None:
    largest = "999999999999999.99"
    sums = totals(invoice(line(largest, largest, "19"), line("1", "0.01")))
    assert str(sums.net) == "999999999999999980000000000000.01"
    assert str(sums.gross) == "1189999999999999976200000000000.01"
    assert sums.taxes[0] == TaxTotal(
        rate=Decimal(0), category="Z", base=Decimal("0.01"), amount=Decimal("0.00")
    )


# ---------------------------------------------------------------- the book's currency


def test_sums_in_the_currency_of_the_book_are_converted_once_each() -> None:
    draft = invoice(
        line("1", "0.05", "19"),
        currency="USD",
        exchange_rate="0.5",
        exchange_date=date(2026, 11, 20),
    )
    base = totals(draft, "EUR").base
    assert base is not None
    assert [str(it) for it in (base.net, base.tax, base.gross)] == ["0.02", "0.01", "0.03"]
    assert (base.currency, str(base.rate), base.rate_date) == ("EUR", "0.5", date(2026, 11, 20))


def test_sums_have_no_other_currency_before_the_rate_and_its_day_are_known() -> None:
    draft = invoice(line("1", "5"), currency="USD", exchange_rate="0.5")
    assert totals(draft, "EUR").base is None
    dated = replace(draft, issue_date=date(2026, 11, 21))
    base = totals(dated, "EUR").base
    assert base is not None
    assert base.rate_date == date(2026, 11, 21)
    for other in ("USD", None, "no currency"):
        assert totals(dated, other).base is None
    assert totals(replace(dated, exchange_rate=None), "EUR").base is None


# ---------------------------------------------------------------- any document


@given(drafts())
def test_amounts_equal_those_of_an_independent_computation(draft: Invoice) -> None:
    found = amounts(draft)
    wanted = expected(draft)
    assert [Fraction(it) for it in found.nets] == wanted.pop("nets")
    assert sums_of(found.totals) == wanted


@given(drafts() | packaged())
def test_sums_agree_with_each_other(draft: Invoice) -> None:
    found = amounts(draft)
    sums = found.totals
    parts = [Fraction(it) for it in (sums.lines, -sums.discount, sums.charge)]
    assert sum(parts) == Fraction(sums.net)
    assert Fraction(sums.net) + Fraction(sums.tax) == Fraction(sums.gross)
    assert sum(Fraction(it) for it in found.nets) == Fraction(sums.lines)
    assert sum(Fraction(it.amount) for it in sums.taxes) == Fraction(sums.tax)
    if all(len(getattr(it, "taxes", ())) <= 1 for it in draft.lines):
        assert sum(Fraction(it.base) for it in sums.taxes) == Fraction(sums.net)
    assert "E" not in f"{sums.net}{sums.tax}{sums.gross}{sums.discount}".upper()


@given(odd_drafts())
def test_no_draft_is_too_odd_to_be_summed(draft: Invoice) -> None:
    sums = totals(draft, "EUR")
    more = total([sums.lines, sums.charge, sums.tax])
    assert difference(more, sums.discount) == sums.gross


@given(drafts())
def test_the_shortcut_for_plain_documents_computes_what_the_long_way_does(draft: Invoice) -> None:
    plain = plain_amounts(draft)
    if plain is not None:
        assert plain == any_amounts(draft)


@given(drafts())
def test_the_order_of_the_lines_changes_no_sum(draft: Invoice) -> None:
    assert totals(draft) == totals(replace(draft, lines=draft.lines[::-1]))
