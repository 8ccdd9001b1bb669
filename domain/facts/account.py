"""What can happen to a customer's account. The storage format: see ``domain.aggregate.Fact``."""

from datetime import date
from decimal import Decimal

from domain.aggregate import Fact


class BalanceChanged(Fact, frozen=True, kw_only=True):
    """The customer owes more (``amount`` above zero) or less than before.

    ``balance`` is what is owed after it, in ``currency``; it is negative while the customer has
    credit. ``document_type`` is invoice, credit-note, payment, refund or write-off.
    """

    TOPIC = "customer.balance_changed"

    document_type: str
    document_id: str
    amount: Decimal
    currency: str
    balance: Decimal
    dated: date
