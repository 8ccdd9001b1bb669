"""Decisions about a posted credit note: what is done with the credit that it gives."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec

from domain.account import entry
from domain.aggregate import Change, Read
from domain.allocation import (
    Allocation,
    Funds,
    allocate,
    amount_violations,
    reopened,
    settled,
    taken_back,
)
from domain.credit_note.evolve import CREDIT_NOTE
from domain.credit_note.serials import taken_again
from domain.credit_note.state import CreditNote, guard, open_credit
from domain.errors import NotFound, RuleBroken, Violation
from domain.facts.credit_note import (
    CreditNoteApplied,
    CreditNoteRefunded,
    CreditNoteUnapplied,
    CreditNoteVoided,
)
from domain.facts.invoice_life import InvoiceCreditWithdrawn
from domain.invoice import INVOICE
from domain.money import Money
from domain.period import check
from domain.settlement import not_open

SOURCE = "credit-note"


def apply(
    read: Read, credit_note_id: str, allocations: Sequence[Allocation], *, today: date
) -> list[Change]:
    """Set open credit against one or many invoices of its customer, all or none.

    Raises:
        RuleBroken: Everything that stands against any of them.
    """
    note = noted(read, credit_note_id)
    guard(note, "apply")
    funds = funds_of(credit_note_id, note)
    applied, violations = allocate(read, funds, allocations)
    if not allocations:
        detail = "Name at least one invoice."
        violations.append(Violation("allocations-missing", "/allocations", detail))
    violations = [*check(read, today, sales=False, pointer=""), *violations]
    if violations:
        raise RuleBroken(tuple(violations))
    facts = [
        CreditNoteApplied(invoice_id=it.invoice_id, amount=it.amount, applied_on=today)
        for it in applied
    ]
    return [(CREDIT_NOTE(credit_note_id), facts), *settled(read, funds, applied)]


def unapply(
    read: Read,
    credit_note_id: str,
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
    note = noted(read, credit_note_id)
    guard(note, "unapply")
    back = taken_back(note.applied, invoice_id, amount, note.currency or "")
    _check(tuple(check(read, today, sales=False, pointer="")))
    fact = CreditNoteUnapplied(
        invoice_id=invoice_id, amount=back.amount, unapplied_on=today, reason=reason
    )
    taken = reopened(read, funds_of(credit_note_id, note), [back])
    return [(CREDIT_NOTE(credit_note_id), [fact]), *taken]


def refund(
    read: Read, credit_note_id: str, asked: CreditNoteRefunded, *, today: date
) -> list[Change]:
    """Pay open credit out to the customer, on the day that the fact names.

    Raises:
        RuleBroken: Less is open, or the period is locked.
    """
    note = noted(read, credit_note_id)
    guard(note, "refund")
    funds, dated = funds_of(credit_note_id, note), asked.refunded_on
    violations = [
        *check(read, dated, sales=False, pointer="/refundedOn"),
        *amount_violations(asked.amount, most=funds.available),
    ]
    if dated > today:
        detail = f"Today is {today}: money cannot have moved later."
        violations.append(Violation("P08", "/refundedOn", detail))
    _check(tuple(violations))
    amount = Money(asked.amount, funds.available.currency)
    fact = msgspec.structs.replace(asked, amount=amount.amount)
    document = ("refund", asked.refund_id)
    return [
        (CREDIT_NOTE(credit_note_id), [fact]),
        account_entry(read, note, amount, dated, of=document),
    ]


def void(read: Read, credit_note_id: str, *, reason: str, today: date) -> list[Change]:
    """Cancel a credit note of which nothing was used. It keeps its number and its amounts.

    Serial numbers that had come back with it are sold again, by the invoice that had sold them.

    Raises:
        RuleBroken: The period is locked, the invoice is archived, or a serial number is held by
            another invoice by now.
    """
    note = noted(read, credit_note_id)
    guard(note, "void")
    assert note.posted_totals is not None
    serials, violations = taken_again(read, credit_note_id, note)
    invoice = read(INVOICE(note.invoice_id)) if note.invoice_id else None
    if invoice is not None:
        violations += not_open(invoice, "/invoiceId")
    _check((*check(read, today, sales=True, pointer=""), *violations))
    changes: list[Change] = [
        (CREDIT_NOTE(credit_note_id), [CreditNoteVoided(reason=reason, voided_on=today)])
    ]
    if note.invoice_id is not None:
        withdrawn = InvoiceCreditWithdrawn(credit_note_id=credit_note_id)
        changes.append((INVOICE(note.invoice_id), [withdrawn]))
    document = (SOURCE, credit_note_id)
    gross = Money(note.posted_totals.gross, note.currency or "")
    owed = account_entry(read, note, gross, today, of=document)
    return [*changes, owed, *serials]


# ---------------------------------------------------------------- for the other decisions


def noted(read: Read, credit_note_id: str) -> CreditNote:
    """The credit note. Raises ``NotFound``."""
    note = read(CREDIT_NOTE(credit_note_id))
    if note is None:
        raise NotFound("credit-note", credit_note_id)
    return note


def funds_of(credit_note_id: str, note: CreditNote) -> Funds:
    """What a posted credit note can give: all of it that is open."""
    return Funds(
        source=SOURCE,
        source_id=credit_note_id,
        customer_id=note.customer_id or "",
        available=Money(open_credit(note), note.currency or ""),
    )


def account_entry(
    read: Read, note: CreditNote, amount: Money, dated: date, *, of: tuple[str, str]
) -> Change:
    """On the account of the customer, because ``of`` a document: its type and id."""
    return entry(
        read,
        note.customer_id or "",
        document_type=of[0],
        document_id=of[1],
        amount=amount,
        dated=dated,
    )


def _check(violations: tuple[Violation, ...]) -> None:
    if violations:
        raise RuleBroken(violations)
