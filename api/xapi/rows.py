"""Rows of the XAPI: what its objects have in common, and the one way from a row to the domain.

A row class is the whole mapping of its object: a field is named as in the domain, ``name`` is what
the XAPI calls it where that differs, the annotation says what may be sent. A key that is left out
or null takes its default, and then what master data give.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar, TypeAlias, get_args

import msgspec
from msgspec import Meta

from api.line_schemas import Trip
from api.tax_schemas import Category
from api.wire import Code, Percent, ShortText, TaxRate, Text, Wire

LineNo = Annotated[
    int,
    Meta(
        ge=1,
        le=1_000_000,
        description="Place among the lines. Lines without one follow those that have one, "
        "table by table.",
        examples=[1],
    ),
]

LineRef = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]{1,64}(?![\s\S])",
        max_length=64,
        description="A line of the same invoice: its id, or its `lineNo` in digits.",
        examples=["1"],
    ),
]

Resolve: TypeAlias = Callable[[str, str], str]
"""Gives the id of the line that a ``LineRef`` means; the second argument is the key it stood at."""

_REFERENCES = frozenset({"package_id", "for_line_id", "after_line_id", "line_id", "applies_to"})


class Row(Wire, kw_only=True):
    """Base of all rows. ``OF`` is the domain's struct that the row becomes."""

    OF: ClassVar[type[msgspec.Struct]]


class Numbered(Row, kw_only=True):
    """What every line has."""

    line_no: LineNo | None = None
    code: Code | None = None
    description: Text | None = None
    user_created: bool | None = False


class Billed(Numbered, kw_only=True):
    """What every line has that costs something: taxes by their codes, or one by its rate."""

    package_id: LineRef | None = msgspec.field(default=None, name="inPackage")
    trip_no: Trip | None = None
    tax1_code: Code | None = None
    tax2_code: Code | None = None
    tax3_code: Code | None = None
    tax1_included: bool | None = None
    tax2_included: bool | None = None
    tax3_included: bool | None = None
    tax_category: Category | None = None
    tax_rate: TaxRate | None = msgspec.field(default=None, name="ratePct")
    exemption_code: ShortText | None = None
    exemption_text: ShortText | None = None


class Discounted(Billed, kw_only=True):
    """What every line has whose price may be cut."""

    discount_percent: Percent | None = msgspec.field(default=None, name="discountPct")
    discount_reason: ShortText | None = None


# ---------------------------------------------------------------- from a row to the domain


def values_of(row: Row, resolve: Resolve, of: type[msgspec.Struct] | None = None) -> dict[str, Any]:
    """What the row says, as the fields of the domain's struct; what it does not say is left out."""
    struct = of or row.OF
    values: dict[str, Any] = {}
    for field, key, standard in _shared(type(row), struct):
        value = getattr(row, field)
        if value is None:
            value = standard
        if value is not None:
            values[field] = _made(value, field, key, resolve, _decimals(struct))
    return values


def _made(value: Any, field: str, key: str, resolve: Resolve, decimals: frozenset[str]) -> Any:
    if isinstance(value, list):
        return tuple(_member(it, f"{key}/{nth}/", resolve) for nth, it in enumerate(value))
    if field in _REFERENCES:
        return resolve(value, key)
    return Decimal(value) if field in decimals else value


def _member(value: Any, place: str, resolve: Resolve) -> Any:
    if not isinstance(value, Row):
        return value
    return value.OF(**values_of(value, lambda ref, key: resolve(ref, place + key)))


@cache
def _shared(row: type[Row], of: type[msgspec.Struct]) -> tuple[tuple[str, str, Any], ...]:
    """Name, key and default of the fields that the row and the domain's struct both have."""
    known = set(of.__struct_fields__)
    return tuple(
        (it.name, it.encode_name, None if it.default is msgspec.NODEFAULT else it.default)
        for it in msgspec.structs.fields(row)
        if it.name in known
    )


@cache
def _decimals(of: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(
        it.name
        for it in msgspec.structs.fields(of)
        if it.type is Decimal or Decimal in get_args(it.type)
    )


@cache
def keys_of(row: type[Row]) -> dict[str, str]:
    """What the XAPI calls the fields of the domain, by their public names there."""
    return {_camel(it.name): it.encode_name for it in msgspec.structs.fields(row)}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))
