"""Credit note: the state after a fact. It never refuses: what has happened cannot be rejected."""

from decimal import Decimal
from typing import TypeAlias, assert_never

import msgspec

from domain.aggregate import Aggregate
from domain.allocation import Refund, added
from domain.changes import patched
from domain.credit_note.state import CreditNote
from domain.facts.credit_note import (
    CreditLine,
    CreditNoteAmountSet,
    CreditNoteApplied,
    CreditNoteChanged,
    CreditNoteDraftDeleted,
    CreditNoteDrafted,
    CreditNoteFact,
    CreditNoteLineRemoved,
    CreditNoteLineSet,
    CreditNotePosted,
    CreditNoteRefunded,
    CreditNoteUnapplied,
    CreditNoteVoided,
)
from domain.money import negative

_replace = msgspec.structs.replace


DraftFact: TypeAlias = (
    CreditNoteChanged | CreditNoteLineSet | CreditNoteLineRemoved | CreditNoteAmountSet
)
LifeFact: TypeAlias = (
    CreditNotePosted
    | CreditNoteApplied
    | CreditNoteUnapplied
    | CreditNoteRefunded
    | CreditNoteVoided
)


def evolve(note: CreditNote | None, fact: CreditNoteFact) -> CreditNote | None:
    """The credit note after the fact; ``None`` once its draft is deleted."""
    if isinstance(fact, CreditNoteDrafted):
        return CreditNote(**msgspec.structs.asdict(fact))
    if note is None or isinstance(fact, CreditNoteDraftDeleted):
        return None
    return _draft(note, fact) if isinstance(fact, DraftFact) else _life(note, fact)


def _draft(note: CreditNote, fact: DraftFact) -> CreditNote:
    match fact:
        case CreditNoteChanged():
            return patched(note, fact.to, fact.fields)
        case CreditNoteLineSet():
            return _replace(note, lines=_with_line(note.lines, fact.line))
        case CreditNoteLineRemoved():
            left = tuple(it for it in note.lines if it.line_id != fact.line_id)
            return _replace(note, lines=left)
        case CreditNoteAmountSet():
            return _replace(note, flat=fact.flat)
        case _:
            assert_never(fact)


def _life(note: CreditNote, fact: LifeFact) -> CreditNote:
    match fact:
        case CreditNotePosted():
            return _posted(note, fact)
        case CreditNoteApplied():
            return _with(note, fact.invoice_id, fact.amount)
        case CreditNoteUnapplied():
            return _with(note, fact.invoice_id, negative(fact.amount))
        case CreditNoteRefunded():
            return _replace(note, refunds=(*note.refunds, _refund(fact)))
        case CreditNoteVoided():
            return _replace(note, voided_on=fact.voided_on, void_reason=fact.reason)
        case _:
            assert_never(fact)


def _with_line(lines: tuple[CreditLine, ...], line: CreditLine) -> tuple[CreditLine, ...]:
    """An earlier wish for the same line is replaced, where it stands."""
    if any(it.line_id == line.line_id for it in lines):
        return tuple(line if it.line_id == line.line_id else it for it in lines)
    return (*lines, line)


def _posted(note: CreditNote, fact: CreditNotePosted) -> CreditNote:
    return _replace(
        note,
        number=fact.number,
        series=fact.series,
        issue_date=fact.issue_date,
        accounting_date=fact.accounting_date,
        posted_totals=fact.totals,
        posted_nets=fact.line_nets,
        buyer=fact.buyer,
        seller=fact.seller,
        preceding_number=fact.preceding_number,
        preceding_date=fact.preceding_date,
    )


def _with(note: CreditNote, invoice_id: str, amount: Decimal) -> CreditNote:
    return _replace(note, applied=added(note.applied, invoice_id, amount))


def _refund(fact: CreditNoteRefunded) -> Refund:
    return Refund(
        id=fact.refund_id,
        amount=fact.amount,
        method=fact.method,
        refunded_on=fact.refunded_on,
        reason=fact.reason,
    )


CREDIT_NOTE: Aggregate[CreditNote] = Aggregate("credit-note", evolve)
