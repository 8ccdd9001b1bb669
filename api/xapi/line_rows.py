"""The seven kinds of lines as rows of the XAPI."""

from datetime import date
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from api.line_schemas import Gtin, Months, PrintPosition, Uom
from api.wire import Code, Instant, Money, Percent, Price, Quantity, ShortText, Text
from api.xapi.rows import Billed, Discounted, LineRef, Numbered, Row
from domain.facts.lines import (
    CommentLine,
    Component,
    Covered,
    ItemLine,
    LaborLine,
    MiscLine,
    ModelLine,
    PackageLine,
    WarrantyLine,
)
from domain.invoice import MAX_LINES

_named = msgspec.field


class InvoiceModel(Discounted, kw_only=True):
    """A good with serial numbers, such as an appliance."""

    OF: ClassVar[type[msgspec.Struct]] = ModelLine

    code: Code | None = _named(default=None, name="modelCode")
    quantity: Quantity | None = _named(default="1", name="qtyOrdered")
    quantity_shipped: Quantity | None = _named(default=None, name="qtyShipped")
    uom: Uom | None = None
    unit_price: Price | None = _named(default=None, name="sellingPrice")
    list_price: Price | None = None
    min_price: Price | None = None
    discount_amount: Money | None = None
    cost: Price | None = None
    brand: ShortText | None = None
    category: ShortText | None = None
    color: ShortText | None = None
    gtin: Gtin | None = None
    weight: Quantity | None = None
    location_code: Code | None = None
    delivery_date: date | None = None
    special_order: bool | None = False
    gl_account: ShortText | None = _named(default=None, name="glRevenue")
    gl_cost_account: ShortText | None = _named(default=None, name="glCost")


class InvoiceItem(Discounted, kw_only=True):
    """A part, an accessory, or anything else that is counted."""

    OF: ClassVar[type[msgspec.Struct]] = ItemLine

    code: Code | None = _named(default=None, name="itemCode")
    quantity: Quantity | None = _named(default="1", name="qty")
    uom: Uom | None = None
    unit_price: Price | None = _named(default=None, name="sellingPrice")
    list_price: Price | None = None
    min_price: Price | None = None
    discount_amount: Money | None = _named(default=None, name="discount")
    cost: Price | None = None
    location_code: Code | None = None
    bin: ShortText | None = None
    lot: ShortText | None = None
    for_line_id: LineRef | None = _named(default=None, name="forModelLineId")
    core_charge: Money | None = None
    returnable: bool | None = True
    gl_account: ShortText | None = _named(default=None, name="glRevenue")


class InvoiceLabor(Discounted, kw_only=True):
    """Work by the hour."""

    OF: ClassVar[type[msgspec.Struct]] = LaborLine

    code: Code | None = _named(default=None, name="laborRateCode")
    quantity: Quantity | None = _named(default="1", name="hours")
    unit_price: Price | None = _named(default=None, name="sellingPrice")
    list_price: Price | None = _named(default=None, name="rate")
    discount_amount: Money | None = _named(default=None, name="discount")
    cost: Price | None = None
    technician_code: Code | None = None
    service_date: date | None = None
    started_at: Instant | None = _named(default=None, name="start")
    ended_at: Instant | None = _named(default=None, name="end")
    warranty_claim: bool | None = False
    gl_account: ShortText | None = _named(default=None, name="glRevenue")


class InvoiceMisc(Billed, kw_only=True):
    """A charge (delivery, disposal), or a credit (rebate, price match) with an amount below zero.

    Prices are not below zero (EN 16931, BR-27): the sign moves to the quantity.
    """

    OF: ClassVar[type[msgspec.Struct]] = MiscLine

    code: Code | None = _named(default=None, name="miscCode")
    misc_type: ShortText | None = None
    quantity: Quantity | None = _named(default="1", name="qty")
    unit_price: Price | None = _named(default=None, name="amount")
    applies_to: (
        Annotated[LineRef, Meta(description="`document`, or a line by its id or `lineNo`.")] | None
    ) = None
    reason_code: Code | None = None
    start_date: date | None = None
    end_date: date | None = None
    cost: Price | None = None
    gl_account: ShortText | None = None


class InvoiceWarrantyDetail(Row, kw_only=True):
    """What a warranty covers: a model line, one of its serial numbers, or both."""

    OF: ClassVar[type[msgspec.Struct]] = Covered

    line_id: LineRef | None = _named(default=None, name="modelLineId")
    serial_number: ShortText | None = None


class InvoiceWarranty(Discounted, kw_only=True):
    """An extended warranty."""

    OF: ClassVar[type[msgspec.Struct]] = WarrantyLine

    code: Code | None = _named(default=None, name="extWarrantyCode")
    description: Text | None = _named(default=None, name="extWarrantyDesc")
    quantity: Quantity | None = _named(default="1", name="qty")
    unit_price: Price | None = _named(default=None, name="price")
    discount_amount: Money | None = _named(default=None, name="discount")
    cost: Price | None = None
    term_months: Months | None = None
    start_date: date | None = None
    end_date: date | None = None
    provider: ShortText | None = None
    certificate_no: ShortText | None = None
    covers: Annotated[list[InvoiceWarrantyDetail], Meta(max_length=MAX_LINES)] | None = _named(
        default=None, name="details"
    )
    deductible: Money | None = None
    deferred_revenue: bool | None = False
    gl_account: ShortText | None = _named(default=None, name="glRevenue")
    gl_cost_credit: ShortText | None = _named(default=None, name="glCostCr")
    gl_cost_debit: ShortText | None = _named(default=None, name="glCostDb")


class InvoicePackageComponent(Row, kw_only=True):
    """A line inside of a package, and its share of the package's price."""

    OF: ClassVar[type[msgspec.Struct]] = Component

    line_id: LineRef
    share_percent: Percent | None = _named(default=None, name="allocationPct")
    amount: Money | None = None


class InvoicePackage(Billed, kw_only=True):
    """Several lines at one price."""

    OF: ClassVar[type[msgspec.Struct]] = PackageLine

    code: Code | None = _named(default=None, name="packageCode")
    description: Text | None = _named(default=None, name="packageDes")
    quantity: Quantity | None = _named(default="1", name="qty")
    unit_price: Price | None = _named(default=None, name="amount")
    components: Annotated[list[InvoicePackageComponent], Meta(max_length=MAX_LINES)] | None = None
    print_components: bool | None = True


class InvoiceComment(Numbered, kw_only=True):
    """Printed text. ``commentDesc`` is printed instead of what the code's entry says."""

    OF: ClassVar[type[msgspec.Struct]] = CommentLine

    code: Code | None = _named(default=None, name="commentCode")
    description: Text | None = _named(default=None, name="commentDesc")
    print_position: PrintPosition | None = "line"
    after_line_id: LineRef | None = None
    language: Code | None = None
