"""Customer: state, decisions, evolve."""

from typing import assert_never

import msgspec

from domain.aggregate import Aggregate, Change, Fact, Read
from domain.changes import applied, effective, named
from domain.customer_code import CUSTOMER_CODE, NEXT, assign
from domain.errors import AlreadyExists, NotAllowed
from domain.facts.customer import (
    CustomerArchived,
    CustomerChanged,
    CustomerCreated,
    CustomerFact,
    CustomerUnarchived,
)

# ---------------------------------------------------------------- state


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """Who is billed. Its id is the code that people use, such as ``12`` or ``ACME``."""

    name: str | None = None
    email: str | None = None
    vat_id: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None
    currency: str | None = None
    payment_days: int | None = None
    active: bool = True


# ---------------------------------------------------------------- decisions


def create(read: Read, code: str | None, created: CustomerCreated) -> list[Change]:
    """Create a customer under its code; without one, under the next free integer."""
    if code is not None:
        if read(CUSTOMER(code)) is not None:
            raise AlreadyExists("customer", code)
        return [(CUSTOMER(code), [created])]
    counter = CUSTOMER_CODE(NEXT)
    number = (read(counter) or 0) + 1
    while read(CUSTOMER(str(number))) is not None:
        number += 1
    return [(CUSTOMER(str(number)), [created]), (counter, assign(number))]


def change(customer: Customer, changes: CustomerChanged) -> list[Fact]:
    """Change fields. What is so already is no change, and makes no fact."""
    left = effective(changes, customer)
    return [] if left is None else [left]


def archive(customer: Customer) -> list[Fact]:
    """Bill nothing new to this customer."""
    if not customer.active:
        raise NotAllowed("The customer is archived already.", actions=("unarchive",))
    return [CustomerArchived()]


def unarchive(customer: Customer) -> list[Fact]:
    """Bill to this customer again."""
    if customer.active:
        raise NotAllowed("The customer is not archived.", actions=("archive",))
    return [CustomerUnarchived()]


# ---------------------------------------------------------------- evolve


def evolve(customer: Customer | None, fact: CustomerFact) -> Customer | None:
    """The customer after the fact."""
    if isinstance(fact, CustomerCreated):
        return Customer(**named(fact))
    if customer is None:
        return None
    match fact:
        case CustomerChanged():
            return applied(customer, fact)
        case CustomerArchived():
            return msgspec.structs.replace(customer, active=False)
        case CustomerUnarchived():
            return msgspec.structs.replace(customer, active=True)
        case _:
            assert_never(fact)


CUSTOMER: Aggregate[Customer] = Aggregate("customer", evolve)
