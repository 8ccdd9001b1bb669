"""Payment: the state after a fact. It never refuses: what has happened cannot be rejected."""

from decimal import Decimal
from typing import assert_never

import msgspec

from domain.aggregate import Aggregate
from domain.allocation import Refund, added
from domain.changes import patched
from domain.facts.payment import (
    PaymentApplied,
    PaymentChanged,
    PaymentFact,
    PaymentReallocated,
    PaymentRecorded,
    PaymentRefunded,
    PaymentReversed,
    PaymentUnapplied,
)
from domain.money import negative
from domain.payment.state import Payment

_replace = msgspec.structs.replace


def evolve(payment: Payment | None, fact: PaymentFact) -> Payment | None:
    """The payment after the fact."""
    if isinstance(fact, PaymentRecorded):
        return Payment(**msgspec.structs.asdict(fact))
    if payment is None:
        return None
    match fact:
        case PaymentChanged():
            return patched(payment, fact.to, fact.fields)
        case PaymentApplied():
            return _with(payment, fact.invoice_id, fact.amount)
        case PaymentUnapplied():
            return _with(payment, fact.invoice_id, negative(fact.amount))
        case PaymentReallocated():
            less = _with(payment, fact.from_invoice_id, negative(fact.amount))
            return _with(less, fact.to_invoice_id, fact.amount)
        case PaymentRefunded():
            return _replace(payment, refunds=(*payment.refunds, _refund(fact)))
        case PaymentReversed():
            return _replace(payment, reversed_on=fact.reversed_on, reverse_reason=fact.reason)
        case _:
            assert_never(fact)


def _with(payment: Payment, invoice_id: str, amount: Decimal) -> Payment:
    return _replace(payment, applied=added(payment.applied, invoice_id, amount))


def _refund(fact: PaymentRefunded) -> Refund:
    return Refund(
        id=fact.refund_id,
        amount=fact.amount,
        method=fact.method,
        refunded_on=fact.refunded_on,
        reason=fact.reason,
    )


PAYMENT: Aggregate[Payment] = Aggregate("payment", evolve)
