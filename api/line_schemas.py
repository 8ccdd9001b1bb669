"""Lines of invoices on the wire, and the one way from each form to the domain."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.wire import (
    Code,
    Patch,
    Percent,
    Price,
    Quantity,
    Reply,
    RowVersion,
    ShortText,
    Wire,
    sent,
)
from domain.errors import RuleBroken, Violation
from domain.facts.lines import KINDS, CommentLine, Line, Tax, kind_of

Uom = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z0-9]{1,3}(?![\s\S])",
        max_length=3,
        description="Unit of measure, as a code of UN/ECE Recommendation 20.",
        examples=["C62"],
    ),
]

Kind = Annotated[
    Literal["item", "labor", "misc", "model", "warranty"],
    Meta(description="What is sold: it decides which rules of posting count."),
]


class LineIn(Wire):
    """A line to add. Everything may be missing in a draft; posting says what is needed.

    ``taxRate`` is the standard rate of one tax, or 0 for the zero rate.
    """

    kind: Kind = "item"
    code: Code | None = None
    description: ShortText | None = None
    quantity: Quantity | None = None
    uom: Uom | UnsetType = UNSET
    unit_price: Price | None = None
    tax_rate: Percent | None = None
    row_version: RowVersion | UnsetType = UNSET

    def line(self, id_: str) -> Line:
        """The domain's line, under this id."""
        uom = {} if self.uom is UNSET else {"uom": self.uom}
        values: dict[str, Any] = {
            "code": self.code,
            "description": self.description,
            "quantity": _decimal(self.quantity),
            "unit_price": _decimal(self.unit_price),
            "taxes": _taxes(self.tax_rate),
            **uom,
        }
        return KINDS[self.kind](id=id_, **values)


class LinePatch(Wire):
    """Line fields to change (RFC 7396): a field that is absent keeps its value, null clears."""

    code: Patch[Code] = UNSET
    description: Patch[ShortText] = UNSET
    quantity: Patch[Quantity] = UNSET
    uom: Uom | UnsetType = UNSET
    unit_price: Patch[Price] = UNSET
    tax_rate: Patch[Percent] = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self, line: Line) -> tuple[Line, tuple[str, ...]]:
        """The line with what was sent, and the names of the fields that were.

        Raises:
            RuleBroken: A line of its kind has no such field.
        """
        values = sent(self)
        values.pop("row_version", None)
        if isinstance(line, CommentLine) and not values.keys() <= {"code", "description"}:
            detail = "A comment has a code and a description, and nothing that costs."
            raise RuleBroken((Violation("line-kind", "", detail),))
        for field in ("quantity", "unit_price"):
            if values.get(field) is not None:
                values[field] = Decimal(values[field])
        if "tax_rate" in values:
            values["taxes"] = _taxes(values.pop("tax_rate"))
        return msgspec.structs.replace(line, **values), tuple(values)


class LineTaxOut(Reply):
    """A tax of a line: a rate in percent, of a category of UNCL 5305."""

    rate: Decimal
    category: str
    code: str | None


class LineOut(Reply):
    """A line. ``net`` is its amount without tax, rounded once to the currency's exponent.

    ``taxRate`` is the rate of a line with one tax, or null.
    """

    id: str
    kind: str
    code: str | None
    description: str | None
    quantity: Decimal | None
    uom: str | None
    unit_price: Decimal | None
    tax_rate: Decimal | None
    taxes: list[LineTaxOut]
    net: Decimal


def line_out(line: Line, net: Decimal) -> LineOut:
    """The line as clients see it."""
    taxes = () if isinstance(line, CommentLine) else line.taxes
    return LineOut(
        id=line.id,
        kind=kind_of(line),
        code=line.code,
        description=line.description,
        quantity=None if isinstance(line, CommentLine) else line.quantity,
        uom=None if isinstance(line, CommentLine) else line.uom,
        unit_price=None if isinstance(line, CommentLine) else line.unit_price,
        tax_rate=taxes[0].rate if len(taxes) == 1 else None,
        taxes=[LineTaxOut(rate=it.rate, category=it.category, code=it.code) for it in taxes],
        net=net,
    )


def _taxes(rate: str | None) -> tuple[Tax, ...]:
    """The one tax that a bare rate means: at the standard rate, or at the zero rate."""
    if rate is None:
        return ()
    percent = Decimal(rate)
    return (Tax(rate=percent, category="S" if percent else "Z"),)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
