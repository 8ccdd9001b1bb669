"""Products on the wire: request and response bodies, and the one way from each to the domain."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.line_schemas import Gtin, Months, Uom
from api.tax_schemas import AppliedTaxOut, Taxes, TaxIn, taxes_of, taxes_out
from api.wire import (
    Code,
    Currency,
    Patch,
    Price,
    Quantity,
    Reply,
    RowVersion,
    ShortText,
    TaxCodeId,
    Wire,
    decimals,
    sent,
)
from domain.facts.product import ProductCreated, ProductDetails
from domain.product import Product
from store.recorded import Versioned

Kind = Annotated[
    Literal["item", "labor", "misc", "model", "package", "warranty"],
    Meta(description="The kind of line that it makes."),
]
Status = Annotated[
    Literal["Active", "Discontinued", "Obsolete"],
    Meta(description="Selling what is discontinued is warned of; what is obsolete is not sold."),
]

_DECIMALS = ("unit_price", "list_price", "min_price", "cost", "weight")


class ProductIn(Wire):
    """A product to create, under the code that people use. Prices are in ``currency``."""

    id: Code
    kind: Kind = "item"
    description: ShortText | None = None
    uom: Uom | None = None
    currency: Currency | None = None
    unit_price: Price | None = None
    list_price: Price | None = None
    min_price: Price | None = None
    cost: Price | None = None
    tax_code: TaxCodeId | None = None
    taxes: Taxes = msgspec.field(default_factory=list)
    brand: ShortText | None = None
    category: ShortText | None = None
    color: ShortText | None = None
    gtin: Gtin | None = None
    weight: Quantity | None = None
    location_code: Code | None = None
    gl_account: ShortText | None = None
    gl_cost_account: ShortText | None = None
    term_months: Months | None = None
    provider: ShortText | None = None
    serialised: bool = False
    status: Status = "Active"

    def created(self) -> ProductCreated:
        """The fact that creates the product."""
        values = {it: getattr(self, it) for it in self.__struct_fields__ if it != "id"}
        return ProductCreated(**_of_wire(values))


class ProductPatch(Wire):
    """Fields to change (RFC 7396): a field that is absent keeps its value, null clears."""

    kind: Kind | UnsetType = UNSET
    description: Patch[ShortText] = UNSET
    uom: Patch[Uom] = UNSET
    currency: Patch[Currency] = UNSET
    unit_price: Patch[Price] = UNSET
    list_price: Patch[Price] = UNSET
    min_price: Patch[Price] = UNSET
    cost: Patch[Price] = UNSET
    tax_code: Patch[TaxCodeId] = UNSET
    taxes: Taxes | UnsetType = UNSET
    brand: Patch[ShortText] = UNSET
    category: Patch[ShortText] = UNSET
    color: Patch[ShortText] = UNSET
    gtin: Patch[Gtin] = UNSET
    weight: Patch[Quantity] = UNSET
    location_code: Patch[Code] = UNSET
    gl_account: Patch[ShortText] = UNSET
    gl_cost_account: Patch[ShortText] = UNSET
    term_months: Patch[Months] = UNSET
    provider: Patch[ShortText] = UNSET
    serialised: bool | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self) -> tuple[ProductDetails, tuple[str, ...]]:
        """The values that were sent, and the names of their fields."""
        values = sent(self)
        values.pop("row_version", None)
        return ProductDetails(**_of_wire(values)), tuple(values)


def _of_wire(values: dict[str, Any]) -> dict[str, Any]:
    taxes: list[TaxIn] | None = values.get("taxes")
    made = {} if taxes is None else {"taxes": taxes_of(taxes)}
    return {**decimals(values, *_DECIMALS), **made}


class ProductOut(Reply):
    """A product. An archived one (``active`` false) is not offered any more.

    ``availableActions`` are the commands that it accepts now.
    """

    id: str
    kind: str
    description: str | None
    uom: str | None
    currency: str | None
    unit_price: Decimal | None
    list_price: Decimal | None
    min_price: Decimal | None
    cost: Decimal | None
    tax_code: str | None
    taxes: list[AppliedTaxOut]
    brand: str | None
    category: str | None
    color: str | None
    gtin: str | None
    weight: Decimal | None
    location_code: str | None
    gl_account: str | None
    gl_cost_account: str | None
    term_months: int | None
    provider: str | None
    serialised: bool
    status: str
    active: bool
    row_version: int
    available_actions: list[str]

    @classmethod
    def of(cls, entity: Versioned[Product]) -> "ProductOut":
        """The product as clients see it."""
        product = entity.state
        values = {it: getattr(product, it) for it in cls.__struct_fields__ if hasattr(product, it)}
        values |= {
            "id": entity.id,
            "taxes": taxes_out(product.taxes),
            "row_version": entity.version,
            "available_actions": actions_of(active=product.active),
        }
        return cls(**values)


class ProductListed(Reply):
    """A product in a list. ``GET /api/products/{id}`` has the rest."""

    id: str
    kind: str
    description: str | None
    uom: str | None
    currency: str | None
    unit_price: Decimal | None
    tax_code: str | None
    brand: str | None
    category: str | None
    gtin: str | None
    serialised: bool
    status: str
    active: bool
    row_version: int
    created_at: datetime
    updated_at: datetime


class ProductPage(Reply):
    """One page of products. ``asOf`` is the book's position that the list shows."""

    items: list[ProductListed]
    next_cursor: str | None
    as_of: int


def actions_of(*, active: bool) -> list[str]:
    """The commands that master data accept now."""
    return ["edit", "archive" if active else "unarchive"]
