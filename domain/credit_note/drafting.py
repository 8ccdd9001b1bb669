"""Decisions about a draft of a credit note. It accepts anything; only posting is strict."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from domain.aggregate import Change, Fact, Read
from domain.changes import differing
from domain.credit_note.evolve import CREDIT_NOTE
from domain.credit_note.state import CreditNote, guard
from domain.errors import AlreadyExists, NotFound, RuleBroken, Violation
from domain.facts.credit_note import (
    CreditHeader,
    CreditLine,
    CreditNoteAmountSet,
    CreditNoteChanged,
    CreditNoteDraftDeleted,
    CreditNoteDrafted,
    CreditNoteLineRemoved,
    CreditNoteLineSet,
    FlatAmount,
)
from domain.invoice import INVOICE, MAX_LINES
from domain.invoice import guard as guard_invoice
from domain.invoice.voiding import credit_preview
from domain.limits import beyond

MAX_TAXES = 3

_OF_THE_INVOICE = ("invoice_id", "customer_id", "currency", "branch")


def draft(
    drafted: CreditNoteDrafted, lines: Sequence[CreditLine] = (), flat: FlatAmount | None = None
) -> list[Fact]:
    """Open a draft with any partial header, lines and amount.

    Raises:
        RuleBroken: There are too many lines or taxes, or a line stands twice.
    """
    twice = {it.line_id for nth, it in enumerate(lines) if _has(lines[:nth], it.line_id)}
    violations = [
        *beyond(drafted),
        *(it for index, line in enumerate(lines) for it in beyond(line, f"/lines/{index}")),
        *_flat_violations(flat),
        *_size_violations(len(lines), flat),
        *(Violation("duplicate-id", "/lines", f"The line {it!r} stands twice.") for it in twice),
    ]
    if violations:
        raise RuleBroken(tuple(violations))
    facts: list[Fact] = [drafted, *(CreditNoteLineSet(line=line) for line in lines)]
    return facts if flat is None else [*facts, CreditNoteAmountSet(flat=flat)]


def draft_over(
    read: Read,
    credit_note_id: str,
    drafted: CreditNoteDrafted,
    *,
    lines: Sequence[CreditLine] | None = None,
    flat: FlatAmount | None = None,
) -> list[Change]:
    """Open a draft over the invoice that the header names: over lines of it, or a flat amount.

    Without either, it is over all that is left of the invoice. Customer, currency and branch are
    those of the invoice.

    Raises:
        NotFound: There is no such invoice.
        NotAllowed: It is not posted, or all of it is credited.
    """
    invoice_id = drafted.invoice_id or ""
    invoice = read(INVOICE(invoice_id))
    if invoice is None:
        raise NotFound("invoice", invoice_id)
    if read(CREDIT_NOTE(credit_note_id)) is not None:
        raise AlreadyExists("credit-note", credit_note_id)
    guard_invoice(invoice, "credit")
    preview = credit_preview(invoice, invoice_id)
    own = {name: getattr(preview.header, name) for name in _OF_THE_INVOICE}
    header = msgspec.structs.replace(drafted, **own)
    rest = preview.lines if flat is None else ()
    wanted = rest if lines is None else lines
    return [(CREDIT_NOTE(credit_note_id), draft(header, wanted, flat))]


def edit(note: CreditNote, to: CreditHeader, fields: Sequence[str]) -> list[Fact]:
    """Change header fields. What is so already is no change, and makes no fact."""
    guard(note, "edit")
    _check([*beyond(to)])
    names = differing(note, to, fields)
    return [CreditNoteChanged(to=to, fields=names)] if names else []


def set_line(note: CreditNote, line: CreditLine) -> list[Fact]:
    """Credit so much of a line of the invoice; an earlier wish for the same line is replaced."""
    guard(note, "setLine")
    _check([*beyond(line)])
    if line in note.lines:
        return []
    if not _has(note.lines, line.line_id):
        _check(_size_violations(len(note.lines) + 1, None))
    return [CreditNoteLineSet(line=line)]


def remove_line(note: CreditNote, line_id: str) -> list[Fact]:
    """Credit nothing of this line."""
    guard(note, "removeLine")
    if not _has(note.lines, line_id):
        raise NotFound("line", line_id)
    return [CreditNoteLineRemoved(line_id=line_id)]


def set_amount(note: CreditNote, flat: FlatAmount | None) -> list[Fact]:
    """Credit a flat amount; ``None``: none."""
    guard(note, "setAmount")
    _check([*_flat_violations(flat)])
    if flat == note.flat:
        return []
    _check(_size_violations(0, flat))
    return [CreditNoteAmountSet(flat=flat)]


def delete(note: CreditNote) -> list[Fact]:
    """Throw a draft away. Its stream, and so its history, stays."""
    guard(note, "delete")
    return [CreditNoteDraftDeleted()]


def _has(lines: Iterable[CreditLine], line_id: str) -> bool:
    return any(it.line_id == line_id for it in lines)


def _size_violations(lines: int, flat: FlatAmount | None) -> list[Violation]:
    violations = []
    if lines > MAX_LINES:
        detail = f"A credit note has at most {MAX_LINES} lines; this would be number {lines}."
        violations.append(Violation("lines-limit", "/lines", detail))
    if flat is not None and len(flat.taxes) > MAX_TAXES:
        detail = f"There may be at most {MAX_TAXES} taxes on an amount."
        violations.append(Violation("taxes-limit", "/flat/taxes", detail))
    return violations


def _flat_violations(flat: FlatAmount | None) -> Iterator[Violation]:
    if flat is None:
        return
    yield from beyond(flat, "/flat")
    for index, tax in enumerate(flat.taxes):
        yield from beyond(tax, f"/flat/taxes/{index}")


def _check(violations: Sequence[Violation]) -> None:
    if violations:
        raise RuleBroken(tuple(violations))
