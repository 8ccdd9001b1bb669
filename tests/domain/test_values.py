"""States and facts are values: nobody changes them, and they are told apart by their fields."""

import importlib
import pkgutil
from typing import Any

import msgspec
import pytest

import domain
from domain.aggregate import Aggregate, Fact
from domain.amounts.summing import GroupSum


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


@pytest.mark.parametrize("kind", [it for it in STRUCTS if issubclass(it, Fact)])
def test_fields_of_facts_are_named_and_stored_only_when_they_say_something(kind: Any) -> None:
    assert kind.__struct_config__.omit_defaults
    assert kind.__match_args__ == ()
    assert kind.class_version >= 1
