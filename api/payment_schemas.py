"""Payments on the wire: request and response bodies, and the one way from each to the domain."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.allocation_schemas import (
    AllocationOut,
    Allocations,
    RefundOut,
    allocations_out,
    refunds_out,
)
from api.wire import (
    BranchCode,
    Code,
    Currency,
    ExchangeRate,
    Id,
    Method,
    Money,
    Patch,
    Reply,
    RowVersion,
    ShortText,
    Text,
    Wire,
    decimals,
    sent,
)
from domain.facts.payment import PaymentDetails, PaymentRecorded
from domain.money import rounded
from domain.payment import Payment, available_actions, refunded, unapplied
from store.recorded import Versioned

CardLast4 = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}(?![\s\S])",
        max_length=4,
        description="The last four digits of the card, which are all that may be kept of it.",
        examples=["4242"],
    ),
]


class Received(Wire, kw_only=True):
    """What came in, apart from who paid."""

    method: Method
    received_on: date | None = None
    bank_fee: Money | None = None
    exchange_rate: ExchangeRate | None = None
    external_id: ShortText | None = None
    deposit: bool = False
    reference: ShortText | None = None
    memo: Text | None = None
    branch: BranchCode | None = None
    terminal: Code | None = None
    card_last4: CardLast4 | None = None

    def recorded(
        self, customer_id: str, amount: Decimal, currency: str, today: date
    ) -> PaymentRecorded:
        """The fact that records it; received ``today`` unless it says otherwise."""
        own = {it: getattr(self, it) for it in Received.__struct_fields__}
        values = decimals(own, "bank_fee", "exchange_rate")
        values["received_on"] = self.received_on or today
        return PaymentRecorded(**values, customer_id=customer_id, amount=amount, currency=currency)


class PaymentIn(Received, kw_only=True):
    """Money that came in. What is not allocated stays unapplied: it is the customer's credit.

    ``externalId`` is the payer's or the bank's own id, by which a payment is recorded once only;
    ``receivedOn`` is today unless it says otherwise; ``deposit``: it was paid in advance.
    """

    customer_id: Code
    amount: Money
    currency: Currency
    allocations: Allocations = msgspec.field(default_factory=list)


class InvoicePaymentIn(Received, kw_only=True):
    """Money that came in for an invoice, in its currency and from its customer.

    Without ``amount``: all that is owed. What is more than that stays the customer's credit.
    """

    amount: Money | None = None


class PaymentPatch(Wire):
    """Details to put right (RFC 7396): an absent field keeps its value, null clears."""

    reference: Patch[ShortText] = UNSET
    memo: Patch[Text] = UNSET
    branch: Patch[BranchCode] = UNSET
    terminal: Patch[Code] = UNSET
    card_last4: Patch[CardLast4] = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self) -> tuple[PaymentDetails, tuple[str, ...]]:
        """The values that were sent, and the names of their fields."""
        values = sent(self)
        values.pop("row_version", None)
        return PaymentDetails(**values), tuple(values)


class ReallocateIn(Wire):
    """Let what settles one invoice settle another: all, unless ``amount`` says less."""

    from_invoice_id: Id
    to_invoice_id: Id
    amount: Money | None = None
    reason: ShortText | None = None
    row_version: RowVersion | UnsetType = UNSET


class PaymentOut(Reply):
    """A payment. ``unappliedAmount`` settles no invoice and was not refunded.

    ``status`` follows from that: Recorded, PartiallyApplied, Applied, Refunded or Reversed.
    ``availableActions`` are the commands that it accepts now.
    """

    id: str
    status: str
    customer_id: str
    amount: Decimal
    currency: str
    method: str
    received_on: date
    bank_fee: Decimal | None
    exchange_rate: Decimal | None
    external_id: str | None
    deposit: bool
    reference: str | None
    memo: str | None
    branch: str | None
    terminal: str | None
    card_last4: str | None
    unapplied_amount: Decimal
    refunded_amount: Decimal
    allocations: list[AllocationOut]
    refunds: list[RefundOut]
    reversed_on: date | None
    reverse_reason: str | None
    row_version: int
    available_actions: list[str]

    @classmethod
    def of(cls, entity: Versioned[Payment]) -> "PaymentOut":
        """The payment as clients see it."""
        payment = entity.state
        values = {it: getattr(payment, it) for it in cls.__struct_fields__ if hasattr(payment, it)}
        values |= {
            "id": entity.id,
            "unapplied_amount": rounded(unapplied(payment), payment.currency),
            "refunded_amount": rounded(refunded(payment), payment.currency),
            "allocations": allocations_out(payment.applied),
            "refunds": refunds_out(payment.refunds),
            "row_version": entity.version,
            "available_actions": list(available_actions(payment.status)),
        }
        return cls(**values)


class PaymentListed(Reply):
    """A payment in a list, and what ``expand`` names of what it settles."""

    id: str
    customer_id: str
    status: str
    method: str
    currency: str
    amount: Decimal
    bank_fee: Decimal | None
    refunded: Decimal = msgspec.field(name="refundedAmount")
    unapplied: Decimal = msgspec.field(name="unappliedAmount")
    received_on: date
    reference: str | None
    external_id: str | None
    branch: str | None
    terminal: str | None
    deposit: bool
    row_version: int
    created_at: datetime
    updated_at: datetime
    allocations: list[AllocationOut] | UnsetType = UNSET
    refunds: list[RefundOut] | UnsetType = UNSET


class PaymentPage(Reply):
    """One page of payments. ``asOf`` is the book's position that the list shows."""

    items: list[PaymentListed]
    next_cursor: str | None
    as_of: int
