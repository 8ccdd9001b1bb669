"""Invoices: open a draft, read, change header fields, throw a draft away."""

from collections.abc import Sequence

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.params import JSONBody

from api.commands import Ask
from api.editing import AUDIT, CREATE, READ, By, DryRun, Editing, provide_edit
from api.expansion import Expandable
from api.history import After, EventPage, Limit, Order, history
from api.invoice_list_schemas import InvoiceListed, InvoicePage
from api.invoice_replies import InvoiceOut
from api.invoice_schemas import InvoiceIn, InvoicePatch
from api.invoices.drafting import Draft
from api.invoices.examples import DRAFT, EDITED
from api.invoices.new_lines import taxes_by_codes
from api.invoices.refusals import refusable
from api.invoices.showing import (
    PLACE,
    Deciding,
    changed,
    deciding,
    showing,
    shown_invoice,
)
from api.list_contract import list_operation
from api.list_routes import listed, members_of
from api.row_version import AsOf, IfMatch, moment
from api.wire import IdInPath
from domain import invoice as decisions
from domain.aggregate import Fact, Read
from domain.book_settings import settings_of
from domain.invoice import INVOICE, Invoice
from projections.invoice_list import LISTING

_EXPANDABLE = ("lines", "addresses", "attachments", "settlements", "credits")


class InvoiceController(Controller):
    """Drafts are tolerant; ``/post`` applies the strict rules and answers all that is broken."""

    path = PLACE
    tags = ["Invoices"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/",
        operation_id="createInvoice",
        summary="Open a draft",
        opt={**CREATE, "example": DRAFT},
    )
    async def create_invoice(
        self, making: Editing, data: JSONBody[InvoiceIn]
    ) -> Response[InvoiceOut]:
        """Open a draft with any part of its header and any children, in one transaction.

        What a line does not say is given by its code, the document and the customer.
        """
        draft = Draft.of(data, making.author)
        await draft.warm(making.caller)
        show = await showing(making.caller)
        return await making.create(INVOICE, draft.id, draft.decide, show, PLACE)

    @get(
        "/",
        operation_id="listInvoices",
        summary="List invoices",
        opt=READ,
        operation_class=list_operation(LISTING, members_of(InvoiceListed), _EXPANDABLE),
    )
    async def list_invoices(self, request: Ask, caller: By) -> Response[InvoicePage]:
        """Invoices, newest first unless ``sort`` says otherwise; deleted drafts are left out."""
        expandable = Expandable(_EXPANDABLE, INVOICE, await showing(caller))
        return await listed(request, caller, LISTING, InvoiceListed, expandable=expandable)

    @get("/{invoice_id:str}", operation_id="getInvoice", summary="Get an invoice", opt=READ)
    async def get_invoice(
        self, caller: By, invoice_id: IdInPath, as_of: AsOf = None
    ) -> Response[InvoiceOut]:
        """The invoice as it is now, or as it was at a RowVersion or an instant."""
        return await shown_invoice(caller, invoice_id, moment(as_of))

    @patch(
        "/{invoice_id:str}",
        operation_id="editInvoice",
        summary="Change fields",
        opt={**refusable("edit"), "example": EDITED},
    )
    async def edit_invoice(
        self,
        request: Ask,
        invoice_id: IdInPath,
        data: JSONBody[InvoicePatch],
        if_match: IfMatch = None,
        dry_run: DryRun = False,  # noqa: FBT002 - Litestar gives it by its name
    ) -> Response[InvoiceOut]:
        """Change header fields (RFC 7396). What is so already makes no new RowVersion."""
        # Not injected: people edit more often than they do anything else, and Litestar takes as
        # long to inject a dependency as the domain takes to decide.
        edit = provide_edit(request, if_match=if_match, dry_run=dry_run)
        return await changed(edit, invoice_id, edited(data), data.row_version)

    @delete(
        "/{invoice_id:str}",
        operation_id="deleteInvoice",
        summary="Delete a draft",
        opt=refusable("delete"),
        status_code=204,
    )
    async def delete_invoice(self, edit: Editing, invoice_id: IdInPath) -> None:
        """Throw a draft away. Its history stays. A posted invoice is voided instead."""
        decide = deciding(invoice_id, lambda _read, it: decisions.delete(it))
        await edit.end(INVOICE(invoice_id), decide, await showing(edit.caller))

    @get("/{invoice_id:str}/events", operation_id="listInvoiceEvents", summary="History", opt=AUDIT)
    async def list_invoice_events(
        self,
        caller: By,
        invoice_id: IdInPath,
        after: After = 0,
        limit: Limit = 50,
        order: Order = "asc",
    ) -> EventPage:
        """Every event of the invoice, in order: who did what when, also for deleted drafts."""
        return await history(caller, INVOICE(invoice_id), after, limit, order)


def edited(data: InvoicePatch) -> Deciding:
    """The decision that changes the header fields that were sent."""
    to, fields = data.changes()
    codes = data.tax_codes

    def decide(read: Read, invoice: Invoice) -> Sequence[Fact]:
        header, names = to, fields
        if isinstance(codes, list):
            header = msgspec.structs.replace(to, taxes=taxes_by_codes(read, codes, ""))
            names = (*fields, "taxes")
        locked = "customer_id" in names and settings_of(read).customer_locked
        return decisions.edit(invoice, header, names, reason=data.why, customer_locked=locked)

    return decide
