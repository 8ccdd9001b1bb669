"""All facts of an invoice, by what they change of it."""

from typing import TypeAlias

from domain.facts.invoice import (
    InvoiceAddressRemoved,
    InvoiceAddressSet,
    InvoiceAttachmentAdded,
    InvoiceAttachmentRemoved,
    InvoiceDraftDeleted,
    InvoiceDrafted,
    InvoiceHeaderChanged,
    InvoiceLineAdded,
    InvoiceLineChanged,
    InvoiceLineRemoved,
    InvoiceLinesReordered,
    InvoiceNoteAdded,
    InvoiceNoteChanged,
    InvoiceNoteRedacted,
    InvoiceSerialReleased,
    InvoiceSerialReserved,
    InvoiceTableAssigned,
    InvoiceTableUnassigned,
    InvoiceTaxOverridden,
    InvoiceTaxOverrideRemoved,
)
from domain.facts.invoice_life import (
    InvoiceApprovalWithdrawn,
    InvoiceApproved,
    InvoiceArchived,
    InvoiceConverted,
    InvoiceCredited,
    InvoiceCreditWithdrawn,
    InvoiceDisputed,
    InvoiceDisputeResolved,
    InvoiceDueDateChanged,
    InvoicePaid,
    InvoicePartiallyPaid,
    InvoicePosted,
    InvoiceRecovered,
    InvoiceRejected,
    InvoiceReleased,
    InvoiceReopened,
    InvoiceUnarchived,
    InvoiceVoided,
    InvoiceWrittenOff,
)

LineFact: TypeAlias = (
    InvoiceLineAdded
    | InvoiceLineChanged
    | InvoiceLineRemoved
    | InvoiceLinesReordered
    | InvoiceSerialReserved
    | InvoiceSerialReleased
)
PartFact: TypeAlias = (
    InvoiceTaxOverridden
    | InvoiceTaxOverrideRemoved
    | InvoiceAddressSet
    | InvoiceAddressRemoved
    | InvoiceTableAssigned
    | InvoiceTableUnassigned
    | InvoiceAttachmentAdded
    | InvoiceAttachmentRemoved
)
NoteFact: TypeAlias = InvoiceNoteAdded | InvoiceNoteChanged | InvoiceNoteRedacted
ReviewFact: TypeAlias = (
    InvoiceApproved
    | InvoiceApprovalWithdrawn
    | InvoiceRejected
    | InvoiceConverted
    | InvoiceDisputed
    | InvoiceDisputeResolved
)
LifeFact: TypeAlias = (
    InvoicePosted
    | InvoiceReleased
    | InvoiceVoided
    | InvoiceArchived
    | InvoiceUnarchived
    | InvoiceDueDateChanged
)
MoneyFact: TypeAlias = (
    InvoicePartiallyPaid
    | InvoicePaid
    | InvoiceReopened
    | InvoiceCredited
    | InvoiceCreditWithdrawn
    | InvoiceWrittenOff
    | InvoiceRecovered
)
InvoiceFact: TypeAlias = (
    InvoiceDrafted
    | InvoiceHeaderChanged
    | LineFact
    | PartFact
    | NoteFact
    | ReviewFact
    | LifeFact
    | MoneyFact
    | InvoiceDraftDeleted
)
