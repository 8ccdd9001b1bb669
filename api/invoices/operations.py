"""From one operation of a bulk request to its decision: the same as the route of its own."""

from collections.abc import Callable, Sequence
from typing import assert_never

import msgspec
from msgspec import UNSET

from api.editing import Edit
from api.invoice_schemas import ApproveIn, PostIn
from api.invoices.bulk_schemas import (
    AddLineOperation,
    AddNoteOperation,
    ApproveOperation,
    ArchiveOperation,
    Change,
    ChangeLineOperation,
    CreateOperation,
    DeleteOperation,
    EditOperation,
    Operation,
    PostOperation,
    ReleaseOperation,
    RemoveLineOperation,
    VoidOperation,
)
from api.invoices.drafting import Draft
from api.invoices.header import edited
from api.invoices.life import approving
from api.invoices.lines import adding, changing
from api.invoices.posting import Posting
from api.invoices.showing import Deciding, deciding
from domain import invoice as decisions
from domain.aggregate import Change as Changes
from domain.aggregate import Decision, Fact, Read
from domain.errors import RuleBroken, Violation
from domain.invoice import Invoice, voiding


class Step(msgspec.Struct, frozen=True):
    """An operation that is understood: which invoice it is about, and its decision.

    ``seen`` is the RowVersion on which the client bases it, if it says one.
    """

    invoice_id: str
    decide: Decision
    creates: bool
    seen: int | None


def step(edit: Edit, operation: Operation, refs: dict[str, str]) -> Step:
    """What the operation asks for. ``refs`` are the invoices created before it, by their ``ref``.

    Raises:
        RuleBroken: Something in it can never be.
        Problem: The key may not do that.
    """
    if isinstance(operation, CreateOperation):
        draft = Draft.of(operation.invoice, edit.author)
        if isinstance(operation.ref, str):
            if operation.ref in refs:
                detail = "Two invoices have the same ref: it must mean one of them."
                raise RuleBroken((Violation("duplicate-ref", "/ref", detail),))
            refs[operation.ref] = draft.id
        return Step(draft.id, draft.decide, creates=True, seen=None)
    id_ = refs.get(operation.id, operation.id)
    seen = None if operation.row_version is UNSET else operation.row_version
    return Step(id_, _decision(edit, id_, operation), creates=False, seen=seen)


def _decision(edit: Edit, id_: str, operation: Change) -> Decision:
    match operation:
        case PostOperation():
            asked = PostIn(expected_total=operation.expected_total)
            return Posting(edit, id_, asked).decide
        case VoidOperation():
            return _voiding(edit, id_, operation.reason)
        case _:
            return deciding(id_, _deciding(edit, operation))


def _voiding(edit: Edit, id_: str, reason: str) -> Callable[[Read], Sequence[Changes]]:
    return lambda read: voiding.void(read, id_, reason=reason, today=edit.today(read))


def _deciding(
    edit: Edit,
    operation: EditOperation
    | AddLineOperation
    | ChangeLineOperation
    | RemoveLineOperation
    | AddNoteOperation
    | ApproveOperation
    | ReleaseOperation
    | ArchiveOperation
    | DeleteOperation,
) -> Deciding:
    match operation:
        case EditOperation():
            return edited(operation.changes)
        case AddLineOperation():
            return adding(operation.line)
        case ChangeLineOperation():
            return changing(operation.line_id, operation.changes)
        case RemoveLineOperation():
            line_id = operation.line_id
            return lambda _read, it: decisions.remove_line(it, line_id)
        case AddNoteOperation():
            note = operation.note.note(edit.author)
            return lambda _read, it: decisions.add_note(it, note)
        case ApproveOperation():
            return approving(edit.author, ApproveIn())
        case ReleaseOperation():
            return _releasing(edit)
        case ArchiveOperation():
            return lambda _read, it: decisions.archive(it)
        case DeleteOperation():
            return lambda _read, it: decisions.delete(it)
        case _:
            assert_never(operation)


def _releasing(edit: Edit) -> Deciding:
    def decide(read: Read, invoice: Invoice) -> Sequence[Fact]:
        return decisions.release(invoice, today=edit.today(read))

    return decide
