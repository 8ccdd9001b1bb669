"""Posting over HTTP: all that is wrong at once, warnings beside it, and a dry run of the same."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from litestar import Controller, Response, post
from litestar.params import JSONBody
from msgspec import UNSET

from api.caller import Caller
from api.editing import Edit, Editing
from api.invoice_part_replies import notice_out
from api.invoice_replies import InvoiceOut
from api.invoice_schemas import PostIn
from api.invoices.refusals import refusable
from api.invoices.showing import PLACE, invoice_of, showing
from api.problems import Problem
from api.totals_schemas import totals_out
from api.wire import IdInPath
from domain import posting
from domain.aggregate import Change, Read
from domain.errors import NotFound, RuleBroken
from domain.invoice import INVOICE
from domain.invoice.guard import guard
from domain.invoice_totals import totals
from domain.posting.case import Asked
from projections.postings import similar_invoices
from store.recorded import Versioned


class InvoicePostingController(Controller):
    """The step by which a draft enters the books."""

    path = PLACE
    tags = ["Invoices"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/{invoice_id:str}/post",
        operation_id="postInvoice",
        summary="Post",
        opt=refusable("post"),
        status_code=200,
    )
    async def post_invoice(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[PostIn | None] = None
    ) -> Response[InvoiceOut]:
        """Number the invoice and enter it into the books, or say everything that is still wrong.

        ``warnings`` of the answer hinder nothing: somebody should look at them. A dry run answers
        the invoice as it would be, or else its ``violations`` and the totals that it would have.
        """
        command = Posting(edit, invoice_id, data or PostIn())
        await command.find_similar()
        show = await showing(edit.caller)

        def shown(entity: Versioned[Any]) -> InvoiceOut:
            return command.noted(show(entity))

        decide = command.rehearse if edit.dry_run else command.decide
        seen = command.asked.row_version
        return await edit.change(INVOICE(invoice_id), decide, shown, seen=seen)


class Posting:
    """One request to post an invoice, and what its decision said beside the facts."""

    def __init__(self, edit: Edit, invoice_id: str, asked: PostIn) -> None:
        """``asked.overrides`` are for those who may do anything.

        Raises:
            Problem: 403, the key may not let rules pass.
        """
        if asked.overrides and "admin" not in edit.caller.key.scopes:
            detail = "Only a key with the scope 'admin' may let rules pass: leave overrides out."
            raise Problem("not-permitted", detail, needed="admin")
        self.asked = asked
        self._edit = edit
        self._id = invoice_id
        self._similar: tuple[str, ...] = ()
        self._found: posting.Preview | None = None

    async def find_similar(self) -> None:
        """Look for documents that may be the same sale (P62), as far as the read models know."""
        self._similar = await similar_to(self._edit.caller, self._id)

    def decide(self, read: Read) -> Sequence[Change]:
        """Post. Raises as ``posting.post``."""
        guard(invoice_of(read, self._id), "post")
        found = self._preview(read)
        if found.violations:
            raise RuleBroken(found.violations)
        return found.changes

    def rehearse(self, read: Read) -> Sequence[Change]:
        """What posting would do: nothing at all while rules are broken."""
        guard(invoice_of(read, self._id), "post")
        return self._preview(read).changes or [(INVOICE(self._id), ())]

    def noted(self, shown: InvoiceOut) -> InvoiceOut:
        """The answer with what the decision said. A repeated request was not decided again."""
        if self._found is None:
            return shown
        shown.warnings = [notice_out(it) for it in self._found.warnings] or UNSET
        if self._edit.dry_run:
            shown.violations = [notice_out(it) for it in self._found.violations]
            shown.totals = totals_out(self._found.totals)
        return shown

    def _preview(self, read: Read) -> posting.Preview:
        asked = Asked(
            today=self._edit.today(read),
            expected_total=self.asked.expected(),
            similar=self._similar,
            overrides=frozenset(self.asked.overrides),
        )
        self._found = posting.preview(read, self._id, asked)
        return self._found


async def similar_to(caller: Caller, invoice_id: str) -> tuple[str, ...]:
    """Numbers of the latest invoices with the same customer, reference and total (P62).

    How many days back counts, the settings say; no days switch it off.
    """
    try:
        invoice = (await caller.books.get(caller.book_id, INVOICE(invoice_id))).state
    except NotFound:
        return ()
    if invoice.customer_id is None or invoice.po_number is None:
        return ()
    settings = await caller.doors.settings.of(caller.books, caller.book_id)
    dated = invoice.issue_date or caller.now.date()
    return await similar_invoices(
        caller.doors.pool,
        caller.book_id,
        customer_id=invoice.customer_id,
        po_number=invoice.po_number,
        gross=totals(invoice).gross,
        since=date.fromordinal(max(1, dated.toordinal() - settings.duplicate_days)),
    )
