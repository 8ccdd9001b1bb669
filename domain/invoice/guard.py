"""Which command is possible when: the one table behind refusals, ``availableActions`` and docs.

``COMMANDS`` is command by status. ``OBSTACLES`` is what else must not stand in the way, where the
status alone does not decide.
"""

from collections.abc import Callable
from functools import cache
from types import MappingProxyType

import msgspec

from domain.errors import NotAllowed
from domain.invoice.state import (
    STATUSES,
    Invoice,
    balance,
    creditable,
    is_estimate,
    settlement,
)
from domain.money import ZERO

_UNPOSTED = ("Draft", "Approved")
_BOOKED = ("Posted", "Released")
_LIVING = tuple(it for it in STATUSES if it != "Archived")

COMMANDS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "edit": _LIVING,
        "addLine": _UNPOSTED,
        "changeLine": _UNPOSTED,
        "removeLine": _UNPOSTED,
        "reorderLines": _UNPOSTED,
        "reserveSerial": _UNPOSTED,
        "releaseSerial": _UNPOSTED,
        "overrideTax": _UNPOSTED,
        "removeTaxOverride": _UNPOSTED,
        "setAddress": _UNPOSTED,
        "removeAddress": _UNPOSTED,
        "addNote": _LIVING,
        "changeNote": _LIVING,
        "redactNote": STATUSES,
        "assignTable": _LIVING,
        "unassignTable": _LIVING,
        "attach": _LIVING,
        "detach": _LIVING,
        "approve": ("Draft",),
        "reject": _UNPOSTED,
        "withdrawApproval": ("Approved",),
        "convert": _UNPOSTED,
        "delete": ("Draft",),
        "post": _UNPOSTED,
        "release": ("Posted",),
        "void": ("Posted",),
        "changeDueDate": _BOOKED,
        "credit": _BOOKED,
        "apply": _BOOKED,
        "reopen": _BOOKED,
        "writeOff": _BOOKED,
        "recover": _BOOKED,
        "dispute": _BOOKED,
        "resolveDispute": _BOOKED,
        "archive": _LIVING,
        "unarchive": ("Archived",),
        "copy": STATUSES,
    }
)
"""In which status a command is possible."""

INSTEAD = {
    ("approve", "Approved"): "It is approved already: post it.",
    ("convert", "Posted"): "It is an invoice already: copy it.",
    ("delete", "Approved"): "Withdraw its approval first.",
    ("delete", "Posted"): "A posted invoice is void-ed, not deleted: its number must not vanish.",
    ("delete", "Released"): "A released invoice is credited, not deleted.",
    ("post", "Voided"): "A number is never used twice: copy the invoice and post the copy.",
    ("reject", "Posted"): "It was posted: void it, or credit it.",
    ("release", "Draft"): "Post it first: only a numbered invoice is handed over.",
    ("release", "Approved"): "Post it first: only a numbered invoice is handed over.",
    ("release", "Released"): "It was released already.",
    ("void", "Draft"): "A draft has no number to void: delete it instead.",
    ("void", "Approved"): "It has no number to void: withdraw its approval instead.",
    ("void", "Released"): "The customer has it: make a credit note instead.",
    ("void", "Voided"): "It was voided already.",
}
"""What to do instead, where one thing is meant more often than any other."""


class Obstacle(msgspec.Struct, frozen=True):
    """Something about an invoice that stands in a command's way, and what to do about it."""

    code: str
    stands: Callable[[Invoice], bool]
    detail: str


