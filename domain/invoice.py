"""Invoice: state, decisions, evolve."""

from datetime import date
from types import MappingProxyType
from typing import assert_never

import msgspec
from msgspec import UNSET

from domain.aggregate import Aggregate, Fact
from domain.changes import applied, effective, named
from domain.errors import NotAllowed, NotFound, RuleBroken, Violation
from domain.facts.invoice import (
    Buyer,
    InvoiceDraftDeleted,
    InvoiceDrafted,
    InvoiceFact,
    InvoiceHeaderChanged,
    InvoiceLineAdded,
    InvoiceLineChanged,
    InvoiceLineRemoved,
    InvoicePosted,
    InvoiceVoided,
    Line,
    Totals,
)

MAX_LINES = 1000

# ---------------------------------------------------------------- state


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice, from its first partial draft on. What posting freezes is empty until then."""

    status: str = "Draft"
    customer_id: str | None = None
    currency: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    po_number: str | None = None
    reference: str | None = None
    memo: str | None = None
    lines: tuple[Line, ...] = ()
    number: str | None = None
    posted_totals: Totals | None = None
    buyer: Buyer | None = None
    void_reason: str | None = None
    voided_on: date | None = None


STATUSES = ("Draft", "Posted", "Voided")

COMMANDS = MappingProxyType(
    {
        "edit": ("Draft", "Posted"),
        "addLine": ("Draft",),
        "changeLine": ("Draft",),
        "removeLine": ("Draft",),
        "delete": ("Draft",),
        "post": ("Draft",),
        "void": ("Posted",),
    }
)
"""In which status a command is allowed: the table behind refusals and ``availableActions``."""

_ACTIONS = {
    status: tuple(command for command, statuses in COMMANDS.items() if status in statuses)
    for status in STATUSES
}

_INSTEAD = {
    ("delete", "Posted"): "A posted invoice is void-ed, not deleted: its number must not vanish.",
    ("void", "Draft"): "A draft has no number to void: delete it instead.",
}

_EDITABLE_WHEN_POSTED = frozenset({"due_date", "memo", "reference"})


def available_actions(status: str) -> tuple[str, ...]:
    """The commands that an invoice in this status accepts."""
    return _ACTIONS[status]


def guard(invoice: Invoice, command: str) -> None:
    """Refuse the command when the invoice's status forbids it."""
    if invoice.status in COMMANDS[command]:
        return
    actions = available_actions(invoice.status)
    instead = _INSTEAD.get((command, invoice.status), "")
    detail = f"The command {command!r} is not possible while the invoice is {invoice.status}. " + (
        instead or f"Possible now: {', '.join(actions) or 'nothing'}."
    )
    raise NotAllowed(detail, actions=actions)


# ---------------------------------------------------------------- decisions


def draft(header: InvoiceDrafted, lines: tuple[Line, ...]) -> list[Fact]:
    """Open a draft with any partial header and lines; only posting applies the strict rules."""
    if len(lines) > MAX_LINES:
        raise _too_many_lines(len(lines))
    return [header, *(InvoiceLineAdded(line=line) for line in lines)]


def edit(invoice: Invoice, changes: InvoiceHeaderChanged) -> list[Fact]:
    """Change header fields. What is so already is no change, and makes no fact."""
    guard(invoice, "edit")
    left = effective(changes, invoice)
    if left is None:
        return []
    frozen = named(left).keys() - _EDITABLE_WHEN_POSTED
    if invoice.status == "Posted" and frozen:
        raise NotAllowed(
            f"{', '.join(sorted(frozen))} cannot change any more: the invoice is posted. "
            f"Only {', '.join(sorted(_EDITABLE_WHEN_POSTED))} can; void it to correct the rest.",
            code="field-frozen",
            actions=available_actions(invoice.status),
        )
    if invoice.status == "Posted" and left.due_date is not UNSET:
        _check_due(invoice, left.due_date)
    return [left]


def add_line(invoice: Invoice, line: Line) -> list[Fact]:
    """Add a line at the end of a draft."""
    guard(invoice, "addLine")
    if len(invoice.lines) >= MAX_LINES:
        raise _too_many_lines(len(invoice.lines) + 1)
    return [InvoiceLineAdded(line=line)]


def change_line(invoice: Invoice, changes: InvoiceLineChanged) -> list[Fact]:
    """Change fields of one line of a draft."""
    guard(invoice, "changeLine")
    left = effective(changes, _line(invoice, changes.line_id))
    return [] if left is None else [left]


def remove_line(invoice: Invoice, line_id: str) -> list[Fact]:
    """Take a line off a draft."""
    guard(invoice, "removeLine")
    return [InvoiceLineRemoved(line_id=_line(invoice, line_id).id)]


def delete(invoice: Invoice) -> list[Fact]:
    """Throw a draft away. Its stream, and so its history, stays."""
    guard(invoice, "delete")
    return [InvoiceDraftDeleted()]


def void(invoice: Invoice, *, reason: str, today: date) -> list[Fact]:
    """Cancel a posted invoice, which keeps its number and its amounts."""
    guard(invoice, "void")
    return [InvoiceVoided(reason=reason, voided_on=today)]


def _check_due(invoice: Invoice, due_date: date | None) -> None:
    """A posted invoice keeps to the rule under which it was posted."""
    assert invoice.issue_date is not None, "posting sets the issue date"
    if due_date is None or due_date < invoice.issue_date:
        detail = f"Set a due date on or after the issue date {invoice.issue_date}: it is posted."
        raise RuleBroken((Violation("P10", "/dueDate", detail),))


def _line(invoice: Invoice, line_id: str) -> Line:
    for line in invoice.lines:
        if line.id == line_id:
            return line
    raise NotFound("line", line_id)


def _too_many_lines(count: int) -> RuleBroken:
    detail = f"An invoice has at most {MAX_LINES} lines; this would be number {count}. Split it."
    return RuleBroken((Violation("lines-limit", "/lines", detail),))


# ---------------------------------------------------------------- evolve


def evolve(invoice: Invoice | None, fact: InvoiceFact) -> Invoice | None:
    """The invoice after the fact; ``None`` once its draft is deleted."""
    if isinstance(fact, InvoiceDrafted):
        return Invoice(**named(fact))
    if invoice is None:
        return None
    match fact:
        case InvoiceHeaderChanged():
            return applied(invoice, fact)
        case InvoiceLineAdded():
            return msgspec.structs.replace(invoice, lines=(*invoice.lines, fact.line))
        case InvoiceLineChanged() | InvoiceLineRemoved():
            return msgspec.structs.replace(invoice, lines=_changed_lines(invoice.lines, fact))
        case InvoicePosted():
            return msgspec.structs.replace(
                invoice,
                status="Posted",
                number=fact.number,
                issue_date=fact.issue_date,
                due_date=fact.due_date,
                posted_totals=fact.totals,
                buyer=fact.buyer,
            )
        case InvoiceVoided():
            return msgspec.structs.replace(
                invoice, status="Voided", void_reason=fact.reason, voided_on=fact.voided_on
            )
        case InvoiceDraftDeleted():
            return None
        case _:
            assert_never(fact)


def _changed_lines(
    lines: tuple[Line, ...], fact: InvoiceLineChanged | InvoiceLineRemoved
) -> tuple[Line, ...]:
    if isinstance(fact, InvoiceLineRemoved):
        return tuple(line for line in lines if line.id != fact.line_id)
    return tuple(
        applied(line, fact, without=("line_id",)) if line.id == fact.line_id else line
        for line in lines
    )


INVOICE: Aggregate[Invoice] = Aggregate("invoice", evolve)
