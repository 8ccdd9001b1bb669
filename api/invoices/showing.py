"""What the routes of invoices share: how one is shown, and commands that touch serial numbers."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from litestar import Response
from msgspec import UNSET, UnsetType

from api.caller import Caller
from api.clock import day_in
from api.editing import Edit
from api.invoice_replies import InvoiceOut
from api.json_reply import JSONReply
from api.row_version import etag
from domain.aggregate import Change, Decision, Fact, Read
from domain.errors import NotFound
from domain.facts.invoice import (
    InvoiceNoteRedacted,
    InvoiceSerialReleased,
    InvoiceSerialReserved,
)
from domain.invoice import INVOICE, Invoice, overdue
from domain.serial import tracked
from store.recorded import Versioned

PLACE = "/api/invoices"

_OF_SERIALS = (InvoiceSerialReserved, InvoiceSerialReleased)

Show = Callable[[Versioned[Invoice]], InvoiceOut]
Deciding = Callable[[Read, Invoice], Sequence[Fact]]
"""A decision over one invoice that may look at master data."""


async def showing(caller: Caller) -> Show:
    """How this caller is shown an invoice: what is overdue depends on the book's own day."""
    return InvoiceOut.at(await _today(caller))


async def _today(caller: Caller) -> date:
    settings = await caller.doors.settings.of(caller.books, caller.book_id)
    return day_in(settings.time_zone, caller.now)


async def shown_invoice(
    caller: Caller, invoice_id: str, at: int | datetime | None
) -> Response[InvoiceOut]:
    """The invoice as it is, or as it was; but never a text that was redacted since.

    Raises:
        NotFound: There is none, or there was none then.
    """
    entity = await caller.books.get(caller.book_id, INVOICE(invoice_id), at=at)
    redacted = at is not None and bool(entity.state.notes)
    if redacted:
        entity = await _without_redacted(caller, entity)
    today = await _today(caller)
    headers = etag(entity.version)
    if redacted or overdue(entity.state, today):
        # It becomes so without another RowVersion: who knows this one does not know that.
        headers["Cache-Control"] = "private, no-store"
    return JSONReply(InvoiceOut.at(today), entity, headers=headers)


async def _without_redacted(caller: Caller, entity: Versioned[Invoice]) -> Versioned[Invoice]:
    since = await caller.books.history(caller.book_id, entity.stream, after=entity.version)
    gone = {it.fact.note_id for it in since if isinstance(it.fact, InvoiceNoteRedacted)}
    notes = tuple(
        msgspec.structs.replace(it, text=None, mentions=()) if it.id in gone else it
        for it in entity.state.notes
    )
    state = msgspec.structs.replace(entity.state, notes=notes)
    return Versioned(entity.stream, state, entity.version)


def invoice_of(read: Read, invoice_id: str) -> Invoice:
    """The invoice. Raises ``NotFound`` when there is none."""
    invoice = read(INVOICE(invoice_id))
    if invoice is None:
        raise NotFound("invoice", invoice_id)
    return invoice


def deciding(invoice_id: str, decide: Deciding) -> Decision:
    """A decision over one invoice that may look at master data, and may touch serial numbers."""

    def decision(read: Read) -> Sequence[Change]:
        return with_serials(read, invoice_id, decide(read, invoice_of(read, invoice_id)))

    return decision


def with_serials(read: Read, invoice_id: str, facts: Sequence[Fact]) -> Sequence[Change]:
    """The facts of the invoice, and what they mean for its serial numbers."""
    if any(isinstance(it, _OF_SERIALS) for it in facts):
        return tracked(read, invoice_id, facts)
    changes: list[tuple[Any, Sequence[Fact]]] = [(INVOICE(invoice_id), facts)]
    return changes


async def changed(
    edit: Edit, invoice_id: str, decide: Deciding, seen: int | UnsetType = UNSET
) -> Response[InvoiceOut]:
    """Change an invoice by a decision over it, and answer it as it is then."""
    show = await showing(edit.caller)
    return await edit.change(INVOICE(invoice_id), deciding(invoice_id, decide), show, seen=seen)


async def added(
    edit: Edit, invoice_id: str, decide: Deciding, seen: int | UnsetType = UNSET
) -> Response[InvoiceOut]:
    """Add a child to an invoice: 201, and the invoice as it is then."""
    answer = await changed(edit, invoice_id, decide, seen)
    answer.status_code = 200 if edit.dry_run else 201
    return answer
