"""What a payment is at a moment, and which commands it accepts then."""

from datetime import date
from decimal import Decimal
from types import MappingProxyType

from domain.allocation import Applied, Refund
from domain.errors import NotAllowed
from domain.facts.payment import PaymentDetails
from domain.money import ZERO, difference, total


class Payment(PaymentDetails, frozen=True, kw_only=True):
    """Money that came in, and what became of it: see ``PaymentRecorded``.

    What settles no invoice and was not given back is the customer's credit. ``applied`` has the sum
    for each invoice.
    """

    customer_id: str
    amount: Decimal
    currency: str
    method: str
    received_on: date
    bank_fee: Decimal | None = None
    exchange_rate: Decimal | None = None
    external_id: str | None = None
    deposit: bool = False
    applied: tuple[Applied, ...] = ()
    refunds: tuple[Refund, ...] = ()
    reversed_on: date | None = None
    reverse_reason: str | None = None

    @property
    def status(self) -> str:
        """One of ``STATUSES``. It follows from what became of the money, and is never set.

        What was refunded is as good as gone: a payment is Applied when nothing else is left of it,
        and Refunded when all of it was given back.
        """
        if self.reversed_on is not None:
            return "Reversed"
        if self.applied:
            return "PartiallyApplied" if unapplied(self) else "Applied"
        return "Recorded" if unapplied(self) else "Refunded"


STATUSES = ("Recorded", "PartiallyApplied", "Applied", "Refunded", "Reversed")

COMMANDS = MappingProxyType(
    {
        "edit": STATUSES,
        "apply": ("Recorded", "PartiallyApplied"),
        "unapply": ("PartiallyApplied", "Applied"),
        "reallocate": ("PartiallyApplied", "Applied"),
        "refund": ("Recorded", "PartiallyApplied"),
        "reverse": ("Recorded", "PartiallyApplied", "Applied"),
    }
)
"""In which status a command is allowed: the table behind refusals and ``availableActions``."""

_INSTEAD = {
    ("apply", "Applied"): "All of it is used: un-apply or reallocate what another invoice has.",
    ("refund", "Applied"): "All of it is used: un-apply first what is to be given back.",
    ("reverse", "Refunded"): "All of it was given back.",
    ("reverse", "Reversed"): "It is reversed already.",
}


def refunded(payment: Payment) -> Decimal:
    """How much was given back."""
    return total(it.amount for it in payment.refunds)


def unapplied(payment: Payment) -> Decimal:
    """How much can still be applied or refunded: the customer's credit. None once reversed."""
    if payment.reversed_on is not None:
        return ZERO
    used = total([refunded(payment), *(it.amount for it in payment.applied)])
    return difference(payment.amount, used)


def available_actions(status: str) -> tuple[str, ...]:
    """The commands that a payment in this status accepts."""
    return tuple(command for command, statuses in COMMANDS.items() if status in statuses)


def guard(payment: Payment, command: str) -> None:
    """Refuse the command when the payment's status forbids it."""
    now = payment.status
    if now in COMMANDS[command]:
        return
    actions = available_actions(now)
    detail = f"The command {command!r} is not possible while the payment is {now}. " + (
        _INSTEAD.get((command, now)) or f"Possible now: {', '.join(actions)}."
    )
    raise NotAllowed(detail, actions=actions)
