"""States and facts are values: nobody changes them, and they are told apart by their fields."""

import importlib
import pkgutil
from typing import Any

import msgspec
import pytest

import domain
from domain.account import Account
from domain.aggregate import Aggregate, Fact
from domain.amounts.summing import GroupSum
from domain.credit_note import CreditNote
from domain.customer import Customer
from domain.invoice import Invoice
from domain.payment import Payment
from domain.period import Period
from domain.product import Product
from domain.series import Series
from domain.tax_code import TaxCode


def structs() -> list[type[msgspec.Struct]]:
    """Every struct that the domain defines."""
    found = pkgutil.walk_packages(domain.__path__, "domain.")
    modules = [importlib.import_module(it.name) for it in found]
    things = [thing for module in modules for thing in vars(module).values()]
    kinds = {it for it in things if isinstance(it, type) and issubclass(it, msgspec.Struct)}
    ours = [it for it in kinds if it.__module__.startswith("domain.")]
    return sorted(ours, key=lambda it: (it.__module__, it.__qualname__))


# A sum that grows while it is computed, and that nobody keeps.
STRUCTS = [it for it in structs() if it is not GroupSum]
NAMES = [f"{it.__module__}.{it.__qualname__}" for it in STRUCTS]


@pytest.mark.parametrize("kind", STRUCTS, ids=NAMES)
def test_nothing_changes_in_place(kind: Any) -> None:
    assert kind.__struct_config__.frozen
    assert kind.__struct_config__.eq == (kind is not Aggregate)


STATES = (Account, CreditNote, Customer, Invoice, Payment, Period, Product, Series, TaxCode)


@pytest.mark.parametrize("kind", STATES)
def test_fields_of_states_are_named(kind: Any) -> None:
    assert kind.__match_args__ == ()


STORED = [it for it in STRUCTS if it.__module__.startswith("domain.facts")]


@pytest.mark.parametrize("kind", STORED, ids=lambda it: f"{it.__module__}.{it.__qualname__}")
def test_fields_that_are_stored_are_named_and_only_there_when_they_say_something(kind: Any) -> None:
    assert kind.__struct_config__.omit_defaults or not kind.__struct_defaults__
    assert kind.__match_args__ == ()
    assert not issubclass(kind, Fact) or kind.class_version >= 1
