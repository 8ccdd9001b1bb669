"""Payment: which invoices it settles. Every command writes both sides in one append."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from domain.aggregate import Change, Read
from domain.allocation import (
    Allocation,
    Applied,
    Funds,
    allocate,
    applied_to,
    reopened,
    settled,
    taken_back,
)
from domain.errors import NotFound, RuleBroken, Violation
from domain.facts.payment import PaymentApplied, PaymentReallocated, PaymentUnapplied
from domain.invoice import INVOICE
from domain.money import Money, difference, negative, product, total
from domain.payment.evolve import PAYMENT
from domain.payment.state import Payment, guard, unapplied
from domain.period import check

SOURCE = "payment"


def apply(
    read: Read, payment_id: str, allocations: Sequence[Allocation], *, today: date
) -> list[Change]:
    """Set unapplied money against one or many invoices of its customer, all or none.

    Raises:
        RuleBroken: Everything that stands against any of them.
    """
    payment = paid(read, payment_id)
    guard(payment, "apply")
    funds = funds_of(payment_id, payment)
    applied, violations = allocate(read, funds, allocations)
    if not allocations:
        detail = "Name at least one invoice."
        violations.append(Violation("allocations-missing", "/allocations", detail))
    violations = [*check(read, today, sales=False, pointer=""), *violations]
    if violations:
        raise RuleBroken(tuple(violations))
    facts = [application(read, payment, it, today) for it in applied]
    return [(PAYMENT(payment_id), facts), *settled(read, funds, applied)]


def unapply(
    read: Read,
    payment_id: str,
    invoice_id: str,
    *,
    today: date,
    amount: Decimal | None = None,
    reason: str | None = None,
) -> list[Change]:
    """Take back what settles an invoice: all of it, unless ``amount`` says less.

    Raises:
        RuleBroken: Less is applied to it, or the period is locked.
    """
    payment = paid(read, payment_id)
    guard(payment, "unapply")
    back = taken_back(payment.applied, invoice_id, amount, payment.currency)
    _check_period(read, today)
    fact = withdrawal(read, payment, back, today, reason)
    taken = reopened(read, funds_of(payment_id, payment), [back])
    return [(PAYMENT(payment_id), [fact]), *taken]


def reallocate(
    read: Read,
    payment_id: str,
    *,
    from_invoice_id: str,
    to_invoice_id: str,
    today: date,
    amount: Decimal | None = None,
    reason: str | None = None,
) -> list[Change]:
    """Let what settles one invoice settle another: all of it, unless ``amount`` says less.

    Raises:
        RuleBroken: Less is applied to the one, the other owes less or cannot be paid by this.
    """
    payment = paid(read, payment_id)
    guard(payment, "reallocate")
    if from_invoice_id == to_invoice_id:
        detail = "That is the invoice that it settles already: name another one."
        raise RuleBroken((Violation("same-invoice", "/toInvoiceId", detail),))
    back = taken_back(payment.applied, from_invoice_id, amount, payment.currency)
    funds = funds_of(payment_id, payment, available=back.amount)
    wish = Allocation(invoice_id=to_invoice_id, amount=back.amount)
    applied, violations = allocate(read, funds, [wish])
    violations = [*check(read, today, sales=False, pointer=""), *map(_at_target, violations)]
    if violations:
        raise RuleBroken(tuple(violations))
    gain = _sum(
        _difference(read, payment, from_invoice_id, negative(back.amount)),
        _difference(read, payment, to_invoice_id, back.amount),
    )
    fact = PaymentReallocated(
        from_invoice_id=from_invoice_id,
        to_invoice_id=to_invoice_id,
        amount=back.amount,
        reallocated_on=today,
        exchange_difference=_amount(gain),
        reason=reason,
    )
    taken = reopened(read, funds, [back])
    return [(PAYMENT(payment_id), [fact]), *taken, *settled(read, funds, applied)]


# ---------------------------------------------------------------- for the other decisions


def paid(read: Read, payment_id: str) -> Payment:
    """The payment. Raises ``NotFound``."""
    payment = read(PAYMENT(payment_id))
    if payment is None:
        raise NotFound("payment", payment_id)
    return payment


def funds_of(payment_id: str, payment: Payment, available: Decimal | None = None) -> Funds:
    """What the payment can give: all that is unapplied, unless ``available`` says otherwise."""
    left = unapplied(payment) if available is None else available
    return Funds(
        source=SOURCE,
        source_id=payment_id,
        customer_id=payment.customer_id,
        available=Money(left, payment.currency),
    )


def application(read: Read, payment: Payment, it: Applied, dated: date) -> PaymentApplied:
    """The fact that so much of the payment settles an invoice."""
    return PaymentApplied(
        invoice_id=it.invoice_id,
        amount=it.amount,
        applied_on=dated,
        exchange_difference=_amount(_difference(read, payment, it.invoice_id, it.amount)),
    )


def withdrawal(
    read: Read, payment: Payment, it: Applied, dated: date, reason: str | None
) -> PaymentUnapplied:
    """The fact that so much of the payment does not settle an invoice any more."""
    gain = _difference(read, payment, it.invoice_id, negative(it.amount))
    return PaymentUnapplied(
        invoice_id=it.invoice_id,
        amount=it.amount,
        unapplied_on=dated,
        exchange_difference=_amount(gain),
        reason=reason,
    )


def _difference(read: Read, payment: Payment, invoice_id: str, amount: Decimal) -> Money | None:
    """The gain (above zero) or loss in the book's currency of applying so much more, or less.

    It is the difference of two roundings of the whole, so that however a payment is applied and
    taken back in parts, the sum is that of applying the rest at once, and zero for nothing.
    """
    invoice = read(INVOICE(invoice_id))
    base = invoice.posted_totals.base if invoice and invoice.posted_totals else None
    if base is None or payment.exchange_rate is None or payment.exchange_rate == base.rate:
        return None
    gain = difference(payment.exchange_rate, base.rate)
    before = applied_to(payment.applied, invoice_id)
    after = total([before, amount])
    now, then = (Money.rounded(product(it, gain), base.currency) for it in (after, before))
    return now - then


def _sum(first: Money | None, second: Money | None) -> Money | None:
    if first is None or second is None:
        return second if first is None else first
    return first + second


def _amount(gain: Money | None) -> Decimal | None:
    return None if gain is None else gain.amount


def _check_period(read: Read, dated: date) -> None:
    violations = tuple(check(read, dated, sales=False, pointer=""))
    if violations:
        raise RuleBroken(violations)


def _at_target(violation: Violation) -> Violation:
    """A reallocation names one invoice where an application has a list."""
    pointer = "/amount" if violation.pointer.endswith("/amount") else "/toInvoiceId"
    return Violation(violation.code, pointer, violation.detail)
