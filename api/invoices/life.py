"""What becomes of an invoice as a whole: approval, release, voiding, disputes, copies."""

from collections.abc import Sequence

from litestar import Controller, Response, post
from litestar.params import JSONBody

from api.allocation_schemas import ReasonIn
from api.editing import Editing
from api.invoice_replies import InvoiceOut
from api.invoice_schemas import ApproveIn, CommandIn, ConvertIn, DueDateIn, ResolveIn, VoidIn
from api.invoices.examples import DISPUTED, DUE, REJECTED, RESOLVED, VOIDED, WITHDRAWN
from api.invoices.refusals import creating, refusable
from api.invoices.renaming import Renaming
from api.invoices.showing import PLACE, Deciding, changed, showing
from api.wire import IdInPath
from domain import invoice as decisions
from domain.aggregate import Change, Fact, Read
from domain.book_settings import settings_of
from domain.invoice import INVOICE, Invoice, voiding


class InvoiceLifeController(Controller):
    """Transitions. Each can be asked for with ``dryRun=true`` first."""

    path = PLACE
    tags = ["Invoices"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/{invoice_id:str}/approve",
        operation_id="approveInvoice",
        summary="Approve",
        opt=refusable("approve"),
        status_code=200,
    )
    async def approve_invoice(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[ApproveIn | None] = None
    ) -> Response[InvoiceOut]:
        """Sign the content off. Who opened the draft may not, unless the settings say so."""
        asked = data or ApproveIn()
        return await changed(edit, invoice_id, approving(edit.author, asked), asked.row_version)

    @post(
        "/{invoice_id:str}/reject",
        operation_id="rejectInvoice",
        summary="Reject",
        opt={**refusable("reject"), "example": REJECTED},
        status_code=200,
    )
    async def reject_invoice(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[ReasonIn]
    ) -> Response[InvoiceOut]:
        """Do not sign it off, and say why; an approval that was given is over."""

        def decide(_read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.reject(invoice, reviewer=edit.author, reason=data.reason)

        return await changed(edit, invoice_id, decide, data.row_version)

    @post(
        "/{invoice_id:str}/withdraw-approval",
        operation_id="withdrawApproval",
        summary="Withdraw the approval",
        opt={**refusable("withdrawApproval"), "example": WITHDRAWN},
        status_code=200,
    )
    async def withdraw_approval(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[ReasonIn]
    ) -> Response[InvoiceOut]:
        """Take the approval back: the invoice is a draft again."""

        def decide(_read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.withdraw_approval(invoice, reason=data.reason)

        return await changed(edit, invoice_id, decide, data.row_version)

    @post(
        "/{invoice_id:str}/release",
        operation_id="releaseInvoice",
        summary="Release",
        opt=refusable("release"),
        status_code=200,
    )
    async def release_invoice(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[CommandIn | None] = None
    ) -> Response[InvoiceOut]:
        """Hand the invoice to the customer. From here on only a credit note corrects it."""

        def decide(read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.release(invoice, today=edit.today(read))

        return await changed(edit, invoice_id, decide, (data or CommandIn()).row_version)

    @post(
        "/{invoice_id:str}/void",
        operation_id="voidInvoice",
        summary="Void",
        opt={**refusable("void"), "example": VOIDED},
        status_code=200,
    )
    async def void_invoice(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[VoidIn]
    ) -> Response[InvoiceOut]:
        """Cancel a posted invoice. It keeps its number and its amounts.

        Where it is too late for that, the problem's ``preview`` is the credit note that would do.
        """

        def decide(read: Read) -> Sequence[Change]:
            return voiding.void(read, invoice_id, reason=data.reason, today=edit.today(read))

        show = await showing(edit.caller)
        return await edit.change(INVOICE(invoice_id), decide, show, seen=data.row_version)

    @post(
        "/{invoice_id:str}/due-date",
        operation_id="changeDueDate",
        summary="Change the due date",
        opt={**refusable("changeDueDate"), "example": DUE},
        status_code=200,
    )
    async def change_due_date(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[DueDateIn]
    ) -> Response[InvoiceOut]:
        """Let a posted invoice fall due on another day; once it is released, with a reason."""
        why = data.reason if isinstance(data.reason, str) else None

        def decide(_read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.change_due_date(invoice, data.due_date, reason=why)

        return await changed(edit, invoice_id, decide, data.row_version)

    @post(
        "/{invoice_id:str}/dispute",
        operation_id="disputeInvoice",
        summary="Mark as disputed",
        opt={**refusable("dispute"), "example": DISPUTED},
        status_code=200,
    )
    async def dispute_invoice(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[ReasonIn]
    ) -> Response[InvoiceOut]:
        """Mark that the customer contests the invoice."""

        def decide(_read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.dispute(invoice, reason=data.reason)

        return await changed(edit, invoice_id, decide, data.row_version)

    @post(
        "/{invoice_id:str}/resolve-dispute",
        operation_id="resolveDispute",
        summary="End the dispute",
        opt={**refusable("resolveDispute"), "example": RESOLVED},
        status_code=200,
    )
    async def resolve_dispute(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[ResolveIn]
    ) -> Response[InvoiceOut]:
        """Mark how the dispute ended."""

        def decide(_read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.resolve_dispute(invoice, resolution=data.resolution)

        return await changed(edit, invoice_id, decide, data.row_version)

    @post(
        "/{invoice_id:str}/archive",
        operation_id="archiveInvoice",
        summary="Archive",
        opt=refusable("archive"),
        status_code=200,
    )
    async def archive_invoice(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[CommandIn | None] = None
    ) -> Response[InvoiceOut]:
        """Put an invoice away of which nothing is owed: it can only be read."""
        seen = (data or CommandIn()).row_version
        return await changed(edit, invoice_id, lambda _read, it: decisions.archive(it), seen)

    @post(
        "/{invoice_id:str}/unarchive",
        operation_id="unarchiveInvoice",
        summary="Take out of the archive",
        opt=refusable("unarchive"),
        status_code=200,
    )
    async def unarchive_invoice(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[CommandIn | None] = None
    ) -> Response[InvoiceOut]:
        """Take an invoice out of the archive: it has the status again that it had before."""
        seen = (data or CommandIn()).row_version
        return await changed(edit, invoice_id, lambda _read, it: decisions.unarchive(it), seen)

    @post(
        "/{invoice_id:str}/convert",
        operation_id="convertEstimate",
        summary="Convert an estimate",
        opt=refusable("convert"),
        status_code=200,
    )
    async def convert_estimate(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[ConvertIn | None] = None
    ) -> Response[InvoiceOut]:
        """Open the invoice that an estimate becomes: ``convertedTo`` of the estimate, answered."""
        asked, renaming = data or ConvertIn(), Renaming()

        def decide(read: Read) -> Sequence[Change]:
            return decisions.convert(
                read,
                invoice_id,
                renaming.invoice_id,
                rename=renaming,
                author=edit.author,
                type_=asked.type,
            )

        show = await showing(edit.caller)
        return await edit.change(
            INVOICE(invoice_id),
            decide,
            show,
            seen=asked.row_version,
            place=lambda estimate: f"{PLACE}/{estimate.converted_to}",
        )

    @post(
        "/{invoice_id:str}/copy", operation_id="copyInvoice", summary="Copy", opt=creating("copy")
    )
    async def copy_invoice(self, making: Editing, invoice_id: IdInPath) -> Response[InvoiceOut]:
        """Open a draft with the same customer, lines, addresses and table entries."""
        renaming = Renaming()

        def decide(read: Read) -> Sequence[Change]:
            return decisions.copy(
                read, invoice_id, renaming.invoice_id, rename=renaming, author=making.author
            )

        show = await showing(making.caller)
        return await making.create(INVOICE, renaming.invoice_id, decide, show, PLACE)


def approving(author: str, asked: ApproveIn) -> Deciding:
    """The decision to sign an invoice off."""

    def decide(read: Read, invoice: Invoice) -> Sequence[Fact]:
        return decisions.approve(
            invoice,
            approver=author,
            separate_duties=settings_of(read).separate_duties,
            reason=asked.reason,
        )

    return decide
