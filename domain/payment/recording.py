"""Payment: money that comes in, and money that goes back."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from domain.account import entry
from domain.aggregate import Change, Fact, Read
from domain.allocation import Allocation, allocate, amount_violations, reopened, settled
from domain.book_settings import settings_of
from domain.changes import differing
from domain.customer import CUSTOMER
from domain.errors import AlreadyExists, RuleBroken, Violation
from domain.facts.payment import (
    PaymentChanged,
    PaymentDetails,
    PaymentRecorded,
    PaymentRefunded,
    PaymentReversed,
)
from domain.limits import beyond
from domain.money import ZERO, Money, rounded
from domain.payment.applying import SOURCE, application, funds_of, paid, withdrawal
from domain.payment.evolve import PAYMENT, evolve
from domain.payment.state import Payment, guard, refunded, unapplied
from domain.payment_ref import MAX_LENGTH, take
from domain.period import check
from domain.posting.header import check_currency, check_rate

CARD = "card"
"""The method under which numbers of cards are looked for."""

_LAST4 = re.compile(r"\d{4}")
_CARD_NUMBER = re.compile(r"(?:\d[ -]?){12,18}\d")


def record(
    read: Read,
    payment_id: str,
    recorded: PaymentRecorded,
    allocations: Sequence[Allocation] = (),
    *,
    today: date,
) -> list[Change]:
    """Record money that came in, and set it against invoices at once where wanted.

    What is not allocated stays unapplied: it is the customer's credit.

    Raises:
        AlreadyExists: A payment with this external id was recorded before.
        RuleBroken: Everything that stands against the payment or any allocation.
    """
    if read(PAYMENT(payment_id)) is not None:
        raise AlreadyExists("payment", payment_id)
    taken = []
    if recorded.external_id:
        taken.append(take(read, recorded.external_id, payment_id=payment_id))
    if outside := tuple(beyond(recorded)):
        raise RuleBroken(outside)
    violations = [*_violations(read, recorded, today)]
    exact = _rounded(recorded)
    payment = evolve(None, exact)
    assert payment is not None
    funds = funds_of(payment_id, payment)
    applied, against = allocate(read, funds, allocations)
    if violations or against:
        raise RuleBroken((*violations, *against))
    facts = [application(read, payment, it, recorded.received_on) for it in applied]
    paid_in = Money(payment.amount, payment.currency)
    return [
        (PAYMENT(payment_id), [exact, *facts]),
        *settled(read, funds, applied),
        _entry(read, payment, -paid_in, recorded.received_on, of=(SOURCE, payment_id)),
        *taken,
    ]


def change(payment: Payment, to: PaymentDetails, fields: Sequence[str]) -> list[Fact]:
    """Put details right. What is so already is no change, and makes no fact."""
    guard(payment, "edit")
    names = differing(payment, to, fields)
    violations = tuple(_card_violations(to, payment.method)) if names else ()
    if violations:
        raise RuleBroken(violations)
    return [PaymentChanged(to=to, fields=names)] if names else []


def refund(read: Read, payment_id: str, asked: PaymentRefunded, *, today: date) -> list[Change]:
    """Give unapplied money back to the customer, on the day that the fact names.

    Raises:
        RuleBroken: Less is unapplied, or the period is locked.
    """
    payment = paid(read, payment_id)
    guard(payment, "refund")
    violations = (
        *_dated_violations(read, asked.refunded_on, today, "/refundedOn"),
        *amount_violations(asked.amount, most=Money(unapplied(payment), payment.currency)),
    )
    if violations:
        raise RuleBroken(violations)
    amount = Money(asked.amount, payment.currency)
    fact = msgspec.structs.replace(asked, amount=amount.amount)
    return [
        (PAYMENT(payment_id), [fact]),
        _entry(read, payment, amount, asked.refunded_on, of=("refund", asked.refund_id)),
    ]


def reverse(read: Read, payment_id: str, *, reason: str, today: date) -> list[Change]:
    """Let the payment not stand: what it settled is owed again.

    What was refunded of it stays so; the rest is taken off the customer's account.

    Raises:
        RuleBroken: An invoice that it settled is archived, or the period is locked.
    """
    payment = paid(read, payment_id)
    guard(payment, "reverse")
    violations = tuple(check(read, today, sales=False, pointer=""))
    if violations:
        raise RuleBroken(violations)
    taken = [withdrawal(read, payment, it, today, reason) for it in payment.applied]
    rest = Money(payment.amount, payment.currency) - Money(refunded(payment), payment.currency)
    return [
        (PAYMENT(payment_id), [*taken, PaymentReversed(reason=reason, reversed_on=today)]),
        *reopened(read, funds_of(payment_id, payment), payment.applied),
        _entry(read, payment, rest, today, of=(SOURCE, payment_id)),
    ]


# ---------------------------------------------------------------- rules


def _violations(read: Read, recorded: PaymentRecorded, today: date) -> Iterator[Violation]:
    if read(CUSTOMER(recorded.customer_id)) is None:
        detail = f"There is no customer {recorded.customer_id!r}: create it or name another one."
        yield Violation("P04", "/customerId", detail)
    if not recorded.method:
        detail = "Say how it was paid: transfer, card, cash, check or another method."
        yield Violation("method-missing", "/method", detail)
    yield from _dated_violations(read, recorded.received_on, today, "/receivedOn")
    if len(recorded.external_id or "") > MAX_LENGTH:
        detail = f"An external id has at most {MAX_LENGTH} characters."
        yield Violation("external-id", "/externalId", detail)
    yield from _money_violations(read, recorded)
    yield from _card_violations(recorded, recorded.method)


def _dated_violations(read: Read, dated: date, today: date, pointer: str) -> Iterator[Violation]:
    if dated > today:
        yield Violation("P08", pointer, f"Today is {today}: money cannot have moved later.")
    yield from check(read, dated, sales=False, pointer=pointer)


def _money_violations(read: Read, recorded: PaymentRecorded) -> Iterator[Violation]:
    settings, currency = settings_of(read), recorded.currency
    yield from check_currency(currency, settings)
    yield from check_rate(currency, recorded.exchange_rate, settings)
    most = Money.rounded(max(recorded.amount, ZERO), currency)
    yield from amount_violations(recorded.amount, most=most)
    fee = recorded.bank_fee
    if fee is not None and fee < ZERO:
        yield Violation("bank-fee", "/bankFee", "A fee cannot be below zero.")
    elif fee:
        for violation in amount_violations(fee, most=most):
            yield Violation("bank-fee", "/bankFee", violation.detail)


def _card_violations(details: PaymentDetails, method: str) -> Iterator[Violation]:
    """No full card number may be kept (EN 16931, BR-51). A bank's reference may look like one."""
    last4 = details.card_last4
    if last4 is not None and not _LAST4.fullmatch(last4):
        yield Violation("P63", "/cardLast4", "Only the last four digits of a card may be kept.")
    for pointer, text in (("/reference", details.reference), ("/memo", details.memo)):
        if method == CARD and any(_is_card_number(it) for it in _CARD_NUMBER.findall(text or "")):
            yield Violation("P63", pointer, "A card number may not be kept: leave it out.")


def _is_card_number(text: str) -> bool:
    """Whether the digits pass the Luhn check (ISO/IEC 7812-1), as those of every card do."""
    digits = [int(it) for it in reversed(text) if it.isdigit()]
    doubled = (sum(divmod(2 * it, 10)) for it in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _rounded(recorded: PaymentRecorded) -> PaymentRecorded:
    """With all digits of the currency: 10 becomes 10.00."""
    fee = None if recorded.bank_fee is None else rounded(recorded.bank_fee, recorded.currency)
    amount = rounded(recorded.amount, recorded.currency)
    return msgspec.structs.replace(recorded, amount=amount, bank_fee=fee)


def _entry(
    read: Read, payment: Payment, amount: Money, dated: date, *, of: tuple[str, str]
) -> Change:
    """On the account of the payment's customer, because ``of`` a document: its type and id."""
    return entry(
        read,
        payment.customer_id,
        document_type=of[0],
        document_id=of[1],
        amount=amount,
        dated=dated,
    )
