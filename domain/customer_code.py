"""Customer codes that the book gives out itself: state, decisions, evolve."""

from domain.aggregate import Aggregate, Fact
from domain.facts.customer import CustomerCodeAssigned

# ---------------------------------------------------------------- state

NEXT = "next"
"""The id of the one stream of this kind in a book. Its state is the latest code given out."""


# ---------------------------------------------------------------- decisions


def assign(number: int) -> list[Fact]:
    """Give out this code. Codes that people took themselves are stepped over."""
    return [CustomerCodeAssigned(code=number)]


# ---------------------------------------------------------------- evolve


def evolve(_latest: int | None, fact: CustomerCodeAssigned) -> int:
    """The latest code given out."""
    return fact.code


CUSTOMER_CODE: Aggregate[int] = Aggregate("customer-code", evolve)
