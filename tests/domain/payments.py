"""A payment of 100.00 by the customer of two invoices, at any point of its life."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from domain.aggregate import Change, Fact
from domain.book_settings import SETTINGS
from domain.errors import RuleBroken
from domain.facts.invoice_life import (
    InvoicePaid,
    InvoicePartiallyPaid,
)
from domain.facts.payment import (
    PaymentApplied,
    PaymentRecorded,
    PaymentRefunded,
)
from domain.facts.settings import BookSettings, SettingsChanged
from domain.payment import (
    PAYMENT,
    Allocation,
    Payment,
)
from tests.domain.bills import TODAY, History, after, bill, customer, state_of
from tests.given import GivenStreams, given_streams

RECORDED = PaymentRecorded(
    customer_id="ACME",
    amount=Decimal("100.00"),
    currency="EUR",
    method="transfer",
    received_on=TODAY,
)
BOOK = [customer(), bill("inv_1", "60.00"), bill("inv_2", "70.00")]
EURO_BOOK: History = (
    SETTINGS("book"),
    [SettingsChanged(to=BookSettings(base_currency="EUR"), fields=("base_currency",))],
)


def recorded(*applied: tuple[str, str], **fields: Any) -> History:
    """A payment of which this is applied."""
    facts: list[Fact] = [msgspec.structs.replace(RECORDED, **fields)]
    for invoice_id, amount in applied:
        facts.append(
            PaymentApplied(invoice_id=invoice_id, amount=Decimal(amount), applied_on=TODAY)
        )
    return PAYMENT("pay_1"), facts


def paid(amount: str, *, left: str = "0.00") -> Fact:
    """The invoice's side of a part of the payment."""
    fact = InvoicePaid if Decimal(left) == 0 else InvoicePartiallyPaid
    return fact(source="payment", source_id="pay_1", amount=Decimal(amount), balance=Decimal(left))


def wish(invoice_id: str, amount: str | None = None) -> Allocation:
    return Allocation(invoice_id=invoice_id, amount=None if amount is None else Decimal(amount))


def book(*histories: History, instead: Sequence[History] = BOOK) -> GivenStreams:
    names = {stream.name for stream, _ in histories}
    return given_streams(*(it for it in instead if it[0].name not in names), *histories)


def codes(refusal: RuleBroken) -> list[tuple[str, str]]:
    return [(it.code, it.pointer) for it in refusal.violations]


def payment_of(facts: Sequence[Change]) -> Payment:
    state: Payment = state_of(after(BOOK, facts), PAYMENT("pay_1"))
    return state


def given_back(amount: str, **fields: Any) -> PaymentRefunded:
    return msgspec.structs.replace(
        PaymentRefunded(
            refund_id="ref_1", amount=Decimal(amount), method="transfer", refunded_on=TODAY
        ),
        **fields,
    )
