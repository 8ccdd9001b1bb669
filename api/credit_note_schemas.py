"""Credit notes in requests, and the one way from each body to the domain."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.tax_schemas import Taxes, taxes_of
from api.wire import (
    BranchCode,
    Code,
    Currency,
    ExchangeRate,
    Id,
    LineId,
    Money,
    Patch,
    Quantity,
    ReasonCode,
    RowVersion,
    ShortText,
    Text,
    Wire,
    decimals,
    sent,
)
from domain.facts.credit_note import CreditHeader, CreditLine, CreditNoteDrafted, FlatAmount
from domain.invoice import MAX_LINES

EXAMPLE = {
    "customerId": "ACME",
    "currency": "EUR",
    "reasonCode": "goodwill",
    "flat": {"description": "Late delivery", "amount": "10.00", "taxes": [{"rate": "19"}]},
}
"""A draft that can be posted as it is."""

SerialNumbers = Annotated[
    list[ShortText],
    Meta(
        max_length=MAX_LINES,
        description="Serial numbers of the line that came back.",
        examples=[["SN 4711"]],
    ),
]


class Credited(Wire):
    """What is credited of a line of the invoice: so much of it, at the price it was sold."""

    quantity: Quantity
    reason: ShortText | None = None
    serial_numbers: SerialNumbers = msgspec.field(default_factory=list)

    def line(self, line_id: str) -> CreditLine:
        """The domain's line."""
        return CreditLine(
            line_id=line_id,
            quantity=Decimal(self.quantity),
            reason=self.reason,
            serial_numbers=tuple(self.serial_numbers),
        )


class CreditedIn(Credited, kw_only=True):
    """How much to credit of the line that the path names."""

    row_version: RowVersion | UnsetType = UNSET


class CreditLineIn(Credited, kw_only=True):
    """How much to credit of the line of the invoice with this id."""

    line_id: LineId


CreditLines = Annotated[list[CreditLineIn], Meta(max_length=MAX_LINES)]


class FlatIn(Wire):
    """A flat amount without its taxes, which makes the credit note a credit memo."""

    description: ShortText
    amount: Money
    taxes: Taxes = msgspec.field(default_factory=list)

    def flat(self) -> FlatAmount:
        """The domain's amount."""
        return FlatAmount(
            description=self.description, amount=Decimal(self.amount), taxes=taxes_of(self.taxes)
        )


class FlatAmountIn(FlatIn, kw_only=True):
    """A flat amount to set on a draft."""

    row_version: RowVersion | UnsetType = UNSET


class CreditIn(Wire):
    """What to credit of an invoice: lines, or a flat amount; without either, all that is left."""

    issue_date: date | None = None
    accounting_date: date | None = None
    reason_code: ReasonCode | None = None
    reason: ShortText | None = None
    reference: ShortText | None = None
    memo: Text | None = None
    lines: CreditLines | None = None
    flat: FlatIn | None = None

    def wanted(self) -> list[CreditLine] | None:
        """The lines that were named, if any were."""
        return None if self.lines is None else [it.line(it.line_id) for it in self.lines]

    def amount(self) -> FlatAmount | None:
        """The flat amount, if there is one."""
        return self.flat.flat() if self.flat else None

    def drafted(self, invoice_id: str, author: str) -> CreditNoteDrafted:
        """The fact that opens a draft over the invoice."""
        names = ("issue_date", "accounting_date", "reason_code", "reason", "reference", "memo")
        values = {it: getattr(self, it) for it in names}
        return CreditNoteDrafted(**values, invoice_id=invoice_id, author=author)


class CreditNoteIn(CreditIn, kw_only=True):
    """A credit note to draft.

    With ``invoiceId``, customer, currency and branch are those of the invoice, and without lines
    and amount it is over all that is left of it. Without, it is a memo for a customer.
    """

    invoice_id: Id | None = None
    customer_id: Code | None = None
    currency: Currency | None = None
    branch: BranchCode | None = None
    exchange_rate: ExchangeRate | None = None
    exchange_date: date | None = None

    def header(self, author: str) -> CreditNoteDrafted:
        """The fact that opens the draft."""
        values = msgspec.structs.asdict(self)
        del values["lines"], values["flat"]
        return CreditNoteDrafted(**decimals(values, "exchange_rate"), author=author)


class CreditNotePatch(Wire):
    """Header fields to change (RFC 7396): an absent field keeps its value, null clears."""

    invoice_id: Patch[Id] = UNSET
    customer_id: Patch[Code] = UNSET
    currency: Patch[Currency] = UNSET
    branch: Patch[BranchCode] = UNSET
    issue_date: Patch[date] = UNSET
    accounting_date: Patch[date] = UNSET
    reason_code: Patch[ReasonCode] = UNSET
    reason: Patch[ShortText] = UNSET
    reference: Patch[ShortText] = UNSET
    memo: Patch[Text] = UNSET
    exchange_rate: Patch[ExchangeRate] = UNSET
    exchange_date: Patch[date] = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self) -> tuple[CreditHeader, tuple[str, ...]]:
        """The values that were sent, and the names of their fields."""
        values = decimals(sent(self), "exchange_rate")
        values.pop("row_version", None)
        return CreditHeader(**values), tuple(values)


class PostCreditIn(Wire):
    """Options of posting. ``expectedTotal`` is the gross total that you believe it has.

    With ``apply``, it settles the invoice that it credits, up to what is owed on it.
    """

    expected_total: Money | None = None
    apply: bool = True
    row_version: RowVersion | UnsetType = UNSET
