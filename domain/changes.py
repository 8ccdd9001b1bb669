"""Partial changes.

A fact of change has the new values in ``to`` and the names of what changed in ``fields``; what is
not named kept its value. Facts about webhook endpoints leave unset what kept its value instead.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from domain.aggregate import Fact

F = TypeVar("F", bound=Fact)
T = TypeVar("T", bound=msgspec.Struct)


def named(fact: Fact, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields that the change names, with their new values."""
    return {
        field: value
        for field in fact.__struct_fields__
        if field not in without and (value := getattr(fact, field)) is not UNSET
    }


def effective(change: F, state: msgspec.Struct) -> F | None:
    """The change without what is so already; ``None`` when nothing is left of it."""
    same = {
        field: UNSET
        for field in change.__struct_fields__
        if (value := getattr(change, field)) is not UNSET
        and hasattr(state, field)
        and getattr(state, field) == value
    }
    left = msgspec.structs.replace(change, **same) if same else change
    return left if any(field in state.__struct_fields__ for field in named(left)) else None


def applied(state: T, fact: Fact, *, without: tuple[str, ...] = ()) -> T:
    """The state with the fields that the change names."""
    return msgspec.structs.replace(state, **named(fact, without=without))


def in_json(name: str) -> str:
    """What a field is called in JSON, where its Python name is ``unit_price``: ``unitPrice``."""
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))


def differing(state: msgspec.Struct, to: msgspec.Struct, fields: Iterable[str]) -> tuple[str, ...]:
    """Which of these fields have another value in ``to``: what is so already is no change."""
    return tuple(name for name in fields if getattr(state, name) != getattr(to, name))


def patched(state: T, to: msgspec.Struct, fields: Iterable[str]) -> T:
    """The state with the values that these fields have in ``to``; it never refuses a name."""
    known = {name: getattr(to, name) for name in fields if name in to.__struct_fields__}
    return msgspec.structs.replace(state, **known)
