"""Invoice: state, guard, decisions, evolve. A package, because there is much to say.

``state`` says what follows from an invoice; ``guard`` which command and which field is possible
when; ``drafting``, ``lines``, ``parts``, ``life`` and ``voiding`` decide; ``evolve`` folds.
"""

from domain.invoice.evolve import INVOICE, InvoiceFact
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
    "INVOICE",
    "SETTLEMENTS",
    "STATUSES",
    "Credit",
    "Invoice",
    "InvoiceFact",
    "Settlement",
    "balance",
    "creditable",
    "is_estimate",
    "overdue",
    "serials",
    "settled",
    "settlement",
]
