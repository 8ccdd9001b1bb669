"""Invoice: the state after a fact. It never refuses: what has happened cannot be rejected."""

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol, TypeVar, assert_never

import msgspec

from domain.aggregate import Aggregate
from domain.changes import patched
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
from domain.facts.invoice_parts import TaxOverride
from domain.facts.lines import CommentLine, Line, ModelLine, Serial
from domain.invoice.facts import (
    InvoiceFact,
    LifeFact,
    LineFact,
    MoneyFact,
    NoteFact,
    PartFact,
    ReviewFact,
)
from domain.invoice.state import Credit, Invoice, Settlement
from domain.money import ZERO, difference, negative, product, rounded, total


class _Part(Protocol):
    @property
    def id(self) -> str: ...


P = TypeVar("P", bound=_Part)

_replace = msgspec.structs.replace


def evolve(invoice: Invoice | None, fact: InvoiceFact) -> Invoice | None:
    """The invoice after the fact; ``None`` once its draft is deleted."""
    if isinstance(fact, InvoiceDrafted):
        return Invoice(**{it: getattr(fact, it) for it in InvoiceDrafted.__struct_fields__})
    if invoice is None or isinstance(fact, InvoiceDraftDeleted):
        return None
    if isinstance(fact, InvoiceHeaderChanged):
        return patched(invoice, fact.to, fact.fields)
    if isinstance(fact, LineFact):
        return _replace(invoice, lines=_lines(invoice.lines, fact))
    if isinstance(fact, MoneyFact):
        return _money(invoice, fact)
    if isinstance(fact, LifeFact):
        return _life(invoice, fact)
    if isinstance(fact, ReviewFact):
        return _review(invoice, fact)
    return _note(invoice, fact) if isinstance(fact, NoteFact) else _part(invoice, fact)


def _lines(lines: tuple[Line, ...], fact: LineFact) -> tuple[Line, ...]:
    match fact:
        case InvoiceLineAdded():
            return (*lines, fact.line)
        case InvoiceLineChanged():
            return tuple(
                patched(it, fact.to, fact.fields)
                if it.id == fact.to.id and type(it) is type(fact.to)
                else it
                for it in lines
            )
        case InvoiceLineRemoved():
            return _without(lines, fact.line_id)
        case InvoiceLinesReordered():
            place = {id_: index for index, id_ in enumerate(fact.line_ids)}
            return tuple(sorted(lines, key=lambda line: place.get(line.id, len(place))))
        case InvoiceSerialReserved():
            return _with_serials(lines, fact.line_id, lambda them: (*them, fact.serial))
        case InvoiceSerialReleased():
            return _with_serials(lines, fact.line_id, lambda them: _without(them, fact.serial_id))
        case _:
            assert_never(fact)


def _part(invoice: Invoice, fact: PartFact) -> Invoice:
    match fact:
        case InvoiceTaxOverridden():
            return _replace(invoice, overrides=_overridden(invoice.overrides, fact.override))
        case InvoiceTaxOverrideRemoved():
            return _replace(invoice, overrides=_without(invoice.overrides, fact.override_id))
        case InvoiceAddressSet():
            others = tuple(it for it in invoice.addresses if it.kind != fact.address.kind)
            return _replace(invoice, addresses=(*others, fact.address))
        case InvoiceAddressRemoved():
            left = tuple(it for it in invoice.addresses if it.kind != fact.kind)
            return _replace(invoice, addresses=left)
        case InvoiceTableAssigned():
            return _replace(invoice, tables=(*invoice.tables, fact.entry))
        case InvoiceTableUnassigned():
            return _replace(invoice, tables=_without(invoice.tables, fact.entry_id))
        case InvoiceAttachmentAdded():
            return _replace(invoice, attachments=(*invoice.attachments, fact.attachment))
        case InvoiceAttachmentRemoved():
            return _replace(invoice, attachments=_without(invoice.attachments, fact.attachment_id))
        case _:
            assert_never(fact)


def _note(invoice: Invoice, fact: NoteFact) -> Invoice:
    match fact:
        case InvoiceNoteAdded():
            return _replace(invoice, notes=(*invoice.notes, fact.note))
        case InvoiceNoteChanged():
            notes = tuple(
                patched(it, fact.to, fact.fields) if it.id == fact.to.id else it
                for it in invoice.notes
            )
            return _replace(invoice, notes=notes)
        case InvoiceNoteRedacted():
            notes = tuple(
                _replace(it, text=None, mentions=()) if it.id == fact.note_id else it
                for it in invoice.notes
            )
            return _replace(invoice, notes=notes)
        case _:
            assert_never(fact)


