"""Invoice: state, guard, decisions, evolve. A package, because there is much to say.

``state`` says what follows from an invoice; ``guard`` which command is possible when, ``editable``
which field; ``drafting``, ``lines``, ``parts``, ``life``, ``copying`` and ``voiding`` decide;
``evolve`` folds. Posting and what is paid have modules of their own beside this package.
"""

from domain.invoice.checks import LIMITS, MAX_LINES
from domain.invoice.copying import convert, copy
from domain.invoice.drafting import change_due_date, delete, draft, edit
from domain.invoice.editable import EDITABLE, content_hash
from domain.invoice.evolve import INVOICE
from domain.invoice.facts import InvoiceFact
from domain.invoice.guard import COMMANDS, OBSTACLES, available_actions, guard
from domain.invoice.life import (
    approve,
    archive,
    dispute,
    reject,
    release,
    resolve_dispute,
    unarchive,
    withdraw_approval,
)
from domain.invoice.lines import (
    add_line,
    change_line,
    release_serial,
    remove_line,
    reorder_lines,
    reserve_serial,
)
from domain.invoice.parts import (
    add_note,
    assign_table,
    attach,
    change_note,
    detach,
    override_tax,
    redact_note,
    remove_address,
    remove_tax_override,
    set_address,
    unassign_table,
)
from domain.invoice.state import (
    SETTLEMENTS,
    STATUSES,
    Credit,
    Invoice,
    Settlement,
    balance,
    creditable,
    is_estimate,
    overdue,
    serials,
    settled,
    settlement,
)

__all__ = [
    "COMMANDS",
    "EDITABLE",
    "INVOICE",
    "LIMITS",
    "MAX_LINES",
    "OBSTACLES",
    "SETTLEMENTS",
    "STATUSES",
    "Credit",
    "Invoice",
    "InvoiceFact",
    "Settlement",
    "add_line",
    "add_note",
    "approve",
    "archive",
    "assign_table",
    "attach",
    "available_actions",
    "balance",
    "change_due_date",
    "change_line",
    "change_note",
    "content_hash",
    "convert",
    "copy",
    "creditable",
    "delete",
    "detach",
    "dispute",
    "draft",
    "edit",
    "guard",
    "is_estimate",
    "overdue",
    "override_tax",
    "redact_note",
    "reject",
    "release",
    "release_serial",
    "remove_address",
    "remove_line",
    "remove_tax_override",
    "reorder_lines",
    "reserve_serial",
    "resolve_dispute",
    "serials",
    "set_address",
    "settled",
    "settlement",
    "unarchive",
    "unassign_table",
    "withdraw_approval",
]
