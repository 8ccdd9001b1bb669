"""External ids of payments, each used once: state, decisions, evolve.

The payer's or the bank's own id of a payment is the id of a stream, so that two requests with the
same id meet there, and the second is refused.
"""

from domain.aggregate import Aggregate, Change, Read
from domain.errors import AlreadyExists
from domain.facts.payment import ExternalIdTaken

# ---------------------------------------------------------------- state

MAX_LENGTH = 200
"""The longest external id, in characters."""


# ---------------------------------------------------------------- decisions


def take(read: Read, external_id: str, *, payment_id: str) -> Change:
    """Use the id up. It stays so when the payment is reversed.

    Raises:
        AlreadyExists: Another payment has been recorded by it.
    """
    if read(PAYMENT_REF(external_id)) is not None:
        raise AlreadyExists("payment with the external id", external_id)
    return (PAYMENT_REF(external_id), [ExternalIdTaken(payment_id=payment_id)])


# ---------------------------------------------------------------- evolve


def evolve(_payment_id: str | None, fact: ExternalIdTaken) -> str:
    """The id of the payment that was recorded by it."""
    return fact.payment_id


PAYMENT_REF: Aggregate[str] = Aggregate("payment-ref", evolve)
