"""What can happen to a credit note. The storage format: see ``domain.aggregate.Fact``.

Amounts are positive: a credit note of 10.00 lowers what the customer owes by 10.00.
"""

from datetime import date
from decimal import Decimal
from typing import TypeAlias

import msgspec

from domain.aggregate import Fact
from domain.facts.invoice_life import Buyer, Seller
from domain.facts.invoice_parts import Totals
from domain.facts.lines import Tax


class CreditLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is credited of one line of the invoice: ``quantity`` of it, at the price it was sold.

    ``serial_numbers`` are those of the line that came back; all that are left, where it is empty
    and all that is left of the line is credited.
    """

    line_id: str
    quantity: Decimal
    reason: str | None = None
    serial_numbers: tuple[str, ...] = ()


class FlatAmount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A credit without invoice lines: a credit memo. ``amount`` is without its taxes."""

    description: str
    amount: Decimal
    taxes: tuple[Tax, ...] = ()


class CreditHeader(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of a credit note that are not lists.

    With ``invoice_id`` it credits lines of that invoice, or a flat part of it; without, it is a
    credit memo on the customer's account. ``reason_code`` names why (P73).
    """

    invoice_id: str | None = None
    customer_id: str | None = None
    currency: str | None = None
    branch: str | None = None
    issue_date: date | None = None
    accounting_date: date | None = None
    reason_code: str | None = None
    reason: str | None = None
    reference: str | None = None
    memo: str | None = None
    exchange_rate: Decimal | None = None
    exchange_date: date | None = None


class CreditNoteDrafted(CreditHeader, Fact, frozen=True, kw_only=True):
    """A credit note was opened."""

    TOPIC = "credit_note.drafted"

    author: str | None = None


class CreditNoteChanged(Fact, frozen=True, kw_only=True):
    """The header fields named in ``fields`` got the values that they have in ``to``."""

    TOPIC = "credit_note.changed"

    to: CreditHeader
    fields: tuple[str, ...]


class CreditNoteLineSet(Fact, frozen=True, kw_only=True):
    """So much of one line of the invoice is to be credited; an earlier wish is replaced."""

    TOPIC = "credit_note.line_set"

    line: CreditLine


class CreditNoteLineRemoved(Fact, frozen=True, kw_only=True):
    """Nothing of this line is to be credited any more."""

    TOPIC = "credit_note.line_removed"

    line_id: str


class CreditNoteAmountSet(Fact, frozen=True, kw_only=True):
    """The flat amount of a credit memo was set; null: there is none."""

    TOPIC = "credit_note.amount_set"

    flat: FlatAmount | None = None


class CreditNotePosted(Fact, frozen=True, kw_only=True):
    """The credit note entered the books: numbered, dated, its amounts and parties frozen.

    ``preceding_number`` and ``preceding_date`` name the invoice that it corrects (EN 16931 BG-3).
    """

    TOPIC = "credit_note.posted"

    number: str
    series: str
    issue_date: date
    accounting_date: date
    totals: Totals
    line_nets: tuple[Decimal, ...]
    buyer: Buyer
    seller: Seller | None = None
    preceding_number: str | None = None
    preceding_date: date | None = None


class CreditNoteApplied(Fact, frozen=True, kw_only=True):
    """A part of the credit settles an invoice."""

    TOPIC = "credit_note.applied"

    invoice_id: str
    amount: Decimal
    applied_on: date


class CreditNoteUnapplied(Fact, frozen=True, kw_only=True):
    """What the credit had settled of an invoice is owed again, and open here."""

    TOPIC = "credit_note.unapplied"

    invoice_id: str
    amount: Decimal
    unapplied_on: date
    reason: str | None = None


class CreditNoteRefunded(Fact, frozen=True, kw_only=True):
    """Open credit was paid out to the customer."""

    TOPIC = "credit_note.refunded"

    refund_id: str
    amount: Decimal
    method: str
    refunded_on: date
    reason: str | None = None


class CreditNoteVoided(Fact, frozen=True, kw_only=True):
    """The credit note, of which nothing was used, was cancelled. It keeps its number."""

    TOPIC = "credit_note.voided"

    reason: str
    voided_on: date


class CreditNoteDraftDeleted(Fact, frozen=True, kw_only=True):
    """A draft, which never had a number, was thrown away."""

    TOPIC = "credit_note.draft_deleted"


CreditNoteFact: TypeAlias = (
    CreditNoteDrafted
    | CreditNoteChanged
    | CreditNoteLineSet
    | CreditNoteLineRemoved
    | CreditNoteAmountSet
    | CreditNotePosted
    | CreditNoteApplied
    | CreditNoteUnapplied
    | CreditNoteRefunded
    | CreditNoteVoided
    | CreditNoteDraftDeleted
)
