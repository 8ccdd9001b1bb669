"""Decisions about what stands beside the lines: addresses, notes, table entries, taxes, files."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from domain.aggregate import Fact
from domain.changes import differing, patched
from domain.errors import NotFound, Violation
from domain.facts.invoice import (
    InvoiceAddressRemoved,
    InvoiceAddressSet,
    InvoiceAttachmentAdded,
    InvoiceAttachmentRemoved,
    InvoiceNoteAdded,
    InvoiceNoteChanged,
    InvoiceNoteRedacted,
    InvoiceTableAssigned,
    InvoiceTableUnassigned,
    InvoiceTaxOverridden,
    InvoiceTaxOverrideRemoved,
)
from domain.facts.invoice_parts import Address, Attachment, Note, TableEntry, TaxOverride
from domain.invoice import checks
from domain.invoice.checks import ids_twice, refuse, size
from domain.invoice.editable import withdrawing
from domain.invoice.guard import guard
from domain.invoice.state import Invoice


class _Part(Protocol):
    @property
    def id(self) -> str: ...


P = TypeVar("P", bound=_Part)

# ---------------------------------------------------------------- addresses


def set_address(invoice: Invoice, address: Address) -> list[Fact]:
    """Write an address on the document; it replaces an earlier one of its kind."""
    guard(invoice, "setAddress")
    refuse(checks.address_violations(address, ""))
    return [] if address in invoice.addresses else [InvoiceAddressSet(address=address)]


def remove_address(invoice: Invoice, kind: str) -> list[Fact]:
    """Take the address of this kind off: the customer's own counts again."""
    guard(invoice, "removeAddress")
    if not any(it.kind == kind for it in invoice.addresses):
        raise NotFound("address", kind)
    return [InvoiceAddressRemoved(kind=kind)]


# ---------------------------------------------------------------- notes


def add_note(invoice: Invoice, note: Note) -> list[Fact]:
    """Write an internal note, which is never printed."""
    guard(invoice, "addNote")
    refuse((*checks.note_violations(note, ""), *_room("notes", invoice.notes, note)))
    return [InvoiceNoteAdded(note=note)]


def change_note(invoice: Invoice, to: Note, fields: Sequence[str]) -> list[Fact]:
    """Change fields of the note that ``to.id`` names. A redacted note can be written anew."""
    guard(invoice, "changeNote")
    note = _part(invoice.notes, "note", to.id)
    names = differing(note, to, [it for it in fields if it != "author"])
    if "text" in names or "mentions" in names:
        refuse(checks.note_violations(patched(note, to, names), ""))
    return [InvoiceNoteChanged(to=to, fields=names)] if names else []


def redact_note(invoice: Invoice, note_id: str, *, reason: str | None = None) -> list[Fact]:
    """Let nobody see a note's text any more. That a note was written, and by whom, stays."""
    guard(invoice, "redactNote")
    note = _part(invoice.notes, "note", note_id)
    return [] if note.text is None else [InvoiceNoteRedacted(note_id=note.id, reason=reason)]


# ---------------------------------------------------------------- tables 1 and 2


def assign_table(invoice: Invoice, entry: TableEntry) -> list[Fact]:
    """Assign an entry of one of the book's two own code tables."""
    guard(invoice, "assignTable")
    refuse((*checks.table_violations(entry, ""), *_room("tables", invoice.tables, entry)))
    return [InvoiceTableAssigned(entry=entry)]


def unassign_table(invoice: Invoice, entry_id: str) -> list[Fact]:
    """Take the assignment of a table's entry back."""
    guard(invoice, "unassignTable")
    return [InvoiceTableUnassigned(entry_id=_part(invoice.tables, "table entry", entry_id).id)]


# ---------------------------------------------------------------- taxes that are set by hand


def override_tax(invoice: Invoice, override: TaxOverride) -> list[Fact]:
    """Set the tax of one group by hand, with a reason. It replaces an earlier override of it."""
    guard(invoice, "overrideTax")
    others = [it for it in invoice.overrides if it.id != override.id]
    refuse((*checks.override_violations(override, ""), *size("overrides", len(others) + 1)))
    if override in invoice.overrides:
        return []
    return withdrawing(invoice, [InvoiceTaxOverridden(override=override)])


def remove_tax_override(invoice: Invoice, override_id: str) -> list[Fact]:
    """Compute the tax of one group again."""
    guard(invoice, "removeTaxOverride")
    gone = _part(invoice.overrides, "tax override", override_id)
    return withdrawing(invoice, [InvoiceTaxOverrideRemoved(override_id=gone.id)])


# ---------------------------------------------------------------- attachments


def attach(invoice: Invoice, attachment: Attachment) -> list[Fact]:
    """Attach a file, of which the name, type, size and hash are kept here."""
    guard(invoice, "attach")
    room = _room("attachments", invoice.attachments, attachment)
    refuse((*checks.attachment_violations(attachment, ""), *room))
    return [InvoiceAttachmentAdded(attachment=attachment)]


def detach(invoice: Invoice, attachment_id: str) -> list[Fact]:
    """Take a file off."""
    guard(invoice, "detach")
    gone = _part(invoice.attachments, "attachment", attachment_id)
    return [InvoiceAttachmentRemoved(attachment_id=gone.id)]


# ---------------------------------------------------------------- what the decisions share


def _part(parts: Sequence[P], kind: str, id_: str) -> P:
    for part in parts:
        if part.id == id_:
            return part
    raise NotFound(kind, id_)


def _room(name: str, parts: Sequence[_Part], new: _Part) -> list[Violation]:
    ids = [*(it.id for it in parts), new.id]
    return [*size(name, len(ids)), *ids_twice(ids, "/id")]
