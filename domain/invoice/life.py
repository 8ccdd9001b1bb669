"""Decisions about an invoice as a whole, other than posting and what is paid."""

from datetime import date

from domain.aggregate import Fact
from domain.errors import NotAllowed
from domain.facts.invoice_life import (
    InvoiceApprovalWithdrawn,
    InvoiceApproved,
    InvoiceArchived,
    InvoiceDisputed,
    InvoiceDisputeResolved,
    InvoiceRejected,
    InvoiceReleased,
    InvoiceUnarchived,
)
from domain.invoice.editable import content_hash
from domain.invoice.guard import available_actions, guard
from domain.invoice.state import Invoice

# ---------------------------------------------------------------- approval


def approve(
    invoice: Invoice, *, approver: str, separate_duties: bool = True, reason: str | None = None
) -> list[Fact]:
    """Sign the content off. ``separate_duties`` is the book's setting: not by the author.

    Raises:
        NotAllowed: The approver is the author.
    """
    guard(invoice, "approve")
    if separate_duties and approver == invoice.author:
        detail = "You opened this draft: somebody else must approve it."
        raise NotAllowed(detail, code="separate-duties", actions=available_actions(invoice))
    hash_ = content_hash(invoice)
    return [InvoiceApproved(approver=approver, content_hash=hash_, reason=reason)]


def reject(invoice: Invoice, *, reviewer: str, reason: str) -> list[Fact]:
    """Do not sign it off, and say why; an approval that was given is over."""
    guard(invoice, "reject")
    return [InvoiceRejected(reviewer=reviewer, reason=reason)]


def withdraw_approval(invoice: Invoice, *, reason: str) -> list[Fact]:
    """Take the approval back: the invoice is a draft again."""
    guard(invoice, "withdrawApproval")
    return [InvoiceApprovalWithdrawn(reason=reason)]


# ---------------------------------------------------------------- after posting


def release(invoice: Invoice, *, today: date) -> list[Fact]:
    """Hand the invoice to the customer. From here on only a credit note corrects it."""
    guard(invoice, "release")
    return [InvoiceReleased(released_on=today)]


def archive(invoice: Invoice) -> list[Fact]:
    """Put an invoice away of which nothing is owed: it can only be read."""
    guard(invoice, "archive")
    return [InvoiceArchived()]


def unarchive(invoice: Invoice) -> list[Fact]:
    """Take an invoice out of the archive: it has the status again that it had before."""
    guard(invoice, "unarchive")
    return [InvoiceUnarchived()]


def dispute(invoice: Invoice, *, reason: str) -> list[Fact]:
    """Mark that the customer contests the invoice."""
    guard(invoice, "dispute")
    return [InvoiceDisputed(reason=reason)]


def resolve_dispute(invoice: Invoice, *, resolution: str) -> list[Fact]:
    """Mark how the dispute ended."""
    guard(invoice, "resolveDispute")
    return [InvoiceDisputeResolved(resolution=resolution)]
