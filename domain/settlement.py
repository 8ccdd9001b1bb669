"""Settlement: money and credit that are set against an invoice, and debts that are given up.

What an invoice owes is changed by facts on its own stream. A payment or a credit note writes its
side of it in the same append, so that the two never disagree.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from domain.account import entry
from domain.aggregate import Change, Fact, Read
from domain.book_settings import settings_of
from domain.errors import NotFound, RuleBroken, Violation
from domain.facts.invoice_life import (
    InvoicePaid,
    InvoicePartiallyPaid,
    InvoiceRecovered,
    InvoiceReopened,
    InvoiceWrittenOff,
)
from domain.invoice import COMMANDS, INVOICE, Invoice, balance, guard, is_estimate
from domain.limits import AMOUNT, OUTSIDE
from domain.money import ZERO, Money, product, rounded, total
from domain.period import check

OPEN = COMMANDS["apply"]
"""The statuses in which something can be set against an invoice, or taken back from it."""

BAD_DEBT = "bad-debt"
SMALL_DIFFERENCE = "small-difference"
KINDS = (BAD_DEBT, SMALL_DIFFERENCE)

# ---------------------------------------------------------------- one invoice


def owed_on(invoice: Invoice) -> Money:
    """What is still owed on the invoice: see ``balance``. A draft may have no currency yet."""
    return Money(balance(invoice), invoice.currency or "")


def settle(invoice: Invoice, source: str, source_id: str, amount: Money) -> Fact:
    """Set so much of a payment or a credit note against the invoice.

    ``source`` is payment or credit-note.

    Raises:
        RuleBroken: The invoice is not open, owes less, or is in another currency.
    """
    _must_be_open(invoice)
    owed = owed_on(invoice)
    left = owed - amount
    if violations := tuple(_owes_less(invoice, amount.amount, owed)):
        raise RuleBroken(violations)
    fact = InvoicePartiallyPaid if left else InvoicePaid
    return fact(source=source, source_id=source_id, amount=amount.amount, balance=left.amount)


def reopen(invoice: Invoice, source: str, source_id: str, amount: Money) -> Fact:
    """Take back what a payment or a credit note had settled.

    Raises:
        RuleBroken: The invoice is not open, less was settled by it, or in another currency.
    """
    _must_be_open(invoice)
    owed = owed_on(invoice) + amount
    settled = total(
        it.amount for it in invoice.settlements if (it.source, it.source_id) == (source, source_id)
    )
    if not ZERO < amount.amount <= settled:
        detail = f"It settled {settled} of invoice {_name(invoice)}: take back that or less."
        raise RuleBroken((Violation("more-than-applied", "/amount", detail),))
    return InvoiceReopened(
        source=source, source_id=source_id, amount=amount.amount, balance=owed.amount
    )


def _must_be_open(invoice: Invoice) -> None:
    violations = tuple(not_open(invoice, "/invoiceId"))
    if violations:
        raise RuleBroken(violations)


def not_open(invoice: Invoice, pointer: str) -> Iterator[Violation]:
    """Why nothing can be set against this invoice or taken back from it, if so."""
    if is_estimate(invoice):
        detail = "It is an estimate, which nobody owes: convert it to an invoice first."
        yield Violation("estimate", pointer, detail)
    elif invoice.status not in OPEN:
        detail = f"Invoice {_name(invoice)} is {invoice.status}: it must be {' or '.join(OPEN)}."
        yield Violation("invoice-not-open", pointer, detail)


def _owes_less(invoice: Invoice, amount: Decimal, owed: Money) -> Iterator[Violation]:
    if not ZERO < amount <= owed.amount:
        detail = f"Invoice {_name(invoice)} owes {owed}: set an amount above 0 and at most that."
        yield Violation("more-than-balance", "/amount", detail)


def _name(invoice: Invoice) -> str:
    return invoice.number or "without a number"


# ---------------------------------------------------------------- debts that are given up


def write_off(
    read: Read,
    invoice_id: str,
    *,
    kind: str,
    reason: str,
    today: date,
    amount: Decimal | None = None,
) -> list[Change]:
    """Expect no more of what the invoice still owes: all of it, unless ``amount`` says less.

    A ``bad-debt`` is given up whole. A ``small-difference`` is at most what the settings say, in
    the book's currency, over the whole life of the invoice.

    Raises:
        RuleBroken: It is too much, or the period is locked.
    """
    invoice = _invoice(read, invoice_id)
    guard(invoice, "writeOff")
    check_amount(amount)
    owed = owed_on(invoice)
    given_up = owed if amount is None else Money.rounded(amount, owed.currency)
    violations = [
        *check(read, today, sales=False, pointer=""),
        *_owes_less(invoice, amount if amount is not None else owed.amount, owed),
        *_digits(invoice, amount),
    ]
    if kind not in KINDS:
        violations.append(Violation("write-off-kind", "/kind", f"It is one of {', '.join(KINDS)}."))
    elif kind == BAD_DEBT and given_up != owed:
        detail = f"A bad debt is given up whole, which is {owed}: leave the amount out."
        violations.append(Violation("write-off-part", "/amount", detail))
    elif kind == SMALL_DIFFERENCE:
        violations += _too_large(read, invoice, given_up)
    if violations:
        raise RuleBroken(tuple(violations))
    fact = InvoiceWrittenOff(amount=given_up.amount, kind=kind, reason=reason, written_off_on=today)
    return _with_entry(read, invoice_id, fact, owed=-given_up, today=today)


def recover(
    read: Read, invoice_id: str, *, reason: str, today: date, amount: Decimal | None = None
) -> list[Change]:
    """Expect what was written off again: all of it, unless ``amount`` says less.

    Raises:
        RuleBroken: Less was written off, or the period is locked.
    """
    invoice = _invoice(read, invoice_id)
    guard(invoice, "recover")
    check_amount(amount)
    back = invoice.written_off if amount is None else amount
    violations = [*check(read, today, sales=False, pointer=""), *_digits(invoice, amount)]
    if not ZERO < back <= invoice.written_off:
        detail = f"{invoice.written_off} is written off: set an amount above 0 and at most that."
        violations.append(Violation("more-than-written-off", "/amount", detail))
    if violations:
        raise RuleBroken(tuple(violations))
    owed = Money.rounded(back, invoice.currency or "")
    fact = InvoiceRecovered(amount=owed.amount, reason=reason)
    return _with_entry(read, invoice_id, fact, owed=owed, today=today)


def _with_entry(
    read: Read, invoice_id: str, fact: Fact, *, owed: Money, today: date
) -> list[Change]:
    """The fact, and that the customer owes so much more, or less if below zero."""
    invoice = _invoice(read, invoice_id)
    assert invoice.customer_id is not None
    return [
        (INVOICE(invoice_id), [fact]),
        entry(
            read,
            invoice.customer_id,
            document_type="write-off",
            document_id=invoice_id,
            amount=owed,
            dated=today,
        ),
    ]


def _invoice(read: Read, invoice_id: str) -> Invoice:
    invoice = read(INVOICE(invoice_id))
    if invoice is None:
        raise NotFound("invoice", invoice_id)
    return invoice


def check_amount(amount: Decimal | None) -> None:
    """Refuse what is no amount of money at all, before anything is computed with it.

    Raises:
        RuleBroken: It is no number, or outside of ``AMOUNT``.
    """
    if amount is not None and not AMOUNT.admits(amount):
        raise RuleBroken((Violation(OUTSIDE, "/amount", f"Set an amount {AMOUNT}."),))


def _digits(invoice: Invoice, amount: Decimal | None) -> Iterator[Violation]:
    if amount is not None and amount != rounded(amount, invoice.currency):
        detail = f"{amount} has more digits than {invoice.currency} has: round it."
        yield Violation("amount-digits", "/amount", detail)


def _too_large(read: Read, invoice: Invoice, amount: Money) -> Iterator[Violation]:
    """Small differences add up: what is compared is all that was written off so far.

    The limit is in the book's currency. An invoice that was posted before the book had one has no
    rate into it, so nothing can be compared.
    """
    settings = settings_of(read)
    base = invoice.posted_totals.base if invoice.posted_totals else None
    given_up = total([invoice.written_off, amount.amount])
    unit = amount.currency
    if base is not None:
        given_up, unit = product(given_up, base.rate), base.currency
    limit, book = settings.small_difference, settings.base_currency or unit
    if book != unit:
        detail = f"The invoice has no rate into {book}, in which small differences are limited: "
        yield Violation("write-off-limit", "/amount", f"{detail}write it off as a bad debt.")
    elif given_up > limit:
        detail = f"At most {limit} {unit} is a small difference; write it off as a bad debt."
        yield Violation("write-off-limit", "/amount", detail)
