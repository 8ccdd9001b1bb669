"""Hypothesis strategies: amounts as they may be on the wire, and facts of every type."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

S = TypeVar("S", bound=msgspec.Struct)


def decimals(low: int = -(10**15) + 1, high: int = 10**15 - 1) -> st.SearchStrategy[Decimal]:
    """Decimals of at most 15 digits before the point and 6 after it, trailing zeros included."""

    def in_range(places: int) -> st.SearchStrategy[Decimal]:
        integers = st.integers(low * 10**places, high * 10**places)
        return integers.map(lambda digits: Decimal(f"{digits}e-{places}"))

    return st.integers(0, 6).flatmap(in_range)


_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    Decimal: decimals(),
    NoneType: st.none(),
    UnsetType: st.just(UNSET),
}


def values(type_: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that a field of a fact may have."""
    if type_ in _PLAIN:
        return _PLAIN[type_]
    if get_origin(type_) in {Union, UnionType}:
        return st.one_of([values(option) for option in get_args(type_)])
    if get_origin(type_) is tuple:
        item, ellipsis = get_args(type_)
        assert ellipsis is ..., type_
        return st.lists(values(item), max_size=4).map(tuple)
    return structs(type_)


def structs(type_: type[S]) -> st.SearchStrategy[S]:
    """Any value of a Struct: with every field that it must have, and some of those it may have."""
    must: dict[str, st.SearchStrategy[Any]] = {}
    may: dict[str, st.SearchStrategy[Any]] = {}
    for field in msgspec.structs.fields(type_):
        (must if field.required else may)[field.name] = values(field.type)
    return st.fixed_dictionaries(must, optional=may).map(lambda fields: type_(**fields))
