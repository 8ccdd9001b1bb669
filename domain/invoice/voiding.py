"""Voiding, and where it is too late for that: the credit note that would do instead."""

from datetime import date
from decimal import Decimal

import msgspec

from domain.account import entry
from domain.aggregate import Change, Fact, Read
from domain.book_settings import settings_of
from domain.credit_amounts import uncredited
from domain.errors import NotAllowed, NotFound, RuleBroken
from domain.facts.credit_note import CreditHeader, CreditLine
from domain.facts.invoice_life import InvoiceVoided
from domain.invoice.evolve import INVOICE
from domain.invoice.guard import OBSTACLES, available_actions, guard
from domain.invoice.state import Invoice, creditable
from domain.money import Money
from domain.period import check
from domain.serial import released

USE_CREDIT_NOTE = "use-credit-note"


class CreditPreview(msgspec.Struct, frozen=True, kw_only=True):
    """A credit note over all that no other one has taken back; ``amount`` is its gross total."""

    header: CreditHeader
    lines: tuple[CreditLine, ...]
    amount: Decimal


def void(read: Read, invoice_id: str, *, reason: str, today: date) -> list[Change]:
    """Cancel a posted invoice. It keeps its number and its amounts, and nothing is owed any more.

    Its serial numbers can be sold again. The number of the invoice is never given to another one.

    Raises:
        NotAllowed: With the code use-credit-note and the preview of one, when the customer has the
            invoice, a part is settled or credited, or the book does not void.
        RuleBroken: The period of ``today`` is locked (P11).
    """
    invoice = read(INVOICE(invoice_id))
    if invoice is None:
        raise NotFound("invoice", invoice_id)
    facts = voided(
        invoice, invoice_id, reason=reason, today=today, voiding=settings_of(read).voiding
    )
    violations = tuple(check(read, today, sales=True))
    if violations:
        raise RuleBroken(violations)
    assert invoice.posted_totals is not None, "a posted invoice has totals"
    assert invoice.buyer is not None, "a posted invoice has a buyer"
    assert invoice.currency is not None, "a posted invoice has a currency"
    owed = entry(
        read,
        invoice.buyer.customer_id,
        document_type="invoice",
        document_id=invoice_id,
        amount=-Money(invoice.posted_totals.gross, invoice.currency),
        dated=today,
    )
    return [(INVOICE(invoice_id), facts), owed, *released(read, invoice_id, invoice)]


def voided(
    invoice: Invoice, invoice_id: str, *, reason: str, today: date, voiding: bool = True
) -> list[Fact]:
    """The invoice's own side of voiding. ``voiding`` is the book's setting that allows it."""
    why = _why_credit(invoice, voiding=voiding)
    if why is not None:
        raise NotAllowed(
            f"The invoice cannot be voided. {why}",
            code=USE_CREDIT_NOTE,
            actions=available_actions(invoice),
            preview=credit_preview(invoice, invoice_id),
        )
    guard(invoice, "void")
    return [InvoiceVoided(reason=reason, voided_on=today)]


def credit_preview(invoice: Invoice, invoice_id: str) -> CreditPreview:
    """The credit note that takes back all of a posted invoice that is not credited yet."""
    header = CreditHeader(
        invoice_id=invoice_id,
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        branch=invoice.branch,
    )
    return CreditPreview(header=header, lines=uncredited(invoice), amount=creditable(invoice))


def _why_credit(invoice: Invoice, *, voiding: bool) -> str | None:
    if invoice.status == "Released":
        return "The customer has it: make a credit note instead."
    if invoice.status != "Posted":
        return None
    for obstacle in OBSTACLES["void"]:
        if obstacle.code == USE_CREDIT_NOTE and obstacle.stands(invoice):
            return obstacle.detail
    return None if voiding else "This book does not void: make a credit note instead."
