"""Credit notes over HTTP."""

from decimal import Decimal

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.params import JSONBody

from api.allocation_schemas import ApplyIn, ReasonIn, RefundIn, UnapplyIn, wishes
from api.commands import Ask, on
from api.credit_note_replies import CreditNoteListed, CreditNoteOut, CreditNotePage
from api.credit_note_schemas import (
    EXAMPLE,
    CreditedIn,
    CreditNoteIn,
    CreditNotePatch,
    FlatAmountIn,
    PostCreditIn,
)
from api.editing import AUDIT, READ, TRANSITION, By, Editing, shown
from api.expansion import Expandable
from api.history import After, EventPage, Limit, Order, history
from api.invoices.refusals import creating
from api.list_contract import list_operation
from api.list_routes import listed, members_of
from api.row_version import AsOf
from api.wire import IdInPath, optional_decimal
from domain import credit_note as decisions
from domain.aggregate import Change, Read
from domain.credit_note import CREDIT_NOTE
from domain.facts.credit_note import CreditNoteRefunded
from projections.credit_note_list import LISTING
from store.ids import new_id

PLACE = "/api/credit-notes"
_show = CreditNoteOut.of
_EXPANDABLE = Expandable(("lines", "allocations", "refunds"), CREDIT_NOTE, _show)


