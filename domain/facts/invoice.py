"""What can happen to an invoice. The storage format: see ``domain.aggregate.Fact``.

What stands inside of the facts is in ``lines`` and ``invoice_parts``; what happens to an invoice
after it was posted is in ``invoice_life``.
"""

from typing import Any

from domain.aggregate import Fact
from domain.facts.invoice_parts import (
    Address,
    Attachment,
    Header,
    Note,
    TableEntry,
    TaxOverride,
)
from domain.facts.lines import Line, Serial, upcast_line_v1


class InvoiceDrafted(Header, Fact, frozen=True, kw_only=True):
    """A draft was opened, with whatever of its header was known.

    ``author`` opened it. ``copied_from`` names the invoice or estimate that it was made from.
    """

    TOPIC = "invoice.drafted"

    author: str | None = None
    copied_from: str | None = None


class InvoiceHeaderChanged(Fact, frozen=True, kw_only=True):
    """The header fields named in ``fields`` got the values that they have in ``to``."""

    TOPIC = "invoice.header_changed"
    class_version = 2

    to: Header
    fields: tuple[str, ...]

    @staticmethod
    def upcast_v1_v2(fields: dict[str, Any]) -> None:
        """The first shape had the changed fields themselves."""
        to = dict(fields)
        fields.clear()
        fields.update(to=to, fields=list(to))


class InvoiceLineAdded(Fact, frozen=True, kw_only=True):
    """A line was added at the end."""

    TOPIC = "invoice.line_added"
    class_version = 2

    line: Line

    @staticmethod
    def upcast_v1_v2(fields: dict[str, Any]) -> None:
        """The first shape had one kind of line."""
        upcast_line_v1(fields["line"])


class InvoiceLineChanged(Fact, frozen=True, kw_only=True):
    """The fields of one line that are named in ``fields`` got the values that they have in ``to``.

    ``to.id`` says which line; a line never changes its kind.
    """

    TOPIC = "invoice.line_changed"
    class_version = 2

    to: Line
    fields: tuple[str, ...]

    @staticmethod
    def upcast_v1_v2(fields: dict[str, Any]) -> None:
        """The first shape had the changed fields themselves, a code for items, and one tax."""
        to = dict(fields)
        to["id"] = to.pop("line_id")
        upcast_line_v1(to)
        names = [name for name in to if name not in {"id", "kind"}]
        fields.clear()
        fields.update(to=to, fields=names)


class InvoiceLineRemoved(Fact, frozen=True, kw_only=True):
    """A line was taken off the draft."""

    TOPIC = "invoice.line_removed"

    line_id: str


class InvoiceLinesReordered(Fact, frozen=True, kw_only=True):
    """The lines were put in this order; all of them are named."""

    TOPIC = "invoice.lines_reordered"

    line_ids: tuple[str, ...]


class InvoiceSerialReserved(Fact, frozen=True, kw_only=True):
    """A serial number was put under a model line; nobody else can sell it meanwhile."""

    TOPIC = "invoice.serial_reserved"

    line_id: str
    serial: Serial


class InvoiceSerialReleased(Fact, frozen=True, kw_only=True):
    """A serial number was taken off a model line; it can be sold elsewhere."""

    TOPIC = "invoice.serial_released"

    line_id: str
    serial_id: str


class InvoiceTaxOverridden(Fact, frozen=True, kw_only=True):
    """The tax of one group was set by hand, with a reason. It replaces an earlier override."""

    TOPIC = "invoice.tax_overridden"

    override: TaxOverride


class InvoiceTaxOverrideRemoved(Fact, frozen=True, kw_only=True):
    """The tax of one group is computed again."""

    TOPIC = "invoice.tax_override_removed"

    override_id: str


class InvoiceAddressSet(Fact, frozen=True, kw_only=True):
    """An address of this kind was written on the document. There is one of each kind."""

    TOPIC = "invoice.address_set"

    address: Address


class InvoiceAddressRemoved(Fact, frozen=True, kw_only=True):
    """The address of this kind was taken off: the customer's own counts again."""

    TOPIC = "invoice.address_removed"

    kind: str


class InvoiceNoteAdded(Fact, frozen=True, kw_only=True):
    """An internal note was written. It is never printed, and its text is not told by events."""

    TOPIC = "invoice.note_added"

    note: Note


class InvoiceNoteChanged(Fact, frozen=True, kw_only=True):
    """The fields of one note that are named in ``fields`` got the values they have in ``to``.

    A new text is not told by events: it is null there.
    """

    TOPIC = "invoice.note_changed"

    to: Note
    fields: tuple[str, ...]


class InvoiceNoteRedacted(Fact, frozen=True, kw_only=True):
    """A note's text is not to be shown any more, not even in the history."""

    TOPIC = "invoice.note_redacted"

    note_id: str
    reason: str | None = None


class InvoiceTableAssigned(Fact, frozen=True, kw_only=True):
    """An entry of one of the book's two own code tables was assigned."""

    TOPIC = "invoice.table_assigned"

    entry: TableEntry


class InvoiceTableUnassigned(Fact, frozen=True, kw_only=True):
    """An assignment of a code table's entry was taken back."""

    TOPIC = "invoice.table_unassigned"

    entry_id: str


class InvoiceAttachmentAdded(Fact, frozen=True, kw_only=True):
    """A file was attached. The bytes are kept apart; their hash is kept here."""

    TOPIC = "invoice.attachment_added"

    attachment: Attachment


class InvoiceAttachmentRemoved(Fact, frozen=True, kw_only=True):
    """A file was taken off."""

    TOPIC = "invoice.attachment_removed"

    attachment_id: str


class InvoiceDraftDeleted(Fact, frozen=True, kw_only=True):
    """A draft, which never had a number, was thrown away."""

    TOPIC = "invoice.draft_deleted"
