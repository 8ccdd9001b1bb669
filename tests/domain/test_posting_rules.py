"""Each rule of posting broken alone, all mixtures of broken rules, and the edges of rules."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import posting
from domain.account import ACCOUNT
from domain.errors import RuleBroken
from domain.facts.account import BalanceChanged
from domain.facts.customer import CustomerCreditLimitChanged
from domain.facts.invoice_parts import TaxOverride, Totals
from domain.facts.lines import Component, PackageLine, Tax
from domain.posting import post
from domain.posting.limits import has_card_number
from domain.posting.rules import ALWAYS
from domain.posting.taxes import check_sums
from tests.domain.posting_book import TODAY, Book, approved, item, priced, seen
from tests.domain.posting_flaws import Flaw
from tests.domain.posting_flaws_of_lines import FLAWS

D = Decimal


def broken(book: Book) -> list[tuple[str, str]]:
    """Code and place of every rule that the draft breaks, in order of code and place."""
    refusal = book.given().when(post, "inv_1", **book.asked).refuses(RuleBroken)
    assert all(it.detail.endswith((".", ")")) for it in refusal.violations)
    assert seen(book).violations == refusal.violations
    assert seen(book).changes == ()
    return sorted((it.code, it.pointer) for it in refusal.violations)


# ---------------------------------------------------------------- each alone, and all mixtures


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: flaw.name)
def test_a_rule_that_is_broken_alone_is_reported_alone(flaw: Flaw) -> None:
    book = Book()
    assert flaw.spoil(book) == broken(book)


def independent(flaws: list[Flaw]) -> list[Flaw]:
    """Those of the flaws that do not lay hands on what an earlier one did."""
    taken: set[str] = set()
    chosen = []
    for flaw in flaws:
        if not taken & flaw.slots:
            taken |= flaw.slots
            chosen.append(flaw)
    return chosen


@for_all(st.lists(st.sampled_from(FLAWS), min_size=1, unique=True).map(independent))
def test_any_mixture_of_broken_rules_is_reported_completely_and_nothing_else(
    flaws: list[Flaw],
) -> None:
    book = Book()
    expected = [it for flaw in flaws for it in flaw.spoil(book)]
    assert broken(book) == sorted(expected)


def test_an_invoice_without_lines_that_bill_is_refused() -> None:
    for lines in ([], Book().lines[-1:]):
        book = Book()
        book.lines = [*lines]
        assert broken(book) == [("P20", "/lines")]


def test_a_line_outside_of_the_invoices_period_is_refused() -> None:
    book = Book()
    book.header.update(period_start=TODAY, period_end=TODAY)
    before, after = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
    at = book.add(item("x", period_start=before, period_end=after))
    assert broken(book) == [("P13", f"{at}/periodEnd"), ("P13", f"{at}/periodStart")]


def test_a_discount_above_the_lines_makes_the_total_negative_as_well() -> None:
    book = Book()
    book.header.update(discount_amount=D(100_000), discount_reason="x")
    assert broken(book) == [("P26", "/discountAmount"), ("P51", "/totals/gross")]
    book.header.update(discount_amount=None, discount_percent=D(101))
    assert broken(book) == [("P26", "/discountPercent"), ("P51", "/totals/gross")]


def test_a_tax_of_three_decimals_is_found_even_where_the_sums_have_two() -> None:
    book = Book()
    book.header.update(currency="KWD", exchange_rate=D(3))
    book.customer.update(endpoint_id="9930:x", endpoint_scheme="0088")
    cheap = [item(rate, unit_price=D("0.1"), taxes=(Tax(rate=D(rate)),)) for rate in ("5", "15")]
    book.lines = [*cheap]
    assert broken(book) == [("P50", "/totals/taxes/0/amount")]


def test_a_refusal_names_what_to_do_instead() -> None:
    book = Book()
    book.add(item("x", discount_amount=D(-1), discount_reason="x"))
    book.add(item("y", charge_amount=D(-1), charge_reason="x"))
    half = Component(line_id="half", share_percent=D(50))
    book.add(item("half", package_id="more"))
    book.add(PackageLine(**priced("more", "9"), components=(half,)))
    assert [it.detail for it in seen(book).violations] == [
        "A discount cannot be negative: make it a charge.",
        "A charge cannot be negative: make it a discount.",
        "The components come to 50, the package to 100: make them agree. (sharePercent)",
    ]


def test_a_negative_discount_on_nothing_is_not_more_than_the_line() -> None:
    book = Book()
    at = book.add(item("x", quantity=D(0), discount_amount=D(-1), discount_reason="x"))
    assert broken(book) == [("P23", f"{at}/quantity"), ("P25", f"{at}/discountAmount")]


def test_a_tax_set_by_hand_where_none_is_due_is_refused() -> None:
    book = Book()
    book.add(item("x", taxes=(Tax(rate=D(0), category="Z"),)))
    book.overrides.append(
        TaxOverride(id="ovr_1", category="Z", rate=D(0), amount=D(1), reason="Agreed")
    )
    assert broken(book) == [("P48", "/overrides/0/amount")]


def test_a_line_is_a_component_of_one_package_only() -> None:
    book = Book()
    twice = Component(line_id="poker")
    at = book.add(PackageLine(**priced("more", "9"), components=(twice, twice)))
    assert broken(book) == [
        ("P30", "/lines/5/components/0/lineId"),
        ("P30", f"{at}/components"),
    ]
    book.add(item("own", package_id="more"))
    assert broken(book) == [
        ("P30", "/lines/5/components/0/lineId"),
        ("P30", f"{at}/components/0/lineId"),
        ("P30", f"{at}/components/1/lineId"),
    ]


def test_what_is_owed_in_the_invoices_currency_counts_at_its_rate() -> None:
    book = Book()
    book.header.update(currency="USD", exchange_rate=D("0.5"))
    base = seen(book).totals.base
    assert base is not None
    book.customer_later.append(CustomerCreditLimitChanged(limit=base.gross))
    assert seen(book).violations == ()
    cents = BalanceChanged(
        document_type="invoice",
        document_id="inv_0",
        amount=D("0.02"),
        currency="USD",
        balance=D("0.02"),
        dated=TODAY,
    )
    book.others.append((ACCOUNT("ACME"), [cents]))
    assert broken(book) == [("P60", "/totals/gross")]


def test_an_author_cannot_approve_alone_where_duties_are_separate() -> None:
    assert broken(approved(Book(), "ann")) == [("P03", "/approver")]
    alone = Book()
    alone.settings["separate_duties"] = False
    assert seen(approved(alone, "ann")).violations == ()


# ---------------------------------------------------------------- card numbers


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "x5555 5555 5555 4444x",
        "3782-822463-10005",
        "30569309025904",
        "6011111111111117",
        "3530111333300000",
        "2223003122003222",
        "Ref 12 4111 1111 1111 1111 03/29",
        "6200000000000005",
        "6205 5000 0000 0000 004",
        "36227206271667",
    ],
)
def test_a_card_number_is_found_however_it_is_grouped(text: str) -> None:
    assert has_card_number(text)


@pytest.mark.parametrize(
    "text", ["", "4111111111111112", "1234567812345670", "DE89370400440532013000", "4006381333931"]
)
def test_other_numbers_are_no_card_numbers(text: str) -> None:
    assert not has_card_number(text)


# ---------------------------------------------------------------- the table


def test_sums_that_disagree_are_named() -> None:
    one = D(1)
    right = Totals(net=one, tax=D(0), gross=one, taxes=(), lines=one, discount=D(0), charge=D(0))
    assert [*check_sums(right)] == []
    wrong = Totals(net=one, tax=one, gross=one, taxes=(), lines=D(0), discount=D(0), charge=D(0))
    assert [it.code for it in check_sums(wrong)] == ["P42", "P45", "P46"]


def test_every_rule_of_the_table_is_broken_by_some_test_or_is_always_so() -> None:
    here = Path(__file__).with_name("test_posting_edges.py").read_text(encoding="utf-8")
    here += Path(__file__).read_text(encoding="utf-8")
    planted = {code for flaw in FLAWS for code, _ in flaw.spoil(Book())}
    elsewhere = {"P01", "P02", "P70", "P71", "P72", "P73"}
    rest = {rule.code for rule in posting.RULES if rule.kind != ALWAYS} - planted - elsewhere
    assert [code for code in sorted(rest) if f'("{code}", "' not in here] == []
