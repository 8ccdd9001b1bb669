"""Decisions about a draft as a whole, and about the header of an invoice in any status."""

from collections.abc import Sequence
from datetime import date

from domain.aggregate import Fact
from domain.changes import differing, patched
from domain.errors import NotAllowed, RuleBroken, Violation
from domain.facts.invoice import (
    InvoiceAddressSet,
    InvoiceAttachmentAdded,
    InvoiceDraftDeleted,
    InvoiceDrafted,
    InvoiceHeaderChanged,
    InvoiceNoteAdded,
    InvoiceTableAssigned,
    InvoiceTaxOverridden,
)
from domain.facts.invoice_life import InvoiceDueDateChanged
from domain.facts.invoice_parts import (
    Address,
    Attachment,
    Header,
    Note,
    TableEntry,
    TaxOverride,
)
from domain.facts.lines import Line
from domain.invoice import checks
from domain.invoice.checks import ids_twice, refuse, size
from domain.invoice.editable import check_editable, withdrawing
from domain.invoice.guard import available_actions, guard
from domain.invoice.lines import added, new_lines_violations, released
from domain.invoice.state import Invoice, is_estimate, serials

_POSTED = ("Posted", "Released")


def draft(
    header: InvoiceDrafted,
    lines: Sequence[Line] = (),
    *,
    addresses: Sequence[Address] = (),
    notes: Sequence[Note] = (),
    tables: Sequence[TableEntry] = (),
    overrides: Sequence[TaxOverride] = (),
    attachments: Sequence[Attachment] = (),
) -> list[Fact]:
    """Open a draft with any partial header, lines and parts, all at once.

    Only posting applies the strict rules; here only sizes, fixed words and ids count.

    Raises:
        RuleBroken: All that is wrong.
    """
    empty = Invoice(type=header.type)
    lists: tuple[tuple[str, Sequence[object]], ...] = (
        *(("addresses", addresses), ("notes", notes), ("tables", tables)),
        *(("overrides", overrides), ("attachments", attachments)),
    )
    violations = [
        *checks.header_violations(header),
        *new_lines_violations(empty, lines),
        *(violation for name, them in lists for violation in size(name, len(them))),
        *ids_twice([it.kind for it in addresses], "/addresses"),
        *ids_twice([it.id for it in notes], "/notes"),
        *ids_twice([it.id for it in tables], "/tables"),
        *ids_twice([it.id for it in overrides], "/overrides"),
        *ids_twice([it.id for it in attachments], "/attachments"),
    ]
    for index, address in enumerate(addresses):
        violations += checks.address_violations(address, f"/addresses/{index}")
    for index, note in enumerate(notes):
        violations += checks.note_violations(note, f"/notes/{index}")
    for index, entry in enumerate(tables):
        violations += checks.table_violations(entry, f"/tables/{index}")
    for index, override in enumerate(overrides):
        violations += checks.override_violations(override, f"/overrides/{index}")
    for index, attachment in enumerate(attachments):
        violations += checks.attachment_violations(attachment, f"/attachments/{index}")
    refuse(violations)
    return [
        header,
        *(fact for line in lines for fact in added(line)),
        *(InvoiceAddressSet(address=it) for it in addresses),
        *(InvoiceNoteAdded(note=it) for it in notes),
        *(InvoiceTableAssigned(entry=it) for it in tables),
        *(InvoiceTaxOverridden(override=it) for it in overrides),
        *(InvoiceAttachmentAdded(attachment=it) for it in attachments),
    ]


def edit(
    invoice: Invoice,
    to: Header,
    fields: Sequence[str],
    *,
    reason: str | None = None,
    customer_locked: bool = False,
) -> list[Fact]:
    """Change header fields. What is so already is no change, and makes no fact.

    A due date that changes after posting is a fact of its own. ``customer_locked`` is the book's
    setting by which a draft keeps the customer that it has.

    Raises:
        NotAllowed: A field is frozen; all such fields are named.
        RuleBroken: A value makes no sense, or the due date is before the issue date (P10).
    """
    guard(invoice, "edit")
    names = differing(invoice, to, fields)
    if not names:
        return []
    check_editable(invoice, names, reason)
    if customer_locked and "customer_id" in names and invoice.customer_id is not None:
        detail = "The customer of a draft cannot change in this book: open another draft."
        raise NotAllowed(detail, code="field-frozen", actions=available_actions(invoice))
    after = patched(invoice, to, names)
    if is_estimate(after) and serials(invoice):
        detail = "An estimate holds no serial numbers: release them first."
        raise NotAllowed(detail, code="serials-reserved", actions=available_actions(invoice))
    refuse(checks.header_violations(after))
    if "due_date" not in names or invoice.status not in _POSTED:
        return withdrawing(invoice, [InvoiceHeaderChanged(to=to, fields=names)])
    others = tuple(name for name in names if name != "due_date")
    left: list[Fact] = [InvoiceHeaderChanged(to=to, fields=others)] if others else []
    return [*left, *change_due_date(invoice, to.due_date, reason=reason)]


def change_due_date(
    invoice: Invoice, due_date: date | None, *, reason: str | None = None
) -> list[Fact]:
    """Let a posted invoice fall due on another day; once it is released, only with a reason.

    Raises:
        RuleBroken: The day is before the issue date (P10).
    """
    guard(invoice, "changeDueDate")
    if due_date == invoice.due_date:
        return []
    check_editable(invoice, ("due_date",), reason)
    assert invoice.issue_date is not None, "posting sets the issue date"
    if due_date is None or due_date < invoice.issue_date:
        detail = f"Set a due date on or after the issue date {invoice.issue_date}: it is posted."
        raise RuleBroken((Violation("P10", "/dueDate", detail),))
    return [InvoiceDueDateChanged(due_date=due_date, reason=reason)]


def delete(invoice: Invoice) -> list[Fact]:
    """Throw a draft away, and let its serial numbers go. Its stream, and so its history, stays."""
    guard(invoice, "delete")
    return [*released(invoice), InvoiceDraftDeleted()]
