from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from domain.amounts.packages import billed_lines, package_fractions
from domain.facts.lines import CommentLine, Component, ItemLine, Line, PackageLine, Tax
from domain.invoice import Invoice
from domain.invoice_totals import line_nets, totals
from tests.domain.documents import invoice, line, packaged, taxes


def package(price: str, *components: Component, **terms: Any) -> PackageLine:
    quantity = Decimal(terms.pop("quantity", "1"))
    return PackageLine(
        id="package",
        quantity=quantity,
        unit_price=Decimal(price),
        components=components,
        **terms,
    )


def inside(id_: str, price: str | None, rate: str, **terms: Any) -> ItemLine:
    return replace(line("1", price, rate, **terms), id=id_, package_id="package")


def component(id_: str, percent: str | None = None, amount: str | None = None) -> Component:
    return Component(
        line_id=id_,
        share_percent=None if percent is None else Decimal(percent),
        amount=None if amount is None else Decimal(amount),
    )


OVEN, HOOD = inside("oven", "600", "19"), inside("hood", "300", "7")


def bases(*lines: Line) -> dict[str, str]:
    return {rate: base for rate, base, _ in taxes(totals(invoice(*lines)))}


def test_what_is_inside_of_a_package_counts_through_its_price() -> None:
    lines = (package("750", taxes=(Tax(rate=Decimal(19)),)), OVEN, HOOD, line("1", "10", "19"))
    assert [str(it) for it in line_nets(invoice(*lines))] == ["750.00", "0.00", "0.00", "10.00"]
    assert bases(*lines) == {"19": "760.00"}


def test_a_package_without_taxes_is_taxed_as_its_components_by_their_prices() -> None:
    assert bases(package("750"), OVEN, HOOD) == {"19": "500.00", "7": "250.00"}
    assert bases(package("100"), OVEN, HOOD) == {"19": "66.67", "7": "33.33"}


@pytest.mark.parametrize(
    ("components", "oven", "hood"),
    [
        ([component("oven", percent="75"), component("hood", percent="25")], "562.50", "187.50"),
        ([component("oven", amount="700"), component("hood", amount="50")], "700.00", "50.00"),
        ([component("oven", amount="700")], "700.00", "50.00"),
        ([component("oven", percent="10")], "75.00", "675.00"),
        ([component("oven", percent="50"), component("hood", amount="375")], "375.00", "375.00"),
        # What does not add up is taken in proportion; posting refuses it.
        ([component("oven", percent="50"), component("hood", percent="25")], "500.00", "250.00"),
        ([component("oven", percent="150")], "750.00", "0.00"),
        ([component("oven", percent="0"), component("hood", percent="0")], "375.00", "375.00"),
    ],
)
def test_components_may_have_a_share_of_their_own(
    components: list[Component], oven: str, hood: str
) -> None:
    assert bases(package("750", *components), OVEN, HOOD) == {"19": oven, "7": hood}


def test_a_list_price_weighs_before_the_price() -> None:
    listed = replace(OVEN, list_price=Decimal(900), unit_price=Decimal(0))
    assert bases(package("120"), listed, HOOD) == {"19": "90.00", "7": "30.00"}


def test_components_without_any_price_have_equal_shares() -> None:
    lines = (package("100", quantity="2"), inside("a", None, "19"), inside("b", "0", "7"))
    assert bases(*lines) == {"19": "100.00", "7": "100.00"}


def test_a_line_is_in_a_package_that_lists_it_or_that_it_names() -> None:
    listed = replace(OVEN, package_id=None)
    assert bases(package("750", component("oven"), component("hood")), listed, HOOD) == {
        "19": "500.00",
        "7": "250.00",
    }
    elsewhere = replace(OVEN, package_id="gone")
    assert bases(package("750"), elsewhere, HOOD) == {"19": "600.00", "7": "750.00"}


def test_a_package_is_never_inside_of_another_one() -> None:
    outer = replace(package("100"), id="outer", package_id="package")
    them = (outer, package("50", component("outer"), component("text")), CommentLine(id="text"))
    assert [str(it) for it in line_nets(invoice(*them))] == ["100.00", "50.00", "0.00"]
    assert bases(*them) == {"0": "150.00"}


@given(packaged())
def test_the_shares_of_components_are_the_whole(draft: Invoice) -> None:
    items = [it for it in draft.lines if isinstance(it, ItemLine)]
    for it in draft.lines:
        if isinstance(it, PackageLine) and items:
            assert sum(package_fractions(it, items)) == 1


@given(packaged())
def test_only_lines_that_are_billed_count(draft: Invoice) -> None:
    nets = line_nets(draft)
    billed = billed_lines(draft.lines)
    assert all(net == 0 for index, net in enumerate(nets) if index not in billed)
