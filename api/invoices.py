"""Invoices over HTTP."""

from datetime import UTC, date, datetime

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.caller import Caller
from api.commands import Ask, change, created, end, on, run
from api.history import After, EventPage, Limit, Order, history
from api.invoice_schemas import (
    InvoiceIn,
    InvoiceListed,
    InvoiceOut,
    InvoicePage,
    InvoicePatch,
    PostIn,
    VoidIn,
)
from api.line_schemas import LineIn, LinePatch
from api.list_contract import list_operation
from api.list_routes import listed, members_of
from api.row_version import AsOf, IfMatch, etag, expected_version, moment
from api.wire import IdInPath
from domain import invoice as decisions
from domain import posting
from domain.aggregate import Change, Fact, Read
from domain.invoice import INVOICE, Invoice, voiding
from domain.invoice.lines import line_of
from projections.invoice_list import LISTING
from store.command import Command
from store.ids import new_id

By = NamedDependency[Caller]

READ = {"scope": "read"}
CHANGE = {"scope": "commands"}
EDIT = {**CHANGE, "problems": ("field-frozen",)}


class InvoiceController(Controller):
    """Drafts are tolerant; ``/post`` applies the strict rules and answers all that is broken."""

    path = "/api/invoices"
    tags = ["Invoices"]  # noqa: RUF012 - Litestar reads it from the class

    @post("/", operation_id="createInvoice", summary="Open a draft", opt=CHANGE)
    async def create_invoice(
        self, request: Ask, caller: By, data: JSONBody[InvoiceIn]
    ) -> Response[InvoiceOut]:
        """Open a draft with any part of its header and any lines, in one transaction."""
        id_ = new_id("inv")
        lines = tuple(line.line(new_id("lin")) for line in data.lines)

        def decide(_read: Read) -> list[Change]:
            header = data.header(caller.metadata.actor)
            return [(INVOICE(id_), decisions.draft(header, lines))]

        command = Command(aggregate=INVOICE, id=id_, decide=decide, metadata=caller.metadata)
        done = await run(request, caller, command, InvoiceOut.of)
        return created(done, InvoiceOut.of, "/api/invoices")

    @get(
        "/",
        operation_id="listInvoices",
        summary="List invoices",
        opt=READ,
        operation_class=list_operation(LISTING, members_of(InvoiceListed)),
    )
    async def list_invoices(self, request: Ask, caller: By) -> Response[InvoicePage]:
        """Invoices, newest first unless ``sort`` says otherwise; deleted drafts are left out."""
        return await listed(request, caller, LISTING, InvoiceListed)

    @get("/{invoice_id:str}", operation_id="getInvoice", summary="Get an invoice", opt=READ)
    async def get_invoice(
        self, caller: By, invoice_id: IdInPath, as_of: AsOf = None
    ) -> Response[InvoiceOut]:
        """The invoice as it is now, or as it was at a RowVersion or an instant."""
        entity = await caller.books.get(caller.book_id, INVOICE(invoice_id), at=moment(as_of))
        return Response(InvoiceOut.of(entity), headers=etag(entity.version))

    @patch("/{invoice_id:str}", operation_id="editInvoice", summary="Change fields", opt=EDIT)
    async def edit_invoice(
        self,
        request: Ask,
        caller: By,
        invoice_id: IdInPath,
        data: JSONBody[InvoicePatch],
        if_match: IfMatch = None,
    ) -> Response[InvoiceOut]:
        """Change header fields (RFC 7396). What is so already makes no new RowVersion."""
        expected = expected_version(if_match, data.row_version)
        decide = on(INVOICE(invoice_id), lambda it: decisions.edit(it, *data.changes()))
        return await change(
            request, caller, INVOICE(invoice_id), decide, expected=expected, show=InvoiceOut.of
        )

    @delete(
        "/{invoice_id:str}",
        operation_id="deleteInvoice",
        summary="Delete a draft",
        opt=CHANGE,
        status_code=204,
    )
    async def delete_invoice(
        self, request: Ask, caller: By, invoice_id: IdInPath, if_match: IfMatch = None
    ) -> None:
        """Throw a draft away. Its history stays. A posted invoice is voided instead."""
        await end(
            request,
            caller,
            INVOICE(invoice_id),
            on(INVOICE(invoice_id), decisions.delete),
            expected=expected_version(if_match, None),
            show=InvoiceOut.of,
        )

    @post("/{invoice_id:str}/lines", operation_id="addLine", summary="Add a line", opt=CHANGE)
    async def add_line(
        self,
        request: Ask,
        caller: By,
        invoice_id: IdInPath,
        data: JSONBody[LineIn],
        if_match: IfMatch = None,
    ) -> Response[InvoiceOut]:
        """Add a line at the end of a draft. Lines share the invoice's RowVersion."""
        expected = expected_version(if_match, data.row_version)
        line = data.line(new_id("lin"))
        decide = on(INVOICE(invoice_id), lambda it: decisions.add_line(it, line))
        return await change(
            request,
            caller,
            INVOICE(invoice_id),
            decide,
            expected=expected,
            show=InvoiceOut.of,
            status=201,
        )

    @patch(
        "/{invoice_id:str}/lines/{line_id:str}",
        operation_id="changeLine",
        summary="Change a line",
        opt=CHANGE,
    )
    async def change_line(
        self,
        request: Ask,
        caller: By,
        invoice_id: IdInPath,
        line_id: IdInPath,
        data: JSONBody[LinePatch],
        if_match: IfMatch = None,
    ) -> Response[InvoiceOut]:
        """Change fields of one line of a draft (RFC 7396)."""
        expected = expected_version(if_match, data.row_version)

        def changed(invoice: Invoice) -> list[Fact]:
            return decisions.change_line(invoice, *data.changes(line_of(invoice, line_id)))

        decide = on(INVOICE(invoice_id), changed)
        return await change(
            request, caller, INVOICE(invoice_id), decide, expected=expected, show=InvoiceOut.of
        )

    @delete(
        "/{invoice_id:str}/lines/{line_id:str}",
        operation_id="removeLine",
        summary="Remove a line",
        opt=CHANGE,
        status_code=200,
    )
    async def remove_line(
        self,
        request: Ask,
        caller: By,
        invoice_id: IdInPath,
        line_id: IdInPath,
        if_match: IfMatch = None,
    ) -> Response[InvoiceOut]:
        """Take a line off a draft."""
        expected = expected_version(if_match, None)
        decide = on(INVOICE(invoice_id), lambda it: decisions.remove_line(it, line_id))
        return await change(
            request, caller, INVOICE(invoice_id), decide, expected=expected, show=InvoiceOut.of
        )

    @post(
        "/{invoice_id:str}/post",
        operation_id="postInvoice",
        summary="Post",
        opt=CHANGE,
        status_code=200,
    )
    async def post_invoice(
        self,
        request: Ask,
        caller: By,
        invoice_id: IdInPath,
        data: JSONBody[PostIn | None] = None,
        if_match: IfMatch = None,
    ) -> Response[InvoiceOut]:
        """Number the invoice and enter it into the books, or say everything that is still wrong."""
        options = data or PostIn()
        expected = expected_version(if_match, options.row_version)
        today, total = _today(), options.expected()

        def decide(read: Read) -> list[Change]:
            return posting.post(read, invoice_id, today=today, expected_total=total)

        return await change(
            request, caller, INVOICE(invoice_id), decide, expected=expected, show=InvoiceOut.of
        )

    @post(
        "/{invoice_id:str}/void",
        operation_id="voidInvoice",
        summary="Void",
        opt=CHANGE,
        status_code=200,
    )
    async def void_invoice(
        self,
        request: Ask,
        caller: By,
        invoice_id: IdInPath,
        data: JSONBody[VoidIn],
        if_match: IfMatch = None,
    ) -> Response[InvoiceOut]:
        """Cancel a posted invoice. It keeps its number and its amounts."""
        expected = expected_version(if_match, data.row_version)
        today = _today()

        def decide(read: Read) -> list[Change]:
            return voiding.void(read, invoice_id, reason=data.reason, today=today)

        return await change(
            request, caller, INVOICE(invoice_id), decide, expected=expected, show=InvoiceOut.of
        )

    @get(
        "/{invoice_id:str}/events",
        operation_id="listInvoiceEvents",
        summary="History",
        opt={"scope": "audit"},
    )
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


def _today() -> date:
    return datetime.now(UTC).date()
