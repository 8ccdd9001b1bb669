"""What can happen to a payment. The storage format: see ``domain.aggregate.Fact``.

``exchange_difference`` is the gain (positive) or loss in the book's currency that comes from the
payment's rate being another than the invoice's.
"""

from datetime import date
from decimal import Decimal
from typing import TypeAlias

import msgspec

from domain.aggregate import Fact


class PaymentDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may be put right later about a payment, because no amount depends on it."""

    reference: str | None = None
    memo: str | None = None
    branch: str | None = None
    terminal: str | None = None
    card_last4: str | None = None


class PaymentRecorded(PaymentDetails, Fact, frozen=True, kw_only=True):
    """Money came in, all of it unapplied so far.

    ``amount`` is what the customer paid, ``bank_fee`` the part of it that the bank kept;
    ``method`` is a code such as transfer, card, cash or check; ``external_id`` is the payer's or
    the bank's own id, by which a payment is never recorded twice; ``deposit``: paid in advance.
    """

    TOPIC = "payment.recorded"

    customer_id: str
    amount: Decimal
    currency: str
    method: str
    received_on: date
    bank_fee: Decimal | None = None
    exchange_rate: Decimal | None = None
    external_id: str | None = None
    deposit: bool = False


class PaymentChanged(Fact, frozen=True, kw_only=True):
    """The details named in ``fields`` got the values that they have in ``to``."""

    TOPIC = "payment.changed"

    to: PaymentDetails
    fields: tuple[str, ...]


class PaymentApplied(Fact, frozen=True, kw_only=True):
    """A part of the payment settles an invoice."""

    TOPIC = "payment.applied"

    invoice_id: str
    amount: Decimal
    applied_on: date
    exchange_difference: Decimal | None = None


class PaymentUnapplied(Fact, frozen=True, kw_only=True):
    """What the payment had settled of an invoice is owed again, and unapplied here."""

    TOPIC = "payment.unapplied"

    invoice_id: str
    amount: Decimal
    unapplied_on: date
    exchange_difference: Decimal | None = None
    reason: str | None = None


class PaymentReallocated(Fact, frozen=True, kw_only=True):
    """What had settled one invoice settles another one now."""

    TOPIC = "payment.reallocated"

    from_invoice_id: str
    to_invoice_id: str
    amount: Decimal
    reallocated_on: date
    exchange_difference: Decimal | None = None
    reason: str | None = None


class PaymentRefunded(Fact, frozen=True, kw_only=True):
    """Unapplied money was given back to the customer."""

    TOPIC = "payment.refunded"

    refund_id: str
    amount: Decimal
    method: str
    refunded_on: date
    reason: str | None = None


class PaymentReversed(Fact, frozen=True, kw_only=True):
    """The payment did not stand: a check bounced, a card was charged back, or it was an error."""

    TOPIC = "payment.reversed"

    reason: str
    reversed_on: date


class ExternalIdTaken(Fact, frozen=True, kw_only=True):
    """A payer's or bank's own id was used up, so that no other payment can be recorded by it."""

    TOPIC = "payment.external_id_taken"

    payment_id: str


PaymentFact: TypeAlias = (
    PaymentRecorded
    | PaymentChanged
    | PaymentApplied
    | PaymentUnapplied
    | PaymentReallocated
    | PaymentRefunded
    | PaymentReversed
)
