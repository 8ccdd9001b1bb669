"""Many commands in one request: bodies and answers."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.invoice_part_schemas import NoteIn
from api.invoice_replies import InvoiceOut
from api.invoice_schemas import InvoiceIn, InvoicePatch
from api.line_schemas import LineIn, LinePatch
from api.problems import ProblemDocument
from api.wire import Id, Money, Reason, Reply, RowVersion, Wire

MAX_OPERATIONS = 100

Target = Annotated[
    Id, Meta(description="Id of the invoice, or the `ref` of one that is created before it here.")
]


class CreateOperation(Wire, tag_field="op", tag="create"):
    """Open a draft. ``ref`` is a name of your own, by which later operations mean it."""

    invoice: InvoiceIn
    ref: Id | UnsetType = UNSET


class _Operation(Wire, tag_field="op"):
    id: Target
    row_version: RowVersion | UnsetType = UNSET


class EditOperation(_Operation, tag="edit", kw_only=True):
    """Change header fields."""

    changes: InvoicePatch


class AddLineOperation(_Operation, tag="addLine", kw_only=True):
    """Add a line at the end."""

    line: LineIn


class ChangeLineOperation(_Operation, tag="changeLine", kw_only=True):
    """Change fields of a line."""

    line_id: Id
    changes: LinePatch


class RemoveLineOperation(_Operation, tag="removeLine", kw_only=True):
    """Take a line off."""

    line_id: Id


class AddNoteOperation(_Operation, tag="addNote", kw_only=True):
    """Write a note."""

    note: NoteIn


class PostOperation(_Operation, tag="post", kw_only=True):
    """Post, if the gross total is the expected one."""

    expected_total: Money | None = None


class VoidOperation(_Operation, tag="void", kw_only=True):
    """Void."""

    reason: Reason


class ApproveOperation(_Operation, tag="approve", kw_only=True):
    """Sign off."""


class ReleaseOperation(_Operation, tag="release", kw_only=True):
    """Hand over to the customer."""


class ArchiveOperation(_Operation, tag="archive", kw_only=True):
    """Put away."""


class DeleteOperation(_Operation, tag="delete", kw_only=True):
    """Throw a draft away."""


Change: TypeAlias = (
    EditOperation
    | AddLineOperation
    | ChangeLineOperation
    | RemoveLineOperation
    | AddNoteOperation
    | PostOperation
    | VoidOperation
    | ApproveOperation
    | ReleaseOperation
    | ArchiveOperation
    | DeleteOperation
)
Operation: TypeAlias = CreateOperation | Change


class BulkIn(Wire):
    """Operations in their order. ``rowVersion`` of each is that before the whole request.

    ``singleTransaction``: all of them or none. ``independent``: each for itself, one after another.
    Where an invoice is the target of several operations, the first one says its RowVersion.
    """

    mode: Literal["singleTransaction", "independent"]
    operations: Annotated[list[Operation], Meta(min_length=1, max_length=MAX_OPERATIONS)]


class BulkItem(Reply, omit_defaults=True):
    """What became of one operation: the invoice as it is after it, or the problem.

    After ``singleTransaction``, it is as it is after all of them. A deleted draft has no entity.
    """

    status: int
    entity: InvoiceOut | UnsetType = UNSET
    problem: ProblemDocument | UnsetType = UNSET


class BulkOut(Reply):
    """One item for each operation, in their order."""

    items: list[BulkItem]


class _Raw(Reply, omit_defaults=True):
    status: int
    entity: Any = UNSET
    problem: Any = UNSET


def problem_item(status: int, body: bytes) -> Any:
    """An item with a problem document, which may have more members than all problems have."""
    return _Raw(status=status, problem=msgspec.Raw(body))
