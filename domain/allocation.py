"""Allocation: one payment or credit note, set against several invoices at once.

Amounts are in minor units of one currency throughout and nothing is rounded on the way, so that
what leaves the payment is what arrives at the invoices.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from domain.aggregate import Change, Fact, Read
from domain.errors import RuleBroken, Violation
from domain.invoice import INVOICE, Invoice
from domain.limits import AMOUNT, OUTSIDE
from domain.money import ZERO, Money, rounded, total
from domain.settlement import check_amount, not_open, owed_on, reopen, settle


class Allocation(msgspec.Struct, frozen=True, kw_only=True):
    """A wish: so much for this invoice.

    Without ``amount``: as much as the invoice owes and is left to give.
    """

    invoice_id: str
    amount: Decimal | None = None


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """So much of a payment or a credit note settles this invoice now; it is above zero."""

    invoice_id: str
    amount: Decimal


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money that was given back to the customer, out of a payment or a credit note."""

    id: str
    amount: Decimal
    method: str
    refunded_on: date
    reason: str | None = None


class Funds(msgspec.Struct, frozen=True, kw_only=True):
    """What can be given: ``available`` of a payment or a credit note of one customer.

    ``source`` is payment or credit-note.
    """

    source: str
    source_id: str
    customer_id: str
    available: Money


# ---------------------------------------------------------------- state


def applied_to(applied: Iterable[Applied], invoice_id: str) -> Decimal:
    """How much of it settles this invoice; zero if nothing."""
    return total(it.amount for it in applied if it.invoice_id == invoice_id)


def added(applied: tuple[Applied, ...], invoice_id: str, amount: Decimal) -> tuple[Applied, ...]:
    """With so much more for this invoice, or less if below zero; what is used up is left out."""
    after = Applied(invoice_id=invoice_id, amount=total([applied_to(applied, invoice_id), amount]))
    known = any(it.invoice_id == invoice_id for it in applied)
    every = applied if known else (*applied, after)
    changed = (after if it.invoice_id == invoice_id else it for it in every)
    return tuple(it for it in changed if it.amount)


# ---------------------------------------------------------------- decisions


def allocate(
    read: Read, funds: Funds, wishes: Sequence[Allocation]
) -> tuple[list[Applied], list[Violation]]:
    """What each invoice gets, and all that stands against it."""
    left, nothing = funds.available, Money(ZERO, funds.available.currency)
    applied: list[Applied] = []
    violations: list[Violation] = []
    for index, wish in enumerate(wishes):
        at = f"/allocations/{index}"
        invoice = read(INVOICE(wish.invoice_id))
        problems = [*_invoice_violations(invoice, funds, f"{at}/invoiceId")]
        if any(it.invoice_id == wish.invoice_id for it in wishes[:index]):
            detail = "The invoice is named twice: name it once, with the sum."
            problems.append(Violation("named-twice", f"{at}/invoiceId", detail))
        if invoice is not None and not problems:
            owed = owed_on(invoice)
            problems += _amount_violations(wish.amount, owed, left, f"{at}/amount")
            given = _given(wish.amount, owed, left)
            left = max(left - given, nothing)
            applied.append(Applied(invoice_id=wish.invoice_id, amount=given.amount))
        violations += problems
    return applied, violations


def _given(wanted: Decimal | None, owed: Money, left: Money) -> Money:
    """What a wish comes to; nothing, where it is no amount of money."""
    if wanted is None:
        return min(owed, left)
    return Money.rounded(wanted if AMOUNT.admits(wanted) else ZERO, left.currency)


def settled(read: Read, funds: Funds, applied: Iterable[Applied]) -> list[Change]:
    """The invoices' side of the allocation."""
    return [_at_invoice(settle, read, funds, it) for it in applied]


def reopened(read: Read, funds: Funds, applied: Iterable[Applied]) -> list[Change]:
    """The invoices' side of taking all of this back."""
    return [_at_invoice(reopen, read, funds, it) for it in applied]


def _at_invoice(
    decide: Callable[[Invoice, str, str, Money], Fact], read: Read, funds: Funds, it: Applied
) -> Change:
    invoice = read(INVOICE(it.invoice_id))
    assert invoice is not None, "what is applied to an invoice keeps it alive"
    amount = Money(it.amount, funds.available.currency)
    return INVOICE(it.invoice_id), [decide(invoice, funds.source, funds.source_id, amount)]


def taken_back(
    applied: Iterable[Applied], invoice_id: str, amount: Decimal | None, currency: str
) -> Applied:
    """How much to take back from this invoice: all, unless ``amount`` says less.

    Raises:
        RuleBroken: Nothing was applied to it, or less.
    """
    check_amount(amount)
    most = applied_to(applied, invoice_id)
    wanted = most if amount is None else amount
    if not most:
        detail = "Nothing of this is applied to that invoice."
        raise RuleBroken((Violation("not-applied", "/invoiceId", detail),))
    if not ZERO < wanted <= most or wanted != rounded(wanted, currency):
        detail = f"{most} is applied to that invoice: set an amount above 0 and at most that."
        raise RuleBroken((Violation("more-than-applied", "/amount", detail),))
    return Applied(invoice_id=invoice_id, amount=rounded(wanted, currency))


def amount_violations(
    amount: Decimal, *, most: Money, pointer: str = "/amount"
) -> Iterator[Violation]:
    """What stands against giving away this amount when there is so much left."""
    if not AMOUNT.admits(amount):
        yield Violation(OUTSIDE, pointer, f"Set an amount {AMOUNT}.")
    elif amount <= ZERO:
        yield Violation("amount-sign", pointer, "Set an amount above 0.")
    elif amount != rounded(amount, most.currency):
        detail = f"{amount} has more digits than {most.currency} has: round it."
        yield Violation("amount-digits", pointer, detail)
    elif amount > most.amount:
        detail = f"Only {most} of it is left: set at most that."
        yield Violation("more-than-unapplied", pointer, detail)


def _invoice_violations(invoice: Invoice | None, funds: Funds, pointer: str) -> Iterator[Violation]:
    if invoice is None:
        yield Violation("no-such-invoice", pointer, "There is no such invoice in this book.")
        return
    yield from not_open(invoice, pointer)
    if invoice.customer_id != funds.customer_id:
        detail = f"The invoice is not one of customer {funds.customer_id!r}."
        yield Violation("other-customer", pointer, detail)
    currency = funds.available.currency
    if invoice.currency != currency:
        detail = f"The invoice is in {invoice.currency}; only one in {currency} can be paid."
        yield Violation("other-currency", pointer, detail)


def _amount_violations(
    amount: Decimal | None, owed: Money, left: Money, pointer: str
) -> Iterator[Violation]:
    if not owed:
        yield Violation("more-than-balance", pointer, "Nothing is owed on this invoice.")
        return
    if not left:
        yield Violation("more-than-unapplied", pointer, "Nothing is left for this invoice.")
        return
    if amount is None:
        return
    yield from amount_violations(amount, most=left, pointer=pointer)
    if AMOUNT.admits(amount) and amount > owed.amount:
        yield Violation("more-than-balance", pointer, f"The invoice owes {owed}: set at most that.")
