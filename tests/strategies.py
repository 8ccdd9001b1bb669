"""Hypothesis strategies: amounts as they may be on the wire, and facts of every type."""

import functools
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

    return st.one_of([in_range(places) for places in range(7)])


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


@functools.cache
def structs(type_: type[S]) -> st.SearchStrategy[S]:
    """Any value of a Struct: with every field that it must have, and some of those it may have.

    The ``fields`` of a change name fields of its ``to``.
    """
    names = type_.__struct_fields__
    if {"to", "fields"} <= {*names}:
        return _to(type_).flatmap(lambda to: _change(type_, to))
    must: dict[str, st.SearchStrategy[Any]] = {}
    may: dict[str, st.SearchStrategy[Any]] = {}
    for field in msgspec.structs.fields(type_):
        (must if field.required else may)[field.name] = values(field.type)
    return st.fixed_dictionaries(must, optional=may).map(lambda fields: type_(**fields))


def _to(type_: type[S]) -> st.SearchStrategy[Any]:
    return next(values(it.type) for it in msgspec.structs.fields(type_) if it.name == "to")


def _change(type_: type[S], to: msgspec.Struct) -> st.SearchStrategy[S]:
    names = [name for name in to.__struct_fields__ if name != "id"]
    some = st.lists(st.sampled_from(names), max_size=4, unique=True).map(tuple)
    return some.map(lambda fields: type_(to=to, fields=fields))
