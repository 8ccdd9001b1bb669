"""Invoices in requests, and the one way from each body to the domain."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.invoice_part_schemas import AddressIn, NoteIn, TableIn, TaxOverrideIn
from api.line_schemas import LineIn
from api.tax_schemas import TaxCodes, Taxes, taxes_of
from api.wire import (
    Code,
    Currency,
    ExchangeRate,
    Money,
    Patch,
    Percent,
    Reason,
    RowVersion,
    ShortText,
    Text,
    Wire,
    decimals,
    optional_decimal,
    sent,
)
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_parts import Header
from domain.invoice import LIMITS, MAX_LINES

Type = Annotated[
    Literal["Sales", "Service", "Warranty", "Estimate"],
    Meta(description="What kind of business it is. An estimate is an offer: it is converted."),
]
DocumentType = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{3}(?![\s\S])",
        max_length=3,
        description="Kind of document, as a code of UNTDID 1001.",
        examples=["380"],
    ),
]
Tags = Annotated[
    list[Annotated[ShortText, Meta(min_length=1)]],
    Meta(max_length=LIMITS["tags"], description="Words of your own to find it by."),
]

_DECIMALS = (
    *("exchange_rate", "salesperson1_percent", "salesperson2_percent", "discount_percent"),
    *("discount_amount", "charge_percent", "charge_amount"),
)
_CHILDREN = ("lines", "addresses", "notes", "tables", "tax_overrides")
_NO_FIELDS = (*_CHILDREN, "row_version", "reason", "tax_codes")


class InvoiceFields(Wire):
    """The fields of an invoice that are not lists of children.

    ``customerId`` is billed, ``soldToId`` bought, ``serviceAtId`` is where work is done.
    ``exchangeRate`` is how many units of the book's currency one unit of ``currency`` is worth.
    ``taxes``, or those behind ``taxCodes``, are for lines that come without.
    """

    type: Type | UnsetType = UNSET
    document_type: DocumentType | UnsetType = UNSET
    customer_id: Patch[Code] = UNSET
    sold_to_id: Patch[Code] = UNSET
    service_at_id: Patch[Code] = UNSET
    branch: Patch[Code] = UNSET
    terminal: Patch[Code] = UNSET
    department: Patch[Code] = UNSET
    currency: Patch[Currency] = UNSET
    exchange_rate: Patch[ExchangeRate] = UNSET
    exchange_date: Patch[date] = UNSET
    price_includes_tax: bool | UnsetType = UNSET
    issue_date: Patch[date] = UNSET
    accounting_date: Patch[date] = UNSET
    due_date: Patch[date] = UNSET
    expected_payment_date: Patch[date] = UNSET
    schedule_date: Patch[date] = UNSET
    pickup_date: Patch[date] = UNSET
    tax_point_date: Patch[date] = UNSET
    tax_point_code: Patch[Code] = UNSET
    period_start: Patch[date] = UNSET
    period_end: Patch[date] = UNSET
    terms: Patch[Code] = UNSET
    po_number: Patch[ShortText] = UNSET
    reference: Patch[ShortText] = UNSET
    buyer_reference: Patch[ShortText] = UNSET
    contract_reference: Patch[ShortText] = UNSET
    project_reference: Patch[ShortText] = UNSET
    memo: Patch[Text] = UNSET
    job_status: Patch[Code] = UNSET
    salesperson1: Patch[Code] = UNSET
    salesperson1_percent: Patch[Percent] = UNSET
    salesperson2: Patch[Code] = UNSET
    salesperson2_percent: Patch[Percent] = UNSET
    sale_referral: Patch[ShortText] = UNSET
    finance_company: Patch[ShortText] = UNSET
    tags: Tags | UnsetType = UNSET
    discount_percent: Patch[Percent] = UNSET
    discount_amount: Patch[Money] = UNSET
    discount_reason: Patch[ShortText] = UNSET
    charge_percent: Patch[Percent] = UNSET
    charge_amount: Patch[Money] = UNSET
    charge_reason: Patch[ShortText] = UNSET
    taxes: Patch[Taxes] = UNSET
    tax_codes: TaxCodes | UnsetType = UNSET

    def values(self) -> dict[str, Any]:
        """What was sent, as the domain knows it. Tax codes are still to be resolved."""
        values = sent(self)
        for name in values.keys() & _NO_FIELDS:
            del values[name]
        if "tags" in values:
            values["tags"] = tuple(values["tags"])
        if "taxes" in values:
            values["taxes"] = taxes_of(values["taxes"] or ())
        return decimals(values, *_DECIMALS)


class InvoiceIn(InvoiceFields, kw_only=True):
    """A draft to open: any part of its header and any children, all in one transaction."""

    lines: Annotated[list[LineIn], Meta(max_length=MAX_LINES)] = msgspec.field(default_factory=list)
    addresses: Annotated[list[AddressIn], Meta(max_length=LIMITS["addresses"])] = msgspec.field(
        default_factory=list
    )
    notes: Annotated[list[NoteIn], Meta(max_length=LIMITS["notes"])] = msgspec.field(
        default_factory=list
    )
    tables: Annotated[list[TableIn], Meta(max_length=LIMITS["tables"])] = msgspec.field(
        default_factory=list
    )
    tax_overrides: Annotated[list[TaxOverrideIn], Meta(max_length=LIMITS["overrides"])] = (
        msgspec.field(default_factory=list)
    )

    def header(self, author: str) -> InvoiceDrafted:
        """The fact that opens the draft."""
        return InvoiceDrafted(**self.values(), author=author)


class InvoicePatch(InvoiceFields, kw_only=True):
    """Header fields to change (RFC 7396): a field that is absent keeps its value, null clears.

    ``reason`` is needed where the terms of payment of a released invoice change.
    """

    reason: Reason | UnsetType = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self) -> tuple[Header, tuple[str, ...]]:
        """The values that were sent, and the names of their fields."""
        values = self.values()
        return Header(**values), tuple(values)

    @property
    def why(self) -> str | None:
        """The reason, if one was sent."""
        return None if self.reason is UNSET else self.reason


# ---------------------------------------------------------------- transitions


class CommandIn(Wire):
    """A command without options."""

    row_version: RowVersion | UnsetType = UNSET


class ApproveIn(Wire):
    """Why it is signed off, if that is to be recorded."""

    reason: ShortText | None = None
    row_version: RowVersion | UnsetType = UNSET


class PostIn(Wire):
    """Options of posting. ``expectedTotal`` is the gross total that you believe the invoice has.

    ``overrides`` lets rules pass that somebody decided to break: their violations become warnings.
    Only keys with the scope ``admin`` may do that.
    """

    row_version: RowVersion | UnsetType = UNSET
    expected_total: Money | None = None
    overrides: Annotated[
        list[Literal["P32", "P60"]],
        Meta(max_length=2, description="P32: below the minimum price; P60: the credit limit."),
    ] = msgspec.field(default_factory=list)

    def expected(self) -> Decimal | None:
        """The expected gross total, if the client sent one."""
        return optional_decimal(self.expected_total)


class VoidIn(Wire):
    """Why the invoice is voided. Auditors will read it."""

    reason: Reason
    row_version: RowVersion | UnsetType = UNSET


class DueDateIn(Wire):
    """When the posted invoice falls due; once it is released, only with a reason."""

    due_date: date
    reason: Reason | UnsetType = UNSET
    row_version: RowVersion | UnsetType = UNSET


class ResolveIn(Wire):
    """How the dispute ended."""

    resolution: Reason
    row_version: RowVersion | UnsetType = UNSET


class ConvertIn(Wire):
    """What kind of invoice the estimate becomes."""

    type: Literal["Sales", "Service", "Warranty"] = "Sales"
    row_version: RowVersion | UnsetType = UNSET
