"""Tax codes on the wire: request and response bodies, and the one way from each to the domain."""

from datetime import date, datetime
from decimal import Decimal

from msgspec import UNSET, UnsetType

from api.product_schemas import actions_of
from api.tax_schemas import Category
from api.wire import (
    Code,
    Patch,
    Reply,
    RowVersion,
    ShortText,
    TaxRate,
    Wire,
    decimals,
    sent,
)
from domain.facts.tax_code import TaxCodeCreated, TaxCodeDetails
from domain.tax_code import TaxCode
from store.recorded import Versioned


class TaxCodeIn(Wire):
    """A tax code to create. ``included``: whether prices contain it; null: as documents say."""

    id: Code
    name: ShortText | None = None
    category: Category = "S"
    rate: TaxRate = "0"
    included: bool | None = None
    jurisdiction: ShortText | None = None
    exemption_code: ShortText | None = None
    exemption_text: ShortText | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def created(self) -> TaxCodeCreated:
        """The fact that creates the tax code."""
        values = {it: getattr(self, it) for it in self.__struct_fields__ if it != "id"}
        return TaxCodeCreated(**decimals(values, "rate"))


class TaxCodePatch(Wire):
    """Fields to change (RFC 7396): a field that is absent keeps its value, null clears."""

    name: Patch[ShortText] = UNSET
    category: Category | UnsetType = UNSET
    rate: TaxRate | UnsetType = UNSET
    included: Patch[bool] = UNSET
    jurisdiction: Patch[ShortText] = UNSET
    exemption_code: Patch[ShortText] = UNSET
    exemption_text: Patch[ShortText] = UNSET
    valid_from: Patch[date] = UNSET
    valid_to: Patch[date] = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self) -> tuple[TaxCodeDetails, tuple[str, ...]]:
        """The values that were sent, and the names of their fields."""
        values = decimals(sent(self), "rate")
        values.pop("row_version", None)
        return TaxCodeDetails(**values), tuple(values)


class TaxCodeOut(Reply):
    """A tax code. ``availableActions`` are the commands that it accepts now."""

    id: str
    name: str | None
    category: str
    rate: Decimal
    included: bool | None
    jurisdiction: str | None
    exemption_code: str | None
    exemption_text: str | None
    valid_from: date | None
    valid_to: date | None
    active: bool
    row_version: int
    available_actions: list[str]

    @classmethod
    def of(cls, entity: Versioned[TaxCode]) -> "TaxCodeOut":
        """The tax code as clients see it."""
        state = entity.state
        values = {it: getattr(state, it) for it in cls.__struct_fields__ if hasattr(state, it)}
        actions = actions_of(active=state.active)
        return cls(id=entity.id, row_version=entity.version, available_actions=actions, **values)


class TaxCodeListed(Reply):
    """A tax code in a list."""

    id: str
    name: str | None
    category: str
    rate: Decimal
    included: bool | None
    jurisdiction: str | None
    exemption_code: str | None
    valid_from: date | None
    valid_to: date | None
    active: bool
    row_version: int
    created_at: datetime
    updated_at: datetime


class TaxCodePage(Reply):
    """One page of tax codes. ``asOf`` is the book's position that the list shows."""

    items: list[TaxCodeListed]
    next_cursor: str | None
    as_of: int
