"""Entries of code tables on the wire, and the one way from each body to the domain."""

from datetime import date, datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from api.wire import (
    Code,
    Patch,
    Price,
    ReasonCode,
    Reply,
    RowVersion,
    ShortText,
    TaxCodeId,
    Text,
    Wire,
    decimals,
    sent,
)
from domain.code_entry import CodeEntry
from domain.facts.code_entry import CodeCreated, CodeDetails
from store.recorded import Versioned


class CodeIn(Wire):
    """An entry to add to a table.

    ``amount`` is what the table counts: a price, a fee, or days. ``text`` is what a comment prints.
    """

    code: Code
    description: ShortText | None = None
    text: Text | None = None
    type: ShortText | None = None
    amount: Price | None = None
    tax_code: TaxCodeId | None = None
    reason_code: ReasonCode | None = None
    gl_account: ShortText | None = None
    start_date: date | None = None
    end_date: date | None = None
    obsolete: bool = False

    def created(self) -> CodeCreated:
        """The fact that adds the entry."""
        values = {it: getattr(self, it) for it in self.__struct_fields__ if it != "code"}
        return CodeCreated(**decimals(values, "amount"))


class CodePatch(Wire):
    """Fields to change (RFC 7396): a field that is absent keeps its value, null clears."""

    description: Patch[ShortText] = UNSET
    text: Patch[Text] = UNSET
    type: Patch[ShortText] = UNSET
    amount: Patch[Price] = UNSET
    tax_code: Patch[TaxCodeId] = UNSET
    reason_code: Patch[ReasonCode] = UNSET
    gl_account: Patch[ShortText] = UNSET
    start_date: Patch[date] = UNSET
    end_date: Patch[date] = UNSET
    obsolete: bool | UnsetType = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self) -> tuple[CodeDetails, tuple[str, ...]]:
        """The values that were sent, and the names of their fields."""
        values = decimals(sent(self), "amount")
        values.pop("row_version", None)
        return CodeDetails(**values), tuple(values)


class CodeOut(Reply):
    """An entry of a code table. An obsolete one is not offered for new lines."""

    table: str
    code: str
    description: str | None
    text: str | None
    type: str | None
    amount: Decimal | None
    tax_code: str | None
    reason_code: str | None
    gl_account: str | None
    start_date: date | None
    end_date: date | None
    obsolete: bool
    row_version: int
    available_actions: list[str]

    @classmethod
    def of(cls, entity: Versioned[CodeEntry]) -> "CodeOut":
        """The entry as clients see it."""
        state = entity.state
        values = {it: getattr(state, it) for it in cls.__struct_fields__ if hasattr(state, it)}
        table, _, code = entity.id.partition("/")
        return cls(
            table=table,
            code=code,
            row_version=entity.version,
            available_actions=["edit", "delete"],
            **values,
        )


class CodeListed(Reply):
    """An entry in a list. ``id`` is the table and the code, with a slash between."""

    id: str
    code_table: str = msgspec.field(name="table")
    code: str
    description: str | None
    text: str | None
    type: str | None
    amount: Decimal | None
    tax_code: str | None
    start_date: date | None
    end_date: date | None
    obsolete: bool
    row_version: int
    updated_at: datetime


class CodePage(Reply):
    """One page of entries. ``asOf`` is the book's position that the list shows."""

    items: list[CodeListed]
    next_cursor: str | None
    as_of: int


class CodeTableOut(Reply):
    """A code table that every book has, and what its entries are."""

    table: str
    description: str


class CodeTables(Reply):
    """All code tables."""

    items: list[CodeTableOut]
