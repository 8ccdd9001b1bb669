"""Lines of invoices in requests, and the one way from each body to the domain.

There is one body for all kinds of lines; a field that the kind does not have is refused by name.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.tax_schemas import TaxCodes, Taxes, taxes_of
from api.wire import (
    Code,
    Id,
    Instant,
    Money,
    Patch,
    Percent,
    Price,
    Quantity,
    RowVersion,
    ShortText,
    Text,
    Wire,
    decimals,
    sent,
)
from domain.errors import RuleBroken, Violation
from domain.facts.lines import KINDS, Component, Covered, Line, Serial, Tax, kind_of
from domain.invoice import LIMITS
from store.ids import new_id
from store.public import public_name

Uom = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z0-9]{1,3}(?![\s\S])",
        max_length=3,
        description="Unit of measure, as a code of UN/ECE Recommendation 20.",
        examples=["C62"],
    ),
]
Gtin = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{8,14}(?![\s\S])",
        max_length=14,
        description="Global trade item number: the digits of the bar code.",
        examples=["4006381333931"],
    ),
]
Kind = Annotated[
    Literal["model", "item", "labor", "misc", "warranty", "package", "comment"],
    Meta(description="What is sold: it decides which fields there are, and which rules count."),
]
PrintPosition = Annotated[
    Literal["header", "line", "footer"],
    Meta(description="Where a comment is printed: `line` is after the line `afterLineId`."),
]
Months = Annotated[int, Meta(ge=0, le=1200, description="Months of a warranty.", examples=[24])]
Trip = Annotated[int, Meta(ge=1, le=9999, description="The visit by which the work was done.")]
LineRef = Annotated[
    Id, Meta(description="Id of a line of the invoice, or the `ref` of one in the same request.")
]

_DECIMALS = (
    *("quantity", "unit_price", "price_quantity", "discount_percent", "discount_amount"),
    *("charge_amount", "cost", "quantity_shipped", "list_price", "min_price", "weight"),
    *("core_charge", "deductible"),
)
_REFERENCES = ("package_id", "for_line_id", "applies_to", "after_line_id")
_LISTS = ("covers", "components")
_TAX_WAYS = ("taxes", "tax_rate", "tax_code", "tax_codes")
_NO_FIELDS = frozenset({"kind", "ref", "row_version"})


class SerialIn(Wire):
    """A serial number of a model: nobody else can sell it from now on."""

    serial_number: Annotated[ShortText, Meta(min_length=1)]
    condition: Literal["new", "open-box", "used"] = "new"
    manufactured_on: date | None = None
    warranty_start: date | None = None
    cost: Price | None = None
    location_code: Code | None = None

    def serial(self) -> Serial:
        """The domain's serial number, under an id of its own."""
        names = Serial.__struct_fields__
        values = {it: getattr(self, it) for it in names if it != "id"}
        return Serial(id=new_id("ser"), **decimals(values, "cost"))


class CoveredIn(Wire):
    """What a warranty covers: a model line of the invoice, a serial number, or both."""

    line_id: LineRef | None = None
    serial_number: ShortText | None = None


class ComponentIn(Wire):
    """A line inside of a package, and its share of the price: percent, amount or neither."""

    line_id: LineRef
    share_percent: Percent | None = None
    amount: Money | None = None