_ESTIMATE = Obstacle("estimate", is_estimate, "It is an estimate, which nobody owes: convert it.")
_INVOICE = Obstacle("not-estimate", lambda it: not is_estimate(it), "Only an estimate converts.")
_CONVERTED = Obstacle(
    "estimate-converted",
    lambda it: it.converted_to is not None,
    "The estimate became an invoice: change that one, or copy the estimate.",
)
_HOLDS_NOTHING = Obstacle(
    "estimate", is_estimate, "An estimate holds no serial numbers: convert it first."
)
_SETTLED = Obstacle(
    "use-credit-note",
    lambda it: bool(it.settlements),
    "A part of it is settled: take that back first, or make a credit note.",
)
_CREDITED = Obstacle(
    "use-credit-note",
    lambda it: bool(it.credits),
    "There is a credit note over it: void that first, or credit the rest.",
)
_WRITTEN_OFF = Obstacle(
    "written-off", lambda it: it.written_off > ZERO, "Some of it is written off: recover that."
)
_NOT_WRITTEN_OFF = Obstacle(
    "nothing-written-off", lambda it: it.written_off == ZERO, "Nothing of it is written off."
)
_NOTHING_OWED = Obstacle(
    "nothing-owed", lambda it: balance(it) <= ZERO, "Nothing is owed: its balance is zero."
)
_NOTHING_SETTLED = Obstacle(
    "nothing-settled", lambda it: not it.settlements, "Nothing of it is settled."
)
_NOTHING_LEFT = Obstacle(
    "nothing-to-credit", lambda it: creditable(it) <= ZERO, "All of it is credited already."
)
_PAID = Obstacle(
    "nothing-owed",
    lambda it: settlement(it) in {"Paid", "Overpaid"},
    "Nothing is owed any more, so that nothing falls due.",
)
_OWING = Obstacle(
    "still-owed", lambda it: balance(it) != ZERO, "Settle it first: its balance is not zero."
)
_MERE_DRAFT = Obstacle(
    "draft",
    lambda it: it.number is None and not is_estimate(it),
    "Only posted invoices and estimates are archived: delete the draft, or post it.",
)
_DISPUTED = Obstacle("disputed", lambda it: it.disputed is not None, "It is disputed already.")
_UNDISPUTED = Obstacle("not-disputed", lambda it: it.disputed is None, "It is not disputed.")

OBSTACLES: MappingProxyType[str, tuple[Obstacle, ...]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                *("edit", "addLine", "changeLine", "removeLine", "reorderLines", "overrideTax"),
                *("removeTaxOverride", "setAddress", "removeAddress", "approve", "reject"),
                "delete",
            ),
            (_CONVERTED,),
        ),
        "reserveSerial": (_HOLDS_NOTHING,),
        "convert": (_INVOICE, _CONVERTED),
        "post": (_ESTIMATE,),
        "void": (_SETTLED, _CREDITED, _WRITTEN_OFF),
        "changeDueDate": (_PAID,),
        "credit": (_NOTHING_LEFT,),
        "apply": (_NOTHING_OWED,),
        "reopen": (_NOTHING_SETTLED,),
        "writeOff": (_NOTHING_OWED,),
        "recover": (_NOT_WRITTEN_OFF,),
        "dispute": (_DISPUTED,),
        "resolveDispute": (_UNDISPUTED,),
        "archive": (_MERE_DRAFT, _OWING),
    }
)
"""What else a command needs, besides the status."""

_ACTIONS = {
    status: tuple(command for command, statuses in COMMANDS.items() if status in statuses)
    for status in STATUSES
}


def available_actions(invoice: Invoice) -> tuple[str, ...]:
    """The commands that the invoice accepts now, in the order of the table."""
    if invoice.status in _UNPOSTED and invoice.disputed is None:
        return _of_unposted(
            invoice.status, invoice.type, converted=invoice.converted_to is not None
        )
    return _possible(invoice)


@cache
def _of_unposted(status: str, type_: str, *, converted: bool) -> tuple[str, ...]:
    """What is not posted owes nothing, so that few things decide; and it is asked for most."""
    converted_to = "inv" if converted else None
    return _possible(Invoice(status=status, type=type_, converted_to=converted_to))


def _possible(invoice: Invoice) -> tuple[str, ...]:
    return tuple(it for it in _ACTIONS[invoice.status] if _obstacle(invoice, it) is None)


def guard(invoice: Invoice, command: str) -> None:
    """Refuse the command when the invoice's status forbids it, or when something stands in its way.

    Raises:
        NotAllowed: With the code invalid-transition, or that of the obstacle.
    """
    if invoice.status not in COMMANDS[command]:
        raise _refused(invoice, command, INSTEAD.get((command, invoice.status)))
    obstacle = _obstacle(invoice, command)
    if obstacle is not None:
        raise _refused(invoice, command, obstacle.detail, obstacle.code)


def _obstacle(invoice: Invoice, command: str) -> Obstacle | None:
    for obstacle in OBSTACLES.get(command, ()):
        if obstacle.stands(invoice):
            return obstacle
    return None


def _refused(
    invoice: Invoice, command: str, instead: str | None, code: str = "invalid-transition"
) -> NotAllowed:
    actions = available_actions(invoice)
    if instead is None and invoice.status == "Archived":
        instead = "Unarchive it first."
    detail = f"The command {command!r} is not possible while the invoice is {invoice.status}. " + (
        instead or f"Possible now: {', '.join(actions)}."
    )
    return NotAllowed(detail, code=code, actions=actions)
