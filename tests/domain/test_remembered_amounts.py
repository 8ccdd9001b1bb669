"""Amounts are computed once for states that follow from one another, and never believed wrongly."""

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.amounts.document import Memo
from domain.facts.invoice_parts import TaxOverride
from domain.facts.lines import ItemLine, Line, Tax
from domain.invoice import Invoice, available_actions
from domain.invoice.guard import COMMANDS, OBSTACLES
from domain.invoice.state import STATUSES
from domain.invoice_totals import amounts


def lines_of(prices: list[int]) -> tuple[Line, ...]:
    taxes = (Tax(rate=Decimal(19)),)
    return tuple(
        ItemLine(id=f"lin_{n}", quantity=Decimal(1), unit_price=Decimal(price), taxes=taxes)
        for n, price in enumerate(prices)
    )


AMOUNT = st.none() | st.integers(0, 30).map(Decimal)
CHANGES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"lines": st.lists(st.integers(0, 99), max_size=3).map(lines_of)}),
    st.fixed_dictionaries({"currency": st.sampled_from(["EUR", "JPY", "KWD", None])}),
    st.fixed_dictionaries({"price_includes_tax": st.booleans()}),
    *(
        st.fixed_dictionaries({name: AMOUNT})
        for name in ("discount_percent", "discount_amount", "charge_percent", "charge_amount")
    ),
    st.fixed_dictionaries(
        {
            "overrides": st.integers(0, 9).map(
                lambda n: (
                    TaxOverride(
                        id="ovr_1",
                        category="S",
                        rate=Decimal(19),
                        amount=Decimal(n),
                        reason="R",
                    ),
                )
            )
        }
    ),
    st.fixed_dictionaries({"reference": st.text(max_size=3)}),
)


@given(st.lists(CHANGES, max_size=15))
def test_what_is_remembered_is_what_would_be_computed(changes: list[dict[str, Any]]) -> None:
    invoice = Invoice(currency="EUR", lines=lines_of([10, 20]))
    for change in changes:
        amounts(invoice)
        invoice = msgspec.structs.replace(invoice, **change)
        assert amounts(invoice) == amounts(msgspec.structs.replace(invoice, remembered=Memo()))


def test_a_change_that_leaves_the_sums_alone_does_not_compute_them_again() -> None:
    invoice = Invoice(currency="EUR", lines=lines_of([10, 20]))
    computed = amounts(invoice)
    assert amounts(msgspec.structs.replace(invoice, reference="4711")) is computed
    assert amounts(msgspec.structs.replace(invoice, currency="JPY")) is not computed


def test_no_two_states_differ_by_what_is_remembered() -> None:
    one, other = Invoice(currency="EUR"), Invoice(currency="EUR")
    amounts(one)
    assert one == other


@given(
    st.sampled_from(STATUSES),
    st.sampled_from(["Sales", "Estimate"]),
    st.none() | st.just("inv_2"),
    st.none() | st.just("Too dear"),
)
def test_the_actions_are_what_the_tables_say(
    status: str, type_: str, converted_to: str | None, disputed: str | None
) -> None:
    invoice = Invoice(status=status, type=type_, converted_to=converted_to, disputed=disputed)
    assert available_actions(invoice) == tuple(
        command
        for command, statuses in COMMANDS.items()
        if status in statuses and not any(it.stands(invoice) for it in OBSTACLES.get(command, ()))
    )
