"""The lines of an invoice or credit note: one struct for each kind. Part of the storage format.

In a draft everything but the id may still be missing. ``quantity`` counts ``uom`` (UN/ECE
Recommendation 20: C62 = piece, HUR = hour); amounts are in the document's currency; percentages
are in percent, so 19 means 19 %.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec


class Tax(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One tax of a line.

    ``category`` is a code of UNCL 5305 (S, Z, E, AE, K, G, O, L, M). ``included`` tells whether
    the price contains the tax; null means as the document says. An exemption is named by its VATEX
    code, its text, or both.
    """

    rate: Decimal
    category: str = "S"
    code: str | None = None
    included: bool | None = None
    jurisdiction: str | None = None
    exemption_code: str | None = None
    exemption_text: str | None = None


class Serial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One serial number that is handed over with a model. ``condition``: new, open-box or used."""

    id: str
    serial_number: str
    condition: str = "new"
    manufactured_on: date | None = None
    warranty_start: date | None = None
    cost: Decimal | None = None
    location_code: str | None = None


class Covered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a warranty covers: a model line of the same document, one of its serials, or both."""

    line_id: str | None = None
    serial_number: str | None = None


class Component(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line inside a package, and its share of the package's price: percent, amount or neither."""

    line_id: str
    share_percent: Decimal | None = None
    amount: Decimal | None = None


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    id: str
    code: str | None = None
    description: str | None = None
    user_created: bool = False


class _Billed(_Line, frozen=True, kw_only=True, omit_defaults=True):
    """What every line that costs something has.

    The net is quantity x unit price / price quantity - discount + charge, rounded once.
    ``package_id`` names the package line whose price covers this line.
    """

    quantity: Decimal | None = None
    uom: str = "C62"
    unit_price: Decimal | None = None
    price_quantity: Decimal | None = None
    taxes: tuple[Tax, ...] = ()
    discount_percent: Decimal | None = None
    discount_amount: Decimal | None = None
    discount_reason: str | None = None
    charge_amount: Decimal | None = None
    charge_reason: str | None = None
    package_id: str | None = None
    trip_no: int | None = None
    cost: Decimal | None = None
    gl_account: str | None = None
    period_start: date | None = None
    period_end: date | None = None


class ModelLine(_Billed, frozen=True, kw_only=True, omit_defaults=True, tag="model"):
    """A good with serial numbers, such as an appliance."""

    quantity_shipped: Decimal | None = None
    brand: str | None = None
    category: str | None = None
    color: str | None = None
    list_price: Decimal | None = None
    min_price: Decimal | None = None
    location_code: str | None = None
    delivery_date: date | None = None
    gtin: str | None = None
    weight: Decimal | None = None
    special_order: bool = False
    gl_cost_account: str | None = None
    serials: tuple[Serial, ...] = ()


class ItemLine(_Billed, frozen=True, kw_only=True, omit_defaults=True, tag="item"):
    """A part, an accessory, or anything else that is counted."""

    list_price: Decimal | None = None
    min_price: Decimal | None = None
    location_code: str | None = None
    bin: str | None = None
    for_line_id: str | None = None
    core_charge: Decimal | None = None
    returnable: bool = True
    lot: str | None = None


class LaborLine(_Billed, frozen=True, kw_only=True, omit_defaults=True, tag="labor"):
    """Work by the hour: ``quantity`` are hours, ``code`` is the labor rate's."""

    uom: str = "HUR"
    technician_code: str | None = None
    list_price: Decimal | None = None
    service_date: date | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    warranty_claim: bool = False


class MiscLine(_Billed, frozen=True, kw_only=True, omit_defaults=True, tag="misc"):
    """A charge (delivery, disposal) or, with a negative quantity, a credit (rebate, promotion)."""

    misc_type: str | None = None
    applies_to: str | None = None
    reason_code: str | None = None
    start_date: date | None = None
    end_date: date | None = None


class WarrantyLine(_Billed, frozen=True, kw_only=True, omit_defaults=True, tag="warranty"):
    """An extended warranty, and what it covers."""

    term_months: int | None = None
    start_date: date | None = None
    end_date: date | None = None
    provider: str | None = None
    certificate_no: str | None = None
    covers: tuple[Covered, ...] = ()
    deductible: Decimal | None = None
    deferred_revenue: bool = False
    gl_cost_debit: str | None = None
    gl_cost_credit: str | None = None


class PackageLine(_Billed, frozen=True, kw_only=True, omit_defaults=True, tag="package"):
    """Several lines at one price. Its net is split over the components for tax."""

    components: tuple[Component, ...] = ()
    print_components: bool = True


class CommentLine(_Line, frozen=True, kw_only=True, omit_defaults=True, tag="comment"):
    """Printed text. ``print_position``: header, line (after ``after_line_id``) or footer."""

    print_position: str = "line"
    after_line_id: str | None = None
    language: str | None = None


BilledLine: TypeAlias = ModelLine | ItemLine | LaborLine | MiscLine | WarrantyLine | PackageLine
Line: TypeAlias = BilledLine | CommentLine

KINDS: dict[str, type[Line]] = {
    "model": ModelLine,
    "item": ItemLine,
    "labor": LaborLine,
    "misc": MiscLine,
    "warranty": WarrantyLine,
    "package": PackageLine,
    "comment": CommentLine,
}


def kind_of(line: Line) -> str:
    """The kind by which the line is stored and published."""
    kind = line.__struct_config__.tag
    assert isinstance(kind, str)
    return kind


def upcast_line_v1(fields: dict[str, Any]) -> None:
    """A line of the first days: of one kind, with one tax."""
    fields["kind"] = "item"
    if "item_code" in fields:
        fields["code"] = fields.pop("item_code")
    if "tax_rate" in fields:
        rate = fields.pop("tax_rate")
        fields["taxes"] = [] if rate is None else [tax_v1(rate)]


def tax_v1(rate: str) -> dict[str, str]:
    """The tax that a bare rate meant: the standard rate, or the zero rate."""
    return {"rate": rate} if Decimal(rate) else {"rate": rate, "category": "Z"}