def _review(invoice: Invoice, fact: ReviewFact) -> Invoice:
    match fact:
        case InvoiceApproved():
            signed = {"approver": fact.approver, "approved_hash": fact.content_hash}
            return _replace(invoice, status="Approved", **signed)
        case InvoiceApprovalWithdrawn() | InvoiceRejected():
            return _replace(invoice, status="Draft", approver=None, approved_hash=None)
        case InvoiceConverted():
            return _replace(invoice, converted_to=fact.invoice_id)
        case InvoiceDisputed():
            return _replace(invoice, disputed=fact.reason)
        case InvoiceDisputeResolved():
            return _replace(invoice, disputed=None)
        case _:
            assert_never(fact)


def _life(invoice: Invoice, fact: LifeFact) -> Invoice:
    match fact:
        case InvoicePosted():
            return _posted(invoice, fact)
        case InvoiceReleased():
            return _replace(invoice, status="Released", released_on=fact.released_on)
        case InvoiceVoided():
            return _replace(
                invoice, status="Voided", void_reason=fact.reason, voided_on=fact.voided_on
            )
        case InvoiceArchived():
            return _replace(invoice, status="Archived")
        case InvoiceUnarchived():
            return _replace(invoice, status=_status_before_archive(invoice))
        case InvoiceDueDateChanged():
            return _replace(invoice, due_date=fact.due_date)
        case _:
            assert_never(fact)


def _money(invoice: Invoice, fact: MoneyFact) -> Invoice:
    match fact:
        case InvoicePartiallyPaid() | InvoicePaid():
            return _settled(invoice, fact.source, fact.source_id, fact.amount)
        case InvoiceReopened():
            return _settled(invoice, fact.source, fact.source_id, negative(fact.amount))
        case InvoiceCredited():
            credit = Credit(fact.credit_note_id, fact.amount, fact.lines, fact.totals)
            return _replace(invoice, credits=(*invoice.credits, credit))
        case InvoiceCreditWithdrawn():
            left = tuple(it for it in invoice.credits if it.credit_note_id != fact.credit_note_id)
            return _replace(invoice, credits=left)
        case InvoiceWrittenOff():
            return _replace(invoice, written_off=total([invoice.written_off, fact.amount]))
        case InvoiceRecovered():
            return _replace(invoice, written_off=difference(invoice.written_off, fact.amount))
        case _:
            assert_never(fact)


# ---------------------------------------------------------------- parts of it


def _posted(invoice: Invoice, fact: InvoicePosted) -> Invoice:
    return _replace(
        invoice,
        status="Posted",
        number=fact.number,
        series=fact.series,
        issue_date=fact.issue_date,
        accounting_date=fact.accounting_date,
        due_date=fact.due_date,
        posted_totals=fact.totals,
        posted_nets=fact.line_nets or _nets_v1(invoice),
        buyer=fact.buyer,
        seller=fact.seller,
        posted_addresses=fact.addresses,
    )


def _nets_v1(invoice: Invoice) -> tuple[Decimal, ...]:
    """The line nets of an invoice whose posting did not record them: quantity times price."""
    return tuple(_net_v1(line, invoice.currency) for line in invoice.lines)


def _net_v1(line: Line, currency: str | None) -> Decimal:
    if isinstance(line, CommentLine) or line.quantity is None or line.unit_price is None:
        return rounded(ZERO, currency)
    return rounded(product(line.quantity, line.unit_price), currency)


def _status_before_archive(invoice: Invoice) -> str:
    if invoice.voided_on is not None:
        return "Voided"
    if invoice.released_on is not None:
        return "Released"
    if invoice.number is not None:
        return "Posted"
    return "Draft" if invoice.approver is None else "Approved"


def _settled(invoice: Invoice, source: str, source_id: str, amount: Decimal) -> Invoice:
    """The settlements with so much more (or less) by this source; those of nothing fall out."""
    sums = {(it.source, it.source_id): it.amount for it in invoice.settlements}
    key = (source, source_id)
    sums[key] = total([sums.get(key, ZERO), amount])
    left = tuple(Settlement(*by, much) for by, much in sums.items() if much != ZERO)
    return _replace(invoice, settlements=left)


def _overridden(them: tuple[TaxOverride, ...], new: TaxOverride) -> tuple[TaxOverride, ...]:
    """One override a group: a second one takes the place of the first."""

    def group(it: TaxOverride) -> tuple[str, Decimal, str | None]:
        return (it.category, it.rate, it.exemption_code)

    others = tuple(it for it in them if it.id != new.id and group(it) != group(new))
    return (*others, new)


def _with_serials(
    lines: tuple[Line, ...],
    line_id: str,
    change: Callable[[tuple[Serial, ...]], tuple[Serial, ...]],
) -> tuple[Line, ...]:
    return tuple(
        _replace(it, serials=change(it.serials))
        if it.id == line_id and isinstance(it, ModelLine)
        else it
        for it in lines
    )


def _without(parts: tuple[P, ...], id_: str) -> tuple[P, ...]:
    return tuple(it for it in parts if it.id != id_)


INVOICE: Aggregate[Invoice] = Aggregate("invoice", evolve)
