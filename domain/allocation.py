"""Allocation: one payment or credit note, set against several invoices at once.

Amounts are in minor units of one currency throughout and nothing is rounded on the way, so that
what leaves the payment is what arrives at the invoices.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from domain.aggregate import Change, Read
from domain.errors import RuleBroken, Violation
from domain.invoice import INVOICE, Invoice, balance
from domain.money import ZERO, rounded, total
from domain.settlement import not_open, reopen, settle


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
    currency: str
    available: Decimal


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
    left = funds.available
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
            owed = balance(invoice)
            amount = min(owed, left) if wish.amount is None else wish.amount
            problems += _amount_violations(amount, owed, left, funds.currency, f"{at}/amount")
            left = max(total([left, -amount]), ZERO)
            exact = rounded(amount, funds.currency)
            applied.append(Applied(invoice_id=wish.invoice_id, amount=exact))
        violations += problems
    return applied, violations


def settled(read: Read, funds: Funds, applied: Iterable[Applied]) -> list[Change]:
    """The invoices' side of the allocation."""
    return [
        (
            INVOICE(it.invoice_id),
            [settle(_posted(read, it.invoice_id), funds.source, funds.source_id, it.amount)],
        )
        for it in applied
    ]


def reopened(read: Read, source: str, source_id: str, applied: Iterable[Applied]) -> list[Change]:
    """The invoices' side of taking all of this back."""
    return [
        (
            INVOICE(it.invoice_id),
            [reopen(_posted(read, it.invoice_id), source, source_id, it.amount)],
        )
        for it in applied
    ]


def taken_back(
    applied: Iterable[Applied], invoice_id: str, amount: Decimal | None, currency: str
) -> Applied:
    """How much to take back from this invoice: all, unless ``amount`` says less.

    Raises:
        RuleBroken: Nothing was applied to it, or less.
    """
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
    amount: Decimal, currency: str, *, most: Decimal, pointer: str = "/amount"
) -> Iterator[Violation]:
    """What stands against giving away this amount when there is so much left."""
    if amount <= ZERO:
        yield Violation("amount-sign", pointer, "Set an amount above 0.")
    elif amount != rounded(amount, currency):
        detail = f"{amount} has more digits than {currency} has: round it."
        yield Violation("amount-digits", pointer, detail)
    elif amount > most:
        detail = f"Only {most} {currency} of it is left: set at most that."
        yield Violation("more-than-unapplied", pointer, detail)


def _invoice_violations(invoice: Invoice | None, funds: Funds, pointer: str) -> Iterator[Violation]:
    if invoice is None:
        yield Violation("no-such-invoice", pointer, "There is no such invoice in this book.")
        return
    yield from not_open(invoice, pointer)
    if invoice.customer_id != funds.customer_id:
        detail = f"The invoice is not one of customer {funds.customer_id!r}."
        yield Violation("other-customer", pointer, detail)
    if invoice.currency != funds.currency:
        detail = f"The invoice is in {invoice.currency}; only one in {funds.currency} can be paid."
        yield Violation("other-currency", pointer, detail)


def _amount_violations(
    amount: Decimal, owed: Decimal, left: Decimal, currency: str, pointer: str
) -> Iterator[Violation]:
    if not owed:
        yield Violation("more-than-balance", pointer, "Nothing is owed on this invoice.")
        return
    if not left:
        yield Violation("more-than-unapplied", pointer, "Nothing is left for this invoice.")
        return
    yield from amount_violations(amount, currency, most=left, pointer=pointer)
    if amount > owed:
        yield Violation("more-than-balance", pointer, f"The invoice owes {owed}: set at most that.")


def _posted(read: Read, invoice_id: str) -> Invoice:
    invoice = read(INVOICE(invoice_id))
    assert invoice is not None, "what is applied to an invoice keeps it alive"
    return invoice
