"""Lines of invoices in responses: of each kind the fields that it has.

An invoice is answered after every edit, so everything that can be is prepared when this is
imported: a line is read by one ``attrgetter`` and its response made by position.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

import msgspec
from typing_extensions import override

from api.tax_schemas import AppliedTaxOut
from api.wire import Reply
from domain.facts.lines import (
    BilledLine,
    CommentLine,
    ItemLine,
    LaborLine,
    Line,
    MiscLine,
    ModelLine,
    PackageLine,
    WarrantyLine,
)

R = TypeVar("R", bound=Reply)

_encode = msgspec.json.Encoder().encode


def shaping(out: type[R]) -> Callable[[Any], R]:
    """A function that makes this response of anything with fields of the same names."""
    values = attrgetter(*out.__struct_fields__)

    def shape(it: Any) -> R:
        return out(*values(it))

    return shape


class SerialOut(Reply):
    """A serial number under a model."""

    id: str
    serial_number: str
    condition: str
    manufactured_on: date | None
    warranty_start: date | None
    cost: Decimal | None
    location_code: str | None


class CoveredOut(Reply):
    """What a warranty covers."""

    line_id: str | None
    serial_number: str | None


class ComponentOut(Reply):
    """A line inside of a package, and its share of the price."""

    line_id: str
    share_percent: Decimal | None
    amount: Decimal | None


class _LineOut(Reply, tag_field="kind"):
    id: str
    line_no: int
    code: str | None
    description: str | None
    user_created: bool


class _BilledOut(_LineOut):
    net: Decimal
    tax_rate: Decimal | None
    taxes: list[AppliedTaxOut]
    quantity: Decimal | None
    uom: str
    unit_price: Decimal | None
    price_quantity: Decimal | None
    discount_percent: Decimal | None
    discount_amount: Decimal | None
    discount_reason: str | None
    charge_amount: Decimal | None
    charge_reason: str | None
    package_id: str | None
    trip_no: int | None
    cost: Decimal | None
    gl_account: str | None
    period_start: date | None
    period_end: date | None


class ModelLineOut(_BilledOut, tag="model"):
    """A good with serial numbers. ``net`` is without tax, rounded once; ``lineNo`` counts from 1.

    ``taxRate`` is the rate of a line with one tax, or null. A line inside of a package has no net.
    """

    quantity_shipped: Decimal | None
    brand: str | None
    category: str | None
    color: str | None
    list_price: Decimal | None
    min_price: Decimal | None
    location_code: str | None
    delivery_date: date | None
    gtin: str | None
    weight: Decimal | None
    special_order: bool
    gl_cost_account: str | None
    serials: list[SerialOut]


class ItemLineOut(_BilledOut, tag="item"):
    """A part, an accessory, or anything else that is counted."""

    list_price: Decimal | None
    min_price: Decimal | None
    location_code: str | None
    bin: str | None
    for_line_id: str | None
    core_charge: Decimal | None
    returnable: bool
    lot: str | None


class LaborLineOut(_BilledOut, tag="labor"):
    """Work by the hour."""

    technician_code: str | None
    list_price: Decimal | None
    service_date: date | None
    started_at: datetime | None
    ended_at: datetime | None
    warranty_claim: bool


class MiscLineOut(_BilledOut, tag="misc"):
    """A charge or, with a negative quantity, a credit."""

    misc_type: str | None
    applies_to: str | None
    reason_code: str | None
    start_date: date | None
    end_date: date | None


class WarrantyLineOut(_BilledOut, tag="warranty"):
    """An extended warranty, and what it covers."""

    term_months: int | None
    start_date: date | None
    end_date: date | None
    provider: str | None
    certificate_no: str | None
    deductible: Decimal | None
    deferred_revenue: bool
    gl_cost_debit: str | None
    gl_cost_credit: str | None
    covers: list[CoveredOut]


class PackageLineOut(_BilledOut, tag="package"):
    """Several lines at one price."""

    print_components: bool
    components: list[ComponentOut]


class CommentLineOut(_LineOut, tag="comment"):
    """Printed text."""

    print_position: str
    after_line_id: str | None
    language: str | None


LineOut: TypeAlias = (
    ModelLineOut
    | ItemLineOut
    | LaborLineOut
    | MiscLineOut
    | WarrantyLineOut
    | PackageLineOut
    | CommentLineOut
)

_tax_out = shaping(AppliedTaxOut)
_serial_out = shaping(SerialOut)
_covered_out = shaping(CoveredOut)
_component_out = shaping(ComponentOut)
_NESTED = ("serials", "covers", "components")


def _reading(out: type[Reply]) -> Callable[[Any], tuple[Any, ...]]:
    """The values of a billed line after its taxes, without the list at the end."""
    at = out.__struct_fields__.index("taxes") + 1
    return attrgetter(*(it for it in out.__struct_fields__[at:] if it not in _NESTED))


_PLAIN: dict[type[Any], tuple[Any, Callable[[Any], tuple[Any, ...]]]] = {
    ItemLine: (ItemLineOut, _reading(ItemLineOut)),
    LaborLine: (LaborLineOut, _reading(LaborLineOut)),
    MiscLine: (MiscLineOut, _reading(MiscLineOut)),
    ModelLine: (ModelLineOut, _reading(ModelLineOut)),
    WarrantyLine: (WarrantyLineOut, _reading(WarrantyLineOut)),
    PackageLine: (PackageLineOut, _reading(PackageLineOut)),
}


class _Same:
    """Lines and their nets, equal to themselves alone: comparing their values would cost more."""

    __slots__ = ("lines", "nets")

    def __init__(self, lines: tuple[Line, ...], nets: tuple[Decimal, ...]) -> None:
        self.lines = lines
        self.nets = nets

    @override
    def __hash__(self) -> int:
        return id(self.nets)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.lines is other.lines and self.nets is other.nets


def lines_out(lines: tuple[Line, ...], nets: tuple[Decimal, ...]) -> msgspec.Raw:
    """The lines as clients see them, as JSON: it takes the place of a ``list[LineOut]``."""
    return (_lines_out if len(lines) > _LONG else _remembered)(_Same(lines, nets))


def _lines_out(same: _Same) -> msgspec.Raw:
    numbers = range(1, len(same.lines) + 1)
    return msgspec.Raw(_encode([*map(line_out, same.lines, numbers, same.nets)]))


# An edit of the header leaves the lines what they are, and most of an answer is lines. What is
# remembered is bounded twice, to some megabytes.
_LONG = 100
_remembered = lru_cache(maxsize=256)(_lines_out)


def line_out(line: Line, line_no: int, net: Decimal) -> LineOut:
    """The line as clients see it."""
    if isinstance(line, CommentLine):
        return CommentLineOut(
            line.id,
            line_no,
            line.code,
            line.description,
            line.user_created,
            line.print_position,
            line.after_line_id,
            line.language,
        )
    out, plain = _PLAIN[type(line)]
    taxes = line.taxes
    shown: LineOut = out(
        line.id,
        line_no,
        line.code,
        line.description,
        line.user_created,
        net,
        taxes[0].rate if len(taxes) == 1 else None,
        [_tax_out(it) for it in taxes],
        *plain(line),
        *_nested(line),
    )
    return shown


def _nested(line: BilledLine) -> tuple[list[Any], ...]:
    """What stands at the end of the response to a line of this kind."""
    match line:
        case ModelLine():
            return ([_serial_out(it) for it in line.serials],)
        case WarrantyLine():
            return ([_covered_out(it) for it in line.covers],)
        case PackageLine():
            return ([_component_out(it) for it in line.components],)
        case _:
            return ()
