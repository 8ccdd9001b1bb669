from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.demo.catalog import CUSTOMERS, VOID_REASONS
from daybook.demo.plan import Planned, plan

TODAY = date(2026, 11, 20)
SEEDS = st.integers(0, 10_000)


def posted(planned: list[Planned]) -> list[Planned]:
    return [one for one in planned if one.posted_on is not None]


def test_the_same_seed_and_day_make_the_same_plan_and_others_do_not() -> None:
    first = plan(invoices=60, seed=1, today=TODAY)
    assert plan(invoices=60, seed=1, today=TODAY) == first
    assert plan(invoices=60, seed=2, today=TODAY) != first
    assert plan(invoices=60, seed=1, today=TODAY + timedelta(days=1)) != first


@given(seed=SEEDS, invoices=st.integers(1, 80))
def test_posted_invoices_rise_by_date_through_the_last_half_year(seed: int, invoices: int) -> None:
    planned = plan(invoices=invoices, seed=seed, today=TODAY)
    days = [one.posted_on for one in planned if one.posted_on is not None]
    assert len(planned) == invoices
    assert len({one.key for one in planned}) == invoices
    assert days == sorted(days)
    assert all(TODAY - timedelta(days=184) <= day <= TODAY for day in days)
    assert [one.body["issueDate"] for one in posted(planned)] == [str(day) for day in days]


@given(seed=SEEDS)
def test_what_is_posted_has_a_positive_total_even_with_returns(seed: int) -> None:
    for one in posted(plan(invoices=40, seed=seed, today=TODAY)):
        lines = [
            Decimal(line["quantity"]) * Decimal(line["unitPrice"]) for line in one.body["lines"]
        ]
        removed = [step for step in one.before if step.method == "DELETE"]
        assert sum(lines) > 0
        assert sum(lines) - sum(lines[-1] for _ in removed) > 0


def test_a_plan_is_varied() -> None:
    planned = plan(invoices=60, seed=1, today=TODAY)
    assert len(posted(planned)) == 53
    assert sum(one.voided for one in planned) == 3
    lines = [line for one in posted(planned) for line in one.body["lines"]]
    assert any(line["quantity"].startswith("-") for line in lines)
    assert {line["taxRate"] for line in lines} >= {"19", "7", "0"}
    assert {line["uom"] for line in lines} == {"C62", "HUR"}
    assert {one.body["currency"] for one in posted(planned)} >= {"EUR", "CHF"}
    assert sum(bool(one.before) for one in planned) > 10
    drafts = [one.body for one in planned if one.posted_on is None]
    assert {} in drafts
    assert len({tuple(sorted(body)) for body in drafts}) > 3


@pytest.mark.parametrize("customer", CUSTOMERS, ids=lambda customer: str(customer["id"]))
def test_a_customer_of_the_cast_is_complete(customer: dict[str, object]) -> None:
    for field in ("id", "name", "street", "postalCode", "city", "country", "currency"):
        assert customer[field]
    assert str(customer["email"]).endswith(".example")


def test_the_cast_is_as_large_and_as_spread_out_as_it_should_be() -> None:
    assert len({customer["id"] for customer in CUSTOMERS}) == 26
    assert len({customer["country"] for customer in CUSTOMERS}) >= 10
    assert {customer["currency"] for customer in CUSTOMERS} == {"EUR", "CHF", "GBP"}
    assert len(VOID_REASONS) >= 3
