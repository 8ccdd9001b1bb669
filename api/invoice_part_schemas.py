"""What stands beside the lines of an invoice, in requests: addresses, notes, tables, taxes."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from litestar.params import PathParameter
from msgspec import UNSET, Meta, UnsetType

from api.customer_schemas import Country
from api.tax_schemas import Category
from api.wire import (
    Code,
    Email,
    Money,
    Patch,
    Reason,
    RowVersion,
    ShortText,
    TaxRate,
    Text,
    Wire,
    decimals,
    sent,
)
from domain.facts.invoice_parts import Address, Note, TableEntry, TaxOverride
from domain.invoice import LIMITS
from domain.invoice.checks import MAX_NOTE
from store.ids import new_id

AddressKind = Annotated[
    Literal["billTo", "soldTo", "shipTo", "serviceAt", "remitTo", "payee", "taxRep"],
    Meta(description="Which address it is: there is one of each kind."),
]
KindInPath = Annotated[
    str,
    PathParameter(
        pattern=r"^(billTo|soldTo|shipTo|serviceAt|remitTo|payee|taxRep)(?![\s\S])",
        max_length=20,
        description="Which address: billTo, soldTo, shipTo, serviceAt, remitTo, payee or taxRep.",
    ),
]
NoteText = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]*(?![\s\S])",
        min_length=1,
        max_length=MAX_NOTE,
        description="Text of a note, which is never printed.",
    ),
]
Mentions = Annotated[
    list[ShortText], Meta(max_length=LIMITS["mentions"], description="Who should see it.")
]


class AddressFields(Wire):
    """Who and where. ``endpointId`` is a Peppol address of ``endpointScheme``."""

    customer_id: Code | None = None
    name: ShortText | None = None
    attention: ShortText | None = None
    line1: ShortText | None = None
    line2: ShortText | None = None
    line3: ShortText | None = None
    city: ShortText | None = None
    region: ShortText | None = None
    postal_code: ShortText | None = None
    country: Country | None = None
    phone: ShortText | None = None
    mobile: ShortText | None = None
    email: Email | None = None
    vat_id: ShortText | None = None
    endpoint_id: ShortText | None = None
    endpoint_scheme: ShortText | None = None
    tax_region: ShortText | None = None
    delivery_instructions: Text | None = None

    def address(self, kind: str) -> Address:
        """The domain's address of this kind."""
        values = {it: getattr(self, it) for it in AddressFields.__struct_fields__}
        return Address(kind=kind, **values)


class AddressIn(AddressFields, kw_only=True):
    """An address to write on a new draft."""

    kind: AddressKind


class AddressSet(AddressFields, kw_only=True):
    """The address to write on the document; it replaces an earlier one of its kind."""

    row_version: RowVersion | UnsetType = UNSET


class NoteIn(Wire):
    """A note to write."""

    text: NoteText
    category: ShortText | None = None
    pinned: bool = False
    mentions: Mentions = msgspec.field(default_factory=list)
    row_version: RowVersion | UnsetType = UNSET

    def note(self, author: str) -> Note:
        """The domain's note, under an id of its own."""
        return Note(
            id=new_id("not"),
            text=self.text,
            category=self.category,
            pinned=self.pinned,
            author=author,
            mentions=tuple(self.mentions),
        )


class NotePatch(Wire):
    """Fields of a note to change (RFC 7396)."""

    text: NoteText | UnsetType = UNSET
    category: Patch[ShortText] = UNSET
    pinned: bool | UnsetType = UNSET
    mentions: Mentions | UnsetType = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self, note_id: str) -> tuple[Note, tuple[str, ...]]:
        """The values that were sent, and the names of their fields."""
        values = sent(self)
        values.pop("row_version", None)
        if "mentions" in values:
            values["mentions"] = tuple(values["mentions"])
        return Note(id=note_id, **values), tuple(values)


class RedactIn(Wire):
    """Why nobody is to see the text any more."""

    reason: ShortText | None = None
    row_version: RowVersion | UnsetType = UNSET


class TableIn(Wire):
    """An entry of table 1 or 2 to assign. What is absent is given by its code."""

    table: Annotated[Literal[1, 2], Meta(description="Which of the book's two own tables.")]
    code: Code
    description: Patch[ShortText] = UNSET
    table_type: Patch[ShortText] = UNSET
    amount: Patch[Money] = UNSET
    effective_from: Patch[date] = UNSET
    effective_to: Patch[date] = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def entry(self) -> tuple[TableEntry, frozenset[str]]:
        """The domain's entry, under an id of its own, and the names of what was sent."""
        values: dict[str, Any] = decimals(sent(self), "amount")
        values.pop("row_version", None)
        return TableEntry(id=new_id("tab"), **values), frozenset(values)


class TaxOverrideIn(Wire):
    """The tax of one group, set by hand instead of computed; it replaces an earlier one."""

    category: Category
    rate: TaxRate
    amount: Money
    reason: Reason
    exemption_code: ShortText | None = None
    row_version: RowVersion | UnsetType = UNSET

    def override(self) -> TaxOverride:
        """The domain's override, under an id of its own."""
        return TaxOverride(
            id=new_id("tov"),
            category=self.category,
            rate=Decimal(self.rate),
            amount=Decimal(self.amount),
            reason=self.reason,
            exemption_code=self.exemption_code,
        )
