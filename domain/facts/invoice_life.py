"""What can happen to an invoice as a whole, from its approval on. The storage format."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from domain.aggregate import Fact
from domain.facts.invoice_parts import Address, Totals, upcast_totals_v1


class Buyer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The customer as of posting: what was billed stays as it was when master data changes."""

    customer_id: str
    name: str
    vat_id: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None
    tax_id: str | None = None
    email: str | None = None


class Seller(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who bills, as of posting: EN 16931 BG-4."""

    name: str
    vat_id: str | None = None
    tax_id: str | None = None
    legal_id: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None


class Credited(msgspec.Struct, frozen=True, kw_only=True):
    """How much of one line a credit note took back: ``net`` is positive."""

    line_id: str
    quantity: Decimal
    net: Decimal


class InvoiceApproved(Fact, frozen=True, kw_only=True):
    """Somebody other than the author signed the content off; ``content_hash`` says which."""

    TOPIC = "invoice.approved"

    approver: str
    content_hash: str
    reason: str | None = None


class InvoiceApprovalWithdrawn(Fact, frozen=True, kw_only=True):
    """The content changed, or somebody took the approval back: the invoice is a draft again."""

    TOPIC = "invoice.approval_withdrawn"

    reason: str


class InvoiceRejected(Fact, frozen=True, kw_only=True):
    """Somebody who should sign it off did not: the invoice is a draft, with the reason why."""

    TOPIC = "invoice.rejected"

    reviewer: str
    reason: str


class InvoicePosted(Fact, frozen=True, kw_only=True):
    """The invoice entered the books: numbered, dated, its amounts and parties frozen."""

    TOPIC = "invoice.posted"
    class_version = 2

    number: str
    series: str
    issue_date: date
    accounting_date: date
    due_date: date
    totals: Totals
    line_nets: tuple[Decimal, ...]
    buyer: Buyer
    seller: Seller | None = None
    addresses: tuple[Address, ...] = ()

    @staticmethod
    def upcast_v1_v2(fields: dict[str, Any]) -> None:
        """The first shape had no accounting date, seller or addresses of its own.

        It had no line nets either; evolve computes them where they are empty.
        """
        fields["accounting_date"] = fields["issue_date"]
        fields["line_nets"] = []
        upcast_totals_v1(fields["totals"])


class InvoiceReleased(Fact, frozen=True, kw_only=True):
    """The invoice was handed to the customer. From here on only a credit note corrects it."""

    TOPIC = "invoice.released"

    released_on: date


class InvoiceVoided(Fact, frozen=True, kw_only=True):
    """The posted invoice was cancelled. It keeps its number and its amounts."""

    TOPIC = "invoice.voided"

    reason: str
    voided_on: date


class InvoiceArchived(Fact, frozen=True, kw_only=True):
    """The invoice, settled or voided, was put away: it can only be read."""

    TOPIC = "invoice.archived"


class InvoiceUnarchived(Fact, frozen=True, kw_only=True):
    """The invoice was taken out of the archive."""

    TOPIC = "invoice.unarchived"


class InvoiceConverted(Fact, frozen=True, kw_only=True):
    """The estimate became an invoice."""

    TOPIC = "invoice.converted"

    invoice_id: str


class InvoiceDueDateChanged(Fact, frozen=True, kw_only=True):
    """A posted invoice is due on another day."""

    TOPIC = "invoice.due_date_changed"

    due_date: date
    reason: str | None = None


class InvoicePartiallyPaid(Fact, frozen=True, kw_only=True):
    """Money was applied, and something is still owed.

    ``source`` is payment, credit-note or write-off; ``balance`` is what is owed after it.
    """

    TOPIC = "invoice.partially_paid"

    source: str
    source_id: str
    amount: Decimal
    balance: Decimal


class InvoicePaid(Fact, frozen=True, kw_only=True):
    """Money was applied, and nothing is owed any more."""

    TOPIC = "invoice.paid"

    source: str
    source_id: str
    amount: Decimal
    balance: Decimal


class InvoiceReopened(Fact, frozen=True, kw_only=True):
    """Money that had been applied was taken back; ``balance`` is owed after it."""

    TOPIC = "invoice.reopened"

    source: str
    source_id: str
    amount: Decimal
    balance: Decimal


class InvoiceCredited(Fact, frozen=True, kw_only=True):
    """A credit note over this invoice was posted: ``amount`` is its gross total.

    ``totals`` are all of its sums: the credit note that takes back the rest gets what they leave.
    """

    TOPIC = "invoice.credited"

    credit_note_id: str
    amount: Decimal
    lines: tuple[Credited, ...] = ()
    totals: Totals | None = None


class InvoiceCreditWithdrawn(Fact, frozen=True, kw_only=True):
    """A credit note over this invoice was voided."""

    TOPIC = "invoice.credit_withdrawn"

    credit_note_id: str


class InvoiceWrittenOff(Fact, frozen=True, kw_only=True):
    """What was still owed is not expected any more. ``kind``: bad-debt or small-difference."""

    TOPIC = "invoice.written_off"

    amount: Decimal
    kind: str
    reason: str
    written_off_on: date


class InvoiceRecovered(Fact, frozen=True, kw_only=True):
    """What was written off is owed again."""

    TOPIC = "invoice.recovered"

    amount: Decimal
    reason: str


class InvoiceDisputed(Fact, frozen=True, kw_only=True):
    """The customer contests the invoice."""

    TOPIC = "invoice.disputed"

    reason: str


class InvoiceDisputeResolved(Fact, frozen=True, kw_only=True):
    """The dispute is over."""

    TOPIC = "invoice.dispute_resolved"

    resolution: str