class LineFields(Wire):
    """The fields of all kinds. What is absent is kept, or on a new line given by its code.

    ``taxRate`` stands for one tax at the standard rate, or at the zero rate; ``taxCode`` and
    ``taxCodes`` for the taxes behind these codes.
    """

    code: Patch[Code] = UNSET
    description: Patch[Text] = UNSET
    user_created: bool | UnsetType = UNSET
    quantity: Patch[Quantity] = UNSET
    uom: Uom | UnsetType = UNSET
    unit_price: Patch[Price] = UNSET
    price_quantity: Patch[Quantity] = UNSET
    tax_rate: Patch[Percent] = UNSET
    tax_code: Patch[Code] = UNSET
    tax_codes: Patch[TaxCodes] = UNSET
    taxes: Patch[Taxes] = UNSET
    discount_percent: Patch[Percent] = UNSET
    discount_amount: Patch[Money] = UNSET
    discount_reason: Patch[ShortText] = UNSET
    charge_amount: Patch[Money] = UNSET
    charge_reason: Patch[ShortText] = UNSET
    package_id: Patch[LineRef] = UNSET
    trip_no: Patch[Trip] = UNSET
    cost: Patch[Price] = UNSET
    gl_account: Patch[ShortText] = UNSET
    period_start: Patch[date] = UNSET
    period_end: Patch[date] = UNSET
    quantity_shipped: Patch[Quantity] = UNSET
    brand: Patch[ShortText] = UNSET
    category: Patch[ShortText] = UNSET
    color: Patch[ShortText] = UNSET
    list_price: Patch[Price] = UNSET
    min_price: Patch[Price] = UNSET
    location_code: Patch[Code] = UNSET
    delivery_date: Patch[date] = UNSET
    gtin: Patch[Gtin] = UNSET
    weight: Patch[Quantity] = UNSET
    special_order: bool | UnsetType = UNSET
    gl_cost_account: Patch[ShortText] = UNSET
    bin: Patch[ShortText] = UNSET
    for_line_id: Patch[LineRef] = UNSET
    core_charge: Patch[Money] = UNSET
    returnable: bool | UnsetType = UNSET
    lot: Patch[ShortText] = UNSET
    technician_code: Patch[Code] = UNSET
    service_date: Patch[date] = UNSET
    started_at: Patch[Instant] = UNSET
    ended_at: Patch[Instant] = UNSET
    warranty_claim: bool | UnsetType = UNSET
    misc_type: Patch[ShortText] = UNSET
    applies_to: Patch[LineRef] = UNSET
    reason_code: Patch[Code] = UNSET
    start_date: Patch[date] = UNSET
    end_date: Patch[date] = UNSET
    term_months: Patch[Months] = UNSET
    provider: Patch[ShortText] = UNSET
    certificate_no: Patch[ShortText] = UNSET
    covers: Patch[Annotated[list[CoveredIn], Meta(max_length=LIMITS["covers"])]] = UNSET
    deductible: Patch[Money] = UNSET
    deferred_revenue: bool | UnsetType = UNSET
    gl_cost_debit: Patch[ShortText] = UNSET
    gl_cost_credit: Patch[ShortText] = UNSET
    components: Patch[Annotated[list[ComponentIn], Meta(max_length=LIMITS["components"])]] = UNSET
    print_components: bool | UnsetType = UNSET
    print_position: PrintPosition | UnsetType = UNSET
    after_line_id: Patch[LineRef] = UNSET
    language: Patch[Code] = UNSET

    def codes(self) -> tuple[str, ...] | None:
        """The tax codes that were sent instead of taxes, if any were."""
        if isinstance(self.tax_codes, list):
            return tuple(self.tax_codes)
        return (self.tax_code,) if isinstance(self.tax_code, str) else None

    def values(self, refs: Mapping[str, str] = {}) -> dict[str, Any]:
        """What was sent, as the domain knows it; ``refs`` are the ids of lines by their ``ref``."""
        values = decimals(sent(self), *_DECIMALS)
        for name in _REFERENCES:
            if name in values:
                values[name] = refs.get(values[name], values[name])
        if "covers" in values:
            covers = values["covers"] or ()
            values["covers"] = tuple(Covered(**_pointing(it, refs)) for it in covers)
        if "components" in values:
            parts = values["components"] or ()
            values["components"] = tuple(Component(**_pointing(it, refs)) for it in parts)
        if any(it in values for it in _TAX_WAYS):
            values["taxes"] = _taxes(values)
        return {name: it for name, it in values.items() if name not in _OUTSIDE}

    def violations(self, kind: str, at: str) -> Iterator[Violation]:
        """What a line of this kind does not have, and taxes that were sent in two ways."""
        names = sent(self).keys() - _NO_FIELDS
        known = KINDS[kind].__struct_fields__
        ways = [it for it in _TAX_WAYS if it in names]
        wanted = names - {*ways} | ({"taxes"} if ways else set())
        for name in sorted(wanted - {*known}):
            shown = public_name(name if name != "taxes" else ways[0])
            detail = f"A line of the kind {kind} has no {shown}: leave it out."
            yield Violation("line-kind", f"{at}/{shown}", detail)
        if len(ways) > 1:
            detail = f"Taxes are sent in one way: {' or '.join(map(public_name, ways))}."
            yield Violation("taxes-twice", f"{at}/{public_name(ways[1])}", detail)


class LineIn(LineFields, kw_only=True):
    """A line to add. Everything may be missing in a draft; posting says what is needed.

    ``ref`` is a name of your own, by which other lines in the same request mean this one.
    """

    kind: Kind = "item"
    ref: Id | UnsetType = UNSET
    serials: Annotated[list[SerialIn], Meta(max_length=1000)] | UnsetType = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def line(self, id_: str, refs: Mapping[str, str] = {}) -> Line:
        """The domain's line, under this id, with what was sent. Tax codes are still to be resolved.

        Raises:
            RuleBroken: The kind does not have all of the fields.
        """
        violations = tuple(self.violations(self.kind, ""))
        if violations:
            raise RuleBroken(violations)
        values = self.values(refs)
        if self.serials:
            values["serials"] = tuple(it.serial() for it in self.serials)
        return KINDS[self.kind](id=id_, **values)


class LinePatch(LineFields, kw_only=True):
    """Line fields to change (RFC 7396): a field that is absent keeps its value, null clears.

    A code that changes gives the fields that are still empty.
    """

    row_version: RowVersion | UnsetType = UNSET

    def changes(self, line: Line) -> tuple[Line, tuple[str, ...]]:
        """The line with what was sent, and the names of the fields that were.

        Raises:
            RuleBroken: A line of its kind does not have all of the fields.
        """
        violations = tuple(self.violations(kind_of(line), ""))
        if violations:
            raise RuleBroken(violations)
        values = self.values()
        return msgspec.structs.replace(line, **values), tuple(values)


class LinesOrder(Wire):
    """All lines of the invoice, in the order that they are to have."""

    line_ids: Annotated[list[Id], Meta(max_length=LIMITS["lines"])]
    row_version: RowVersion | UnsetType = UNSET


class ReserveIn(SerialIn, kw_only=True):
    """A serial number to put under a model line."""

    row_version: RowVersion | UnsetType = UNSET


_OUTSIDE = _NO_FIELDS | {"tax_rate", "tax_code", "tax_codes", "serials"}


def _pointing(part: CoveredIn | ComponentIn, refs: Mapping[str, str]) -> dict[str, Any]:
    values = msgspec.structs.asdict(part)
    return decimals(
        {**values, "line_id": refs.get(values["line_id"], values["line_id"])},
        *("share_percent", "amount"),
    )


def _taxes(values: Mapping[str, Any]) -> tuple[Tax, ...]:
    """The taxes that were sent; those behind codes are resolved where master data can be read."""
    if values.get("taxes"):
        return taxes_of(values["taxes"])
    rate = values.get("tax_rate")
    return () if rate is None else (_one_tax(rate),)


def _one_tax(rate: str) -> Tax:
    """The one tax that a bare rate means: at the standard rate, or at the zero rate."""
    values = decimals({"rate": rate}, "rate")
    return Tax(**values, category="S" if values["rate"] else "Z")
