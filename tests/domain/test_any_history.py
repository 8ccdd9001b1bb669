"""What was stored once can be folded for ever, in whatever order it comes."""

from collections.abc import Sequence
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.account import ACCOUNT
from domain.aggregate import Aggregate, Fact, fold
from domain.book_settings import SETTINGS
from domain.code_entry import CODE_ENTRY
from domain.credit_note import CREDIT_NOTE
from domain.customer import CUSTOMER
from domain.facts import FACTS
from domain.facts.customer import CustomerCodeAssigned
from domain.facts.payment import ExternalIdTaken
from domain.invoice import INVOICE, available_actions, balance, creditable, overdue, settlement
from domain.invoice_totals import amounts
from domain.payment import PAYMENT
from domain.period import PERIOD
from domain.product import PRODUCT
from domain.serial import SERIAL
from domain.series import SERIES
from domain.tax_code import TAX_CODE
from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from tests.domain.bills import TODAY
from tests.examples import EXAMPLES
from tests.strategies import structs

FAMILIES: dict[str, Aggregate[Any]] = {
    "account": ACCOUNT,
    "code_entry": CODE_ENTRY,
    "credit_note": CREDIT_NOTE,
    "customer": CUSTOMER,
    "invoice": INVOICE,
    "invoice_life": INVOICE,
    "payment": PAYMENT,
    "period": PERIOD,
    "product": PRODUCT,
    "serial": SERIAL,
    "series": SERIES,
    "settings": SETTINGS,
    "tax_code": TAX_CODE,
    "webhook_endpoint": WEBHOOK_ENDPOINT,
}
OTHERS = {CustomerCodeAssigned, ExternalIdTaken}
"""What is on streams of their own, which keep codes and payments apart."""


def family(fact: type[Fact]) -> str:
    return fact.__module__.rpartition(".")[2]


def kinds(aggregate: Aggregate[Any]) -> list[type[Fact]]:
    """Every type of fact that the aggregate may meet."""
    found = [it for it in FACTS if FAMILIES[family(it)] is aggregate]
    return [it for it in found if it not in OTHERS]


AGGREGATES = sorted({*FAMILIES.values()}, key=lambda it: it.name)


def stored(aggregate: Aggregate[Any]) -> list[Fact]:
    """What golden files hold of it: see ``tests.examples``."""
    wanted = tuple(kinds(aggregate))
    return [fact for fact in EXAMPLES.values() if isinstance(fact, wanted)]


def orders(facts: Sequence[Fact]) -> list[tuple[Fact, ...]]:
    """All orders of a few facts, and many of more."""
    if len(facts) <= 4:
        return [*permutations(facts)]
    random = Random(1)  # noqa: S311 - an order for a test
    return [tuple(random.sample(facts, len(facts))) for _ in range(30)]


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda it: it.name)
def test_stored_facts_are_folded_in_any_order(aggregate: Aggregate[Any]) -> None:
    facts = stored(aggregate)
    assert {type(it) for it in facts} == {*kinds(aggregate)}
    for history in (tuple(facts), *orders(facts)):
        state = fold(aggregate, history)
        if aggregate is INVOICE and state is not None:
            assert available_actions(state) is not None
            assert (settlement(state), overdue(state, TODAY)) is not None
            assert (balance(state), creditable(state), amounts(state)) is not None


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda it: it.name)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_facts_are_folded(aggregate: Aggregate[Any], data: st.DataObject) -> None:
    any_fact = st.one_of([structs(it) for it in kinds(aggregate)])
    history = data.draw(st.lists(any_fact, max_size=8))
    assert fold(aggregate, history) == fold(aggregate, history[4:], fold(aggregate, history[:4]))
