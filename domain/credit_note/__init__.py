"""Credit note: state, guard, decisions, evolve. A package, because there is much to say.

``state`` says what follows from a credit note, and which command is possible when; ``drafting``,
``posting`` with its ``rules`` and ``serials``, and ``using`` decide; ``evolve`` folds.
"""

from domain.allocation import Allocation, Applied
from domain.credit_note.drafting import (
    delete,
    draft,
    draft_over,
    edit,
    remove_line,
    set_amount,
    set_line,
)
from domain.credit_note.evolve import CREDIT_NOTE
from domain.credit_note.posting import post
from domain.credit_note.state import (
    COMMANDS,
    STATUSES,
    CreditNote,
    available_actions,
    guard,
    open_credit,
    refunded,
)
from domain.credit_note.using import apply, refund, unapply, void

__all__ = [
    "COMMANDS",
    "CREDIT_NOTE",
    "STATUSES",
    "Allocation",
    "Applied",
    "CreditNote",
    "apply",
    "available_actions",
    "delete",
    "draft",
    "draft_over",
    "edit",
    "guard",
    "open_credit",
    "post",
    "refund",
    "refunded",
    "remove_line",
    "set_amount",
    "set_line",
    "unapply",
    "void",
]
