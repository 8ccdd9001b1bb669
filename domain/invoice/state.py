"""What an invoice is at a moment, and what follows from it: settlement, balance, flags."""

from datetime import date
from decimal import Decimal

import msgspec

from domain.amounts.document import Memo
from domain.facts.invoice_life import Buyer, Credited, Seller
from domain.facts.invoice_parts import (
    Address,
    Attachment,
    Header,
    Note,
    TableEntry,
    TaxOverride,
    Totals,
)
from domain.facts.lines import Line, ModelLine, Serial
from domain.money import ZERO, difference, rounded, total

STATUSES = ("Draft", "Approved", "Posted", "Released", "Voided", "Archived")
"""The axis that commands move; what is paid is another one: see ``settlement``."""

SETTLEMENTS = ("Unpaid", "PartiallyPaid", "Paid", "Overpaid")


class Settlement(msgspec.Struct, frozen=True):
    """What one payment, credit note or write-off has settled: the sum of all its applications."""

    source: str
    source_id: str
    amount: Decimal


class Credit(msgspec.Struct, frozen=True):
    """A credit note over this invoice that stands: its gross, and what it took back of lines."""

    credit_note_id: str
    amount: Decimal
    lines: tuple[Credited, ...] = ()
    totals: Totals | None = None


class Invoice(Header, frozen=True, kw_only=True):
    """An invoice, from its first partial draft on. What posting freezes is empty until then."""

    status: str = "Draft"
    author: str | None = None
    copied_from: str | None = None
    lines: tuple[Line, ...] = ()
    addresses: tuple[Address, ...] = ()
    notes: tuple[Note, ...] = ()
    tables: tuple[TableEntry, ...] = ()
    overrides: tuple[TaxOverride, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    approver: str | None = None
    approved_hash: str | None = None
    number: str | None = None
    series: str | None = None
    posted_totals: Totals | None = None
    posted_nets: tuple[Decimal, ...] = ()
    buyer: Buyer | None = None
    seller: Seller | None = None
    posted_addresses: tuple[Address, ...] = ()
    released_on: date | None = None
    void_reason: str | None = None
    voided_on: date | None = None
    converted_to: str | None = None
    settlements: tuple[Settlement, ...] = ()
    credits: tuple[Credit, ...] = ()
    written_off: Decimal = ZERO
    disputed: str | None = None
    remembered: Memo = msgspec.field(default_factory=Memo)


# ---------------------------------------------------------------- what is owed


def settled(invoice: Invoice) -> Decimal:
    """What payments and credit notes have settled, in the invoice's currency."""
    return total([it.amount for it in invoice.settlements])


def balance(invoice: Invoice) -> Decimal:
    """What is still owed, in the invoice's currency: nothing before posting, nor once voided."""
    if invoice.posted_totals is None or invoice.voided_on is not None:
        return rounded(ZERO, invoice.currency)
    gone = total([settled(invoice), invoice.written_off])
    return difference(invoice.posted_totals.gross, gone)


def settlement(invoice: Invoice) -> str:
    """One of ``SETTLEMENTS``. It follows from what was applied, and is never set.

    Paid means that nothing is owed: a small difference counts only when it was written off.
    """
    if invoice.posted_totals is None or invoice.voided_on is not None:
        return "Unpaid"
    left = balance(invoice)
    if left < ZERO:
        return "Overpaid"
    if left == ZERO:
        return "Paid"
    return "Unpaid" if left == invoice.posted_totals.gross else "PartiallyPaid"


def overdue(invoice: Invoice, today: date) -> bool:
    """Whether something is owed and the due date is past. A flag of the clock, never stored."""
    return invoice.due_date is not None and invoice.due_date < today and balance(invoice) > ZERO


def creditable(invoice: Invoice) -> Decimal:
    """How much of the gross total no credit note has taken back yet."""
    if invoice.posted_totals is None or invoice.voided_on is not None:
        return ZERO
    credited = total(it.amount for it in invoice.credits)
    return difference(invoice.posted_totals.gross, credited)


# ---------------------------------------------------------------- what it consists of


def is_estimate(invoice: Invoice) -> bool:
    """Whether this is an offer: it is never posted nor paid, but becomes an invoice."""
    return invoice.type == "Estimate"


def serials(invoice: Invoice) -> tuple[tuple[ModelLine, Serial], ...]:
    """Every serial number under a model, beside its line."""
    models = [line for line in invoice.lines if isinstance(line, ModelLine)]
    return tuple((line, serial) for line in models for serial in line.serials)
