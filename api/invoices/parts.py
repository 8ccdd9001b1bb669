"""What stands beside the lines of an invoice: addresses, notes, tables 1 and 2, taxes by hand."""

from collections.abc import Sequence

from litestar import Controller, Response, delete, patch, post, put
from litestar.params import JSONBody

from api.editing import Editing
from api.invoice_part_schemas import (
    AddressSet,
    KindInPath,
    NoteIn,
    NotePatch,
    RedactIn,
    TableIn,
    TaxOverrideIn,
)
from api.invoice_replies import InvoiceOut
from api.invoices.examples import ADDRESS, NOTE, NOTE_EDITED, TABLE, TAX_OVERRIDE
from api.invoices.refusals import refusable
from api.invoices.showing import PLACE, added, changed
from api.wire import IdInPath
from domain import invoice as decisions
from domain.aggregate import Fact, Read
from domain.defaults import completed_entry
from domain.invoice import Invoice


class InvoicePartController(Controller):
    """Parts of invoices, each with an id of its own. They share the RowVersion of the invoice."""

    path = PLACE
    tags = ["Invoices"]  # noqa: RUF012 - Litestar reads it from the class

    @put(
        "/{invoice_id:str}/addresses/{kind:str}",
        operation_id="setAddress",
        summary="Set an address",
        opt={**refusable("setAddress"), "example": ADDRESS},
    )
    async def set_address(
        self, edit: Editing, invoice_id: IdInPath, kind: KindInPath, data: JSONBody[AddressSet]
    ) -> Response[InvoiceOut]:
        """Write an address on the document; it replaces an earlier one of its kind."""
        address = data.address(kind)
        return await changed(
            edit, invoice_id, lambda _read, it: decisions.set_address(it, address), data.row_version
        )

    @delete(
        "/{invoice_id:str}/addresses/{kind:str}",
        operation_id="removeAddress",
        summary="Remove an address",
        opt=refusable("removeAddress"),
        status_code=200,
    )
    async def remove_address(
        self, edit: Editing, invoice_id: IdInPath, kind: KindInPath
    ) -> Response[InvoiceOut]:
        """Take the address of this kind off: the customer's own counts again."""
        return await changed(edit, invoice_id, lambda _read, it: decisions.remove_address(it, kind))

    @post(
        "/{invoice_id:str}/notes",
        operation_id="addNote",
        summary="Write a note",
        opt={**refusable("addNote"), "example": NOTE},
        status_code=201,
    )
    async def add_note(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[NoteIn]
    ) -> Response[InvoiceOut]:
        """Write an internal note, which is never printed, and not told to webhooks either."""
        note = data.note(edit.author)
        return await added(
            edit, invoice_id, lambda _read, it: decisions.add_note(it, note), data.row_version
        )

    @patch(
        "/{invoice_id:str}/notes/{note_id:str}",
        operation_id="changeNote",
        summary="Change a note",
        opt={**refusable("changeNote"), "example": NOTE_EDITED},
    )
    async def change_note(
        self, edit: Editing, invoice_id: IdInPath, note_id: IdInPath, data: JSONBody[NotePatch]
    ) -> Response[InvoiceOut]:
        """Change fields of a note (RFC 7396). A redacted note can be written anew."""
        to, fields = data.changes(note_id)
        return await changed(
            edit,
            invoice_id,
            lambda _read, it: decisions.change_note(it, to, fields),
            data.row_version,
        )

    @post(
        "/{invoice_id:str}/notes/{note_id:str}/redact",
        operation_id="redactNote",
        summary="Redact a note",
        opt=refusable("redactNote"),
        status_code=200,
    )
    async def redact_note(
        self,
        edit: Editing,
        invoice_id: IdInPath,
        note_id: IdInPath,
        data: JSONBody[RedactIn | None] = None,
    ) -> Response[InvoiceOut]:
        """Let nobody see a note's text any more, nor in the past. That there is one, stays."""
        asked = data or RedactIn()

        def decide(_read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.redact_note(invoice, note_id, reason=asked.reason)

        return await changed(edit, invoice_id, decide, asked.row_version)

    @post(
        "/{invoice_id:str}/tables",
        operation_id="assignTable",
        summary="Assign an entry of table 1 or 2",
        opt={**refusable("assignTable"), "example": TABLE},
        status_code=201,
    )
    async def assign_table(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[TableIn]
    ) -> Response[InvoiceOut]:
        """Assign an entry of one of the book's own two tables; its code gives the rest."""
        entry, sent = data.entry()

        def decide(read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.assign_table(invoice, completed_entry(read, entry, sent=sent))

        return await added(edit, invoice_id, decide, data.row_version)

    @delete(
        "/{invoice_id:str}/tables/{entry_id:str}",
        operation_id="unassignTable",
        summary="Take an entry off",
        opt=refusable("unassignTable"),
        status_code=200,
    )
    async def unassign_table(
        self, edit: Editing, invoice_id: IdInPath, entry_id: IdInPath
    ) -> Response[InvoiceOut]:
        """Take the assignment of a table's entry back."""
        return await changed(
            edit, invoice_id, lambda _read, it: decisions.unassign_table(it, entry_id)
        )

    @post(
        "/{invoice_id:str}/tax-overrides",
        operation_id="overrideTax",
        summary="Set a tax by hand",
        opt={**refusable("overrideTax"), "example": TAX_OVERRIDE},
        status_code=201,
    )
    async def override_tax(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[TaxOverrideIn]
    ) -> Response[InvoiceOut]:
        """Set the tax of one category and rate by hand, with a reason."""
        override = data.override()
        return await added(
            edit,
            invoice_id,
            lambda _read, it: decisions.override_tax(it, override),
            data.row_version,
        )

    @delete(
        "/{invoice_id:str}/tax-overrides/{override_id:str}",
        operation_id="removeTaxOverride",
        summary="Compute a tax again",
        opt=refusable("removeTaxOverride"),
        status_code=200,
    )
    async def remove_tax_override(
        self, edit: Editing, invoice_id: IdInPath, override_id: IdInPath
    ) -> Response[InvoiceOut]:
        """Take back that the tax of one group was set by hand."""

        def decide(_read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.remove_tax_override(invoice, override_id)

        return await changed(edit, invoice_id, decide)
