"""Payment: state, guard, decisions, evolve. A package, because there is much to say.

``state`` says what follows from a payment, and which command is possible when; ``recording`` and
``applying`` decide; ``evolve`` folds.
"""

from domain.allocation import Allocation, Applied
from domain.payment.applying import apply, reallocate, unapply
from domain.payment.evolve import PAYMENT
from domain.payment.recording import change, record, refund, reverse
from domain.payment.state import (
    COMMANDS,
    STATUSES,
    Payment,
    available_actions,
    guard,
    refunded,
    unapplied,
)

__all__ = [
    "COMMANDS",
    "PAYMENT",
    "STATUSES",
    "Allocation",
    "Applied",
    "Payment",
    "apply",
    "available_actions",
    "change",
    "guard",
    "reallocate",
    "record",
    "refund",
    "refunded",
    "reverse",
    "unapplied",
    "unapply",
]
