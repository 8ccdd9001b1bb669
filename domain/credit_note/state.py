"""What a credit note is at a moment, and which commands it accepts then."""

from datetime import date
from decimal import Decimal
from types import MappingProxyType

from domain.allocation import Applied, Refund
from domain.errors import NotAllowed
from domain.facts.credit_note import CreditHeader, CreditLine, FlatAmount
from domain.facts.invoice_life import Buyer, Seller
from domain.facts.invoice_parts import Totals
from domain.money import ZERO, difference, total


class CreditNote(CreditHeader, frozen=True, kw_only=True):
    """A credit note: over lines of an invoice, or a flat amount, which makes it a credit memo.

    What posting freezes is empty until then. ``applied`` has the sum for each invoice.
    """

    author: str | None = None
    lines: tuple[CreditLine, ...] = ()
    flat: FlatAmount | None = None
    number: str | None = None
    series: str | None = None
    posted_totals: Totals | None = None
    posted_nets: tuple[Decimal, ...] = ()
    buyer: Buyer | None = None
    seller: Seller | None = None
    preceding_number: str | None = None
    preceding_date: date | None = None
    applied: tuple[Applied, ...] = ()
    refunds: tuple[Refund, ...] = ()
    voided_on: date | None = None
    void_reason: str | None = None

    @property
    def status(self) -> str:
        """One of ``STATUSES``. It follows from what became of the credit, and is never set.

        What was paid out is as good as gone: a credit note is Applied when nothing else is left of
        it, and Refunded when all of it was paid out.
        """
        if self.voided_on is not None:
            return "Voided"
        if self.number is None:
            return "Draft"
        left = open_credit(self)
        if self.applied:
            return "PartiallyApplied" if left else "Applied"
        if self.refunds:
            return "PartiallyRefunded" if left else "Refunded"
        return "Posted"


STATUSES = (
    *("Draft", "Posted", "PartiallyApplied", "Applied"),
    *("PartiallyRefunded", "Refunded", "Voided"),
)

_DRAFT = ("Draft",)
_OPEN = ("Posted", "PartiallyApplied", "PartiallyRefunded")

COMMANDS = MappingProxyType(
    {
        "edit": _DRAFT,
        "setLine": _DRAFT,
        "removeLine": _DRAFT,
        "setAmount": _DRAFT,
        "delete": _DRAFT,
        "post": _DRAFT,
        "apply": _OPEN,
        "unapply": ("PartiallyApplied", "Applied"),
        "refund": _OPEN,
        "void": ("Posted",),
    }
)
"""In which status a command is allowed: the table behind refusals and ``availableActions``."""

_INSTEAD = {
    ("delete", "Posted"): "It has a number, which must not vanish: void it.",
    ("void", "Draft"): "A draft has no number to void: delete it instead.",
    ("void", "PartiallyApplied"): "A part of it settles an invoice: un-apply that first.",
    ("void", "Applied"): "It settles an invoice: un-apply that first.",
    ("void", "PartiallyRefunded"): "A part of it was paid out: it stands.",
    ("void", "Refunded"): "It was paid out: it stands.",
}


def refunded(note: CreditNote) -> Decimal:
    """How much was paid out."""
    return total(it.amount for it in note.refunds)


def open_credit(note: CreditNote) -> Decimal:
    """How much can still be applied or paid out: nothing before posting, nor once voided."""
    if note.posted_totals is None or note.voided_on is not None:
        return ZERO
    used = total([refunded(note), *(it.amount for it in note.applied)])
    return difference(note.posted_totals.gross, used)


def available_actions(status: str) -> tuple[str, ...]:
    """The commands that a credit note in this status accepts."""
    return tuple(command for command, statuses in COMMANDS.items() if status in statuses)


def guard(note: CreditNote, command: str) -> None:
    """Refuse the command when the credit note's status forbids it."""
    now = note.status
    if now in COMMANDS[command]:
        return
    actions = available_actions(now)
    detail = f"The command {command!r} is not possible while the credit note is {now}. " + (
        _INSTEAD.get((command, now)) or f"Possible now: {', '.join(actions) or 'nothing'}."
    )
    raise NotAllowed(detail, actions=actions)
