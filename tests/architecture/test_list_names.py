"""Members of lists are called what they are called in the entities."""

import importlib
import pkgutil

import msgspec
import pytest

import api

ONLY_IN_LISTS = frozenset(
    {
        *("createdAt", "updatedAt", "changedAt"),  # of the events, which an entity does not keep
        *("customerName", "invoiceNumber", "balances"),  # of other entities
        *("gross", "net", "tax"),  # of ``totals``
        "startsOn",
    }
)


def structs() -> dict[str, type[msgspec.Struct]]:
    modules = [
        importlib.import_module(it.name) for it in pkgutil.walk_packages(api.__path__, "api.")
    ]
    return {
        name: it
        for module in modules
        for name, it in vars(module).items()
        if isinstance(it, type) and issubclass(it, msgspec.Struct)
    }


STRUCTS = structs()
PAIRS = [
    (name, f"{name.removesuffix('Listed')}Out")
    for name in sorted(STRUCTS)
    if name.endswith("Listed") and f"{name.removesuffix('Listed')}Out" in STRUCTS
]


def members(name: str) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(STRUCTS[name])}


@pytest.mark.parametrize(
    ("listed", "whole"), [it for it in PAIRS if it[0] not in {"CodeListed", "SerialListed"}]
)
def test_a_list_calls_everything_what_the_entity_calls_it(listed: str, whole: str) -> None:
    assert members(listed) - members(whole) <= ONLY_IN_LISTS


def test_most_entities_have_a_list() -> None:
    assert len(PAIRS) > 8