class CreditNoteController(Controller):
    """Credit for what was billed: over lines of an invoice, or a flat amount."""

    path = PLACE
    tags = ["Credit notes"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/",
        operation_id="draftCreditNote",
        summary="Open a draft",
        opt={**creating("credit"), "example": EXAMPLE},
    )
    async def draft_credit_note(
        self, making: Editing, data: JSONBody[CreditNoteIn]
    ) -> Response[CreditNoteOut]:
        """Open a draft: blank, over an invoice or lines of it, or over a flat amount."""
        id_ = new_id("crn")
        header, lines, flat = data.header(making.author), data.wanted(), data.amount()

        def decide(read: Read) -> list[Change]:
            if data.invoice_id is None:
                return [(CREDIT_NOTE(id_), decisions.draft(header, lines or (), flat))]
            return decisions.draft_over(read, id_, header, lines=lines, flat=flat)

        return await making.create(CREDIT_NOTE, id_, decide, _show, PLACE)

    @get(
        "/",
        operation_id="listCreditNotes",
        summary="List credit notes",
        opt=READ,
        operation_class=list_operation(LISTING, members_of(CreditNoteListed), _EXPANDABLE.names),
    )
    async def list_credit_notes(self, request: Ask, caller: By) -> Response[CreditNotePage]:
        """Credit notes, newest first unless ``sort`` says otherwise; deleted drafts left out."""
        return await listed(request, caller, LISTING, CreditNoteListed, expandable=_EXPANDABLE)

    @get("/{credit_note_id:str}", operation_id="getCreditNote", summary="Get one", opt=READ)
    async def get_credit_note(
        self, caller: By, credit_note_id: IdInPath, as_of: AsOf = None
    ) -> Response[CreditNoteOut]:
        """The credit note as it is now, or as it was at a RowVersion or an instant."""
        return await shown(caller, CREDIT_NOTE(credit_note_id), as_of, _show)

    @patch("/{credit_note_id:str}", operation_id="editCreditNote", summary="Edit", opt=TRANSITION)
    async def edit_credit_note(
        self, edit: Editing, credit_note_id: IdInPath, data: JSONBody[CreditNotePatch]
    ) -> Response[CreditNoteOut]:
        """Change header fields of a draft (RFC 7396)."""
        note = CREDIT_NOTE(credit_note_id)
        decide = on(note, lambda it: decisions.edit(it, *data.changes()))
        return await edit.change(note, decide, _show, seen=data.row_version)

    @delete(
        "/{credit_note_id:str}",
        operation_id="deleteCreditNote",
        summary="Delete a draft",
        opt=TRANSITION,
        status_code=204,
    )
    async def delete_credit_note(self, edit: Editing, credit_note_id: IdInPath) -> None:
        """Throw a draft away. Its history stays. A posted credit note is voided instead."""
        note = CREDIT_NOTE(credit_note_id)
        await edit.end(note, on(note, decisions.delete), _show)

    @put(
        "/{credit_note_id:str}/lines/{line_id:str}",
        operation_id="setCreditLine",
        summary="Credit a line",
        opt=TRANSITION,
    )
    async def set_line(
        self,
        edit: Editing,
        credit_note_id: IdInPath,
        line_id: IdInPath,
        data: JSONBody[CreditedIn],
    ) -> Response[CreditNoteOut]:
        """Credit so much of this line of the invoice, instead of what was said before."""
        note, line = CREDIT_NOTE(credit_note_id), data.line(line_id)
        decide = on(note, lambda it: decisions.set_line(it, line))
        return await edit.change(note, decide, _show, seen=data.row_version)

    @delete(
        "/{credit_note_id:str}/lines/{line_id:str}",
        operation_id="removeCreditLine",
        summary="Do not credit a line",
        opt=TRANSITION,
        status_code=200,
    )
    async def remove_line(
        self, edit: Editing, credit_note_id: IdInPath, line_id: IdInPath
    ) -> Response[CreditNoteOut]:
        """Credit nothing of this line."""
        note = CREDIT_NOTE(credit_note_id)
        decide = on(note, lambda it: decisions.remove_line(it, line_id))
        return await edit.change(note, decide, _show)

    @put(
        "/{credit_note_id:str}/amount",
        operation_id="setCreditAmount",
        summary="Credit a flat amount",
        opt=TRANSITION,
    )
    async def set_amount(
        self, edit: Editing, credit_note_id: IdInPath, data: JSONBody[FlatAmountIn]
    ) -> Response[CreditNoteOut]:
        """Credit this amount and its taxes, which makes the draft a credit memo."""
        note, flat = CREDIT_NOTE(credit_note_id), data.flat()
        decide = on(note, lambda it: decisions.set_amount(it, flat))
        return await edit.change(note, decide, _show, seen=data.row_version)

    @delete(
        "/{credit_note_id:str}/amount",
        operation_id="clearCreditAmount",
        summary="Credit no flat amount",
        opt=TRANSITION,
        status_code=200,
    )
    async def clear_amount(
        self, edit: Editing, credit_note_id: IdInPath
    ) -> Response[CreditNoteOut]:
        """Take the flat amount off the draft."""
        note = CREDIT_NOTE(credit_note_id)
        decide = on(note, lambda it: decisions.set_amount(it, None))
        return await edit.change(note, decide, _show)

    @post(
        "/{credit_note_id:str}/post",
        operation_id="postCreditNote",
        summary="Post",
        opt=TRANSITION,
        status_code=200,
    )
    async def post_credit_note(
        self,
        edit: Editing,
        credit_note_id: IdInPath,
        data: JSONBody[PostCreditIn | None] = None,
    ) -> Response[CreditNoteOut]:
        """Number the credit note and enter it into the books, or say all that is still wrong."""
        asked = data or PostCreditIn()
        total = optional_decimal(asked.expected_total)

        def decide(read: Read) -> list[Change]:
            return decisions.post(
                read,
                credit_note_id,
                today=edit.today(read),
                apply=asked.apply,
                expected_total=total,
            )

        note = CREDIT_NOTE(credit_note_id)
        return await edit.change(note, decide, _show, seen=asked.row_version)

    @post(
        "/{credit_note_id:str}/apply",
        operation_id="applyCreditNote",
        summary="Apply",
        opt=TRANSITION,
        status_code=200,
    )
    async def apply_credit_note(
        self, edit: Editing, credit_note_id: IdInPath, data: JSONBody[ApplyIn]
    ) -> Response[CreditNoteOut]:
        """Set open credit against invoices of the customer, all or none."""
        wanted = wishes(data.allocations)

        def decide(read: Read) -> list[Change]:
            return decisions.apply(read, credit_note_id, wanted, today=edit.today(read))

        note = CREDIT_NOTE(credit_note_id)
        return await edit.change(note, decide, _show, seen=data.row_version)

    @post(
        "/{credit_note_id:str}/unapply",
        operation_id="unapplyCreditNote",
        summary="Un-apply",
        opt=TRANSITION,
        status_code=200,
    )
    async def unapply_credit_note(
        self, edit: Editing, credit_note_id: IdInPath, data: JSONBody[UnapplyIn]
    ) -> Response[CreditNoteOut]:
        """Take back what settles an invoice: it is owed again, and open here."""

        def decide(read: Read) -> list[Change]:
            return decisions.unapply(
                read,
                credit_note_id,
                data.invoice_id,
                today=edit.today(read),
                amount=optional_decimal(data.amount),
                reason=data.reason,
            )

        note = CREDIT_NOTE(credit_note_id)
        return await edit.change(note, decide, _show, seen=data.row_version)

    @post(
        "/{credit_note_id:str}/refund",
        operation_id="refundCreditNote",
        summary="Refund",
        opt=TRANSITION,
        status_code=200,
    )
    async def refund_credit_note(
        self, edit: Editing, credit_note_id: IdInPath, data: JSONBody[RefundIn]
    ) -> Response[CreditNoteOut]:
        """Pay open credit out to the customer."""
        refund_id = new_id("ref")

        def decide(read: Read) -> list[Change]:
            today = edit.today(read)
            asked = CreditNoteRefunded(
                refund_id=refund_id,
                amount=Decimal(data.amount),
                method=data.method,
                refunded_on=data.refunded_on or today,
                reason=data.reason,
            )
            return decisions.refund(read, credit_note_id, asked, today=today)

        note = CREDIT_NOTE(credit_note_id)
        return await edit.change(note, decide, _show, seen=data.row_version)

    @post(
        "/{credit_note_id:str}/void",
        operation_id="voidCreditNote",
        summary="Void",
        opt=TRANSITION,
        status_code=200,
    )
    async def void_credit_note(
        self, edit: Editing, credit_note_id: IdInPath, data: JSONBody[ReasonIn]
    ) -> Response[CreditNoteOut]:
        """Cancel a credit note of which nothing was used. It keeps its number."""

        def decide(read: Read) -> list[Change]:
            return decisions.void(read, credit_note_id, reason=data.reason, today=edit.today(read))

        note = CREDIT_NOTE(credit_note_id)
        return await edit.change(note, decide, _show, seen=data.row_version)

    @get(
        "/{credit_note_id:str}/events",
        operation_id="listCreditNoteEvents",
        summary="History",
        opt=AUDIT,
    )
    async def list_credit_note_events(
        self,
        caller: By,
        credit_note_id: IdInPath,
        after: After = 0,
        limit: Limit = 50,
        order: Order = "asc",
    ) -> EventPage:
        """Every event of the credit note, in order, also for deleted drafts."""
        return await history(caller, CREDIT_NOTE(credit_note_id), after, limit, order)
