"""Discounts and charges of a document, tax inside of its prices, and taxes set by hand."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.facts.invoice_parts import TaxOverride
from domain.facts.lines import CommentLine, Line, Tax
from domain.invoice import Invoice
from domain.invoice_totals import amounts, totals
from domain.money import minor_units
from tests.domain.documents import CURRENCIES, SMALL, drafts, invoice, line, lines, taxes, texts

# ---------------------------------------------------------------- the document's discount


def test_a_discount_is_spread_over_the_taxes_by_largest_remainder() -> None:
    lines = (line("1", "33.33", "19"), line("1", "33.33", "7"), line("1", "33.33"))
    sums = totals(invoice(*lines, discount_amount="10"))
    assert [str(it) for it in (sums.lines, sums.discount, sums.charge)] == [
        "99.99",
        "10.00",
        "0.00",
    ]
    assert taxes(sums) == [
        ("0", "29.99", "0.00"),
        ("7", "30.00", "2.10"),
        ("19", "30.00", "5.70"),
    ]


def test_a_percentage_and_an_amount_are_rounded_together() -> None:
    terms = {"discount_percent": "3", "discount_amount": "0.004", "charge_percent": "1.5"}
    sums = totals(invoice(line("1", "0.5", "19"), **terms))
    assert [str(it) for it in (sums.lines, sums.discount, sums.charge, sums.net)] == [
        *("0.50", "0.02", "0.01", "0.49")
    ]


def test_an_amount_is_not_taken_off_what_is_given_back() -> None:
    sums = totals(invoice(line("1", "100", "19"), line("-1", "99", "7"), discount_amount="5"))
    assert taxes(sums) == [("7", "-99.00", "-6.93"), ("19", "95.00", "18.05")]
    cents = (line("1", "0.01", "19"), line("-1", "0.01", "7"), line("-1", "0.01", "5"))
    assert [base for _, base, _ in taxes(totals(invoice(*cents, discount_amount="0.02")))] == [
        *("-0.01", "-0.01", "-0.01")
    ]


def test_what_is_free_bears_a_charge_alike() -> None:
    sums = totals(invoice(line("1", "0", "19"), line("1", "0", "7"), charge_amount="0.03"))
    assert [(base, amount) for _, base, amount in taxes(sums)] == [
        ("0.02", "0.00"),
        ("0.01", "0.00"),
    ]


# ---------------------------------------------------------------- tax inside of prices


def test_where_prices_include_tax_what_is_to_be_paid_is_fixed() -> None:
    found = amounts(invoice(*[line("1", "9.99", "19")] * 3, price_includes_tax=True))
    assert texts(found.totals) == ["25.18", "4.79", "29.97"]
    assert [str(it) for it in found.nets] == ["8.40", "8.39", "8.39"]


def test_a_tax_may_be_inside_of_the_price_while_another_is_not() -> None:
    both = (Tax(rate=Decimal(5), included=True), Tax(rate=Decimal(7)))
    sums = totals(invoice(replace(line("1", "105"), taxes=both)))
    assert texts(sums) == ["100.00", "12.00", "112.00"]
    turned = tuple(replace(it, included=not it.included) for it in both[::-1])
    assert texts(totals(invoice(replace(line("1", "107"), taxes=turned)))) == [
        *("100.00", "12.00", "112.00")
    ]


def test_several_taxes_inside_of_a_price_sum_to_what_it_leaves() -> None:
    sums = totals(invoice(line("1", "10", "5", "9.975", "1"), price_includes_tax=True))
    assert texts(sums) == ["8.62", "1.38", "10.00"]
    assert taxes(sums) == [("1", "8.62", "0.09"), ("5", "8.62", "0.43"), ("9.975", "8.62", "0.86")]


def test_a_discount_of_prices_with_tax_is_shown_without_it() -> None:
    sums = totals(invoice(line("1", "119", "19"), price_includes_tax=True, discount_amount="11.90"))
    assert texts(sums) == ["90.00", "17.10", "107.10"]
    assert [str(it) for it in (sums.lines, sums.discount, sums.charge)] == [
        *("100.00", "10.00", "0.00")
    ]


# ---------------------------------------------------------------- taxes set by hand


def override(amount: str, rate: str = "19", code: str | None = None) -> TaxOverride:
    return TaxOverride(
        id="ovr",
        category="S",
        rate=Decimal(rate),
        amount=Decimal(amount),
        reason="As agreed",
        exemption_code=code,
    )


def test_a_tax_that_is_set_by_hand_is_added_instead_of_the_computed_one() -> None:
    lines = (line("1", "100", "19"), line("1", "100", "7"))
    sums = totals(invoice(*lines, overrides=(override("18.999"), override("1", code="other"))))
    assert texts(sums) == ["200.00", "26.00", "226.00"]
    assert [it.override for it in sums.taxes] == [None, "As agreed"]


def test_a_tax_inside_of_a_price_that_is_set_by_hand_leaves_what_is_to_be_paid() -> None:
    draft = invoice(
        *(line("1", "119", "19"), line("1", "238", "19")),
        price_includes_tax=True,
        overrides=(override("56.97"),),
    )
    found = amounts(draft)
    assert texts(found.totals) == ["300.03", "56.97", "357.00"]
    assert [str(it) for it in found.nets] == ["100.01", "200.02"]
    off = totals(replace(draft, discount_percent=Decimal(10)))
    assert str(off.gross) == "321.30"
    assert (str(off.tax), str(off.discount)) == ("56.97", "30.00")


def test_a_tax_of_which_a_part_is_inside_of_prices_takes_the_change_on_top() -> None:
    inside = replace(line("1", "119"), taxes=(Tax(rate=Decimal(19), included=True),))
    sums = totals(invoice(inside, line("1", "100", "19"), overrides=(override("40"),)))
    assert texts(sums) == ["200.00", "40.00", "240.00"]


@given(drafts(), SMALL)
def test_a_tax_that_is_set_by_hand_changes_nothing_else_that_is_fixed(
    draft: Invoice, amount: Decimal
) -> None:
    before = totals(draft)
    if not before.taxes:
        return
    tax = before.taxes[0]
    by_hand = TaxOverride(
        id="ovr",
        category=tax.category,
        rate=tax.rate,
        amount=amount,
        reason="As agreed",
        exemption_code=tax.exemption_code,
    )
    after = totals(replace(draft, overrides=(by_hand,)))
    assert minor_units(after.taxes[0].amount, draft.currency) == minor_units(amount, draft.currency)
    assert after.taxes[0].override == "As agreed"
    inside = [
        draft.price_includes_tax if it.included is None else it.included
        for one in draft.lines
        for it in getattr(one, "taxes", ())
    ]
    if not any(inside):
        assert after.net == before.net
    if len(before.taxes) == 1 and inside and all(inside) and _has_taxes(draft):
        assert after.gross == before.gross


def _has_taxes(draft: Invoice) -> bool:
    return all(getattr(it, "taxes", (it,)) for it in draft.lines)


# ---------------------------------------------------------------- with and without tax agree


@given(
    st.lists(st.decimals(-1000, 1000, places=4), min_size=1, max_size=5),
    st.decimals(0, 100, places=4),
    CURRENCIES,
)
def test_the_gross_of_one_tax_as_a_price_gives_the_same_net_and_tax(
    prices: list[Decimal], rate: Decimal, currency: str | None
) -> None:
    without = totals(invoice(*(line("1", f"{it}", f"{rate}") for it in prices), currency=currency))
    priced = line("1", f"{without.gross}", f"{rate}")
    within = totals(invoice(priced, currency=currency, price_includes_tax=True))
    assert texts(within) == texts(without)


@given(drafts(lines(SMALL), discount_percent=st.none(), discount_amount=st.none()))
def test_what_is_to_be_paid_is_the_sum_of_prices_that_include_all_taxes(draft: Invoice) -> None:
    inside = replace(
        draft,
        charge_percent=None,
        charge_amount=None,
        lines=tuple(_all_inside(it) for it in draft.lines),
    )
    untaxed = replace(inside, lines=tuple(_without_taxes(it) for it in inside.lines))
    assert totals(inside).gross == totals(untaxed).gross


def _all_inside(one: Line) -> Line:
    if isinstance(one, CommentLine):
        return one
    return replace(one, taxes=tuple(replace(it, included=True) for it in one.taxes))


def _without_taxes(one: Line) -> Line:
    return one if isinstance(one, CommentLine) else replace(one, taxes=())


@given(drafts())
def test_discounts_fall_on_groups_to_the_last_minor_unit(draft: Invoice) -> None:
    sums = totals(replace(draft, price_includes_tax=False, lines=tuple(map(_one_tax, draft.lines))))
    bases = sum(Fraction(it.base) for it in sums.taxes)
    assert bases == Fraction(sums.lines) - Fraction(sums.discount) + Fraction(sums.charge)


def _one_tax(one: Line) -> Line:
    if isinstance(one, CommentLine):
        return one
    return replace(one, taxes=tuple(replace(it, included=False) for it in one.taxes[:1]))
