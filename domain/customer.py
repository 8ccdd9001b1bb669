"""Customer: state, decisions, evolve."""

from collections.abc import Sequence
from decimal import Decimal
from typing import assert_never

import msgspec

from domain.aggregate import Aggregate, Change, Fact, Read
from domain.changes import differing, named, patched
from domain.customer_code import CUSTOMER_CODE, NEXT, assign
from domain.errors import AlreadyExists, NotAllowed, RuleBroken
from domain.facts.customer import (
    CustomerAnonymised,
    CustomerArchived,
    CustomerChanged,
    CustomerCreated,
    CustomerCreditLimitChanged,
    CustomerDetails,
    CustomerFact,
    CustomerPutOnHold,
    CustomerReleased,
    CustomerUnarchived,
)
from domain.limits import beyond

# ---------------------------------------------------------------- state


class Customer(CustomerDetails, frozen=True, kw_only=True):
    """Who is billed. Its id is the code that people use, such as ``12`` or ``ACME``.

    ``hold`` is the reason why nothing may be posted for it; ``credit_limit`` is in the book's
    currency.
    """

    active: bool = True
    hold: str | None = None
    credit_limit: Decimal | None = None
    anonymised: bool = False


_PERSONAL = ("name", "email", "phone", "vat_id", "tax_id", "legal_id", "street", "endpoint_id")
"""What identifies a person. Town, country and terms stay, for statistics."""


def available_actions(customer: Customer) -> tuple[str, ...]:
    """The commands that the customer accepts now."""
    if customer.anonymised:
        return ()
    return (
        "edit",
        "changeCreditLimit",
        "release" if customer.hold else "hold",
        "archive" if customer.active else "unarchive",
        *(() if customer.active else ("anonymise",)),
    )


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


def change(customer: Customer, to: CustomerDetails, fields: Sequence[str]) -> list[Fact]:
    """Change fields. What is so already is no change, and makes no fact."""
    _must_accept(customer, "edit")
    names = differing(customer, to, fields)
    return [CustomerChanged(to=to, fields=names)] if names else []


def change_credit_limit(
    customer: Customer, limit: Decimal | None, *, reason: str | None = None
) -> list[Fact]:
    """Let the customer owe at most so much, in the book's currency; ``None``: no limit."""
    _must_accept(customer, "changeCreditLimit")
    changed = CustomerCreditLimitChanged(limit=limit, reason=reason)
    if violations := tuple(beyond(changed)):
        raise RuleBroken(violations)
    return [] if limit == customer.credit_limit else [changed]


def hold(customer: Customer, *, reason: str) -> list[Fact]:
    """Post nothing for this customer."""
    _must_accept(customer, "hold")
    return [CustomerPutOnHold(reason=reason)]


def release(customer: Customer, *, reason: str | None = None) -> list[Fact]:
    """End the hold."""
    _must_accept(customer, "release")
    return [CustomerReleased(reason=reason)]


def archive(customer: Customer) -> list[Fact]:
    """Bill nothing new to this customer."""
    _must_accept(customer, "archive")
    return [CustomerArchived()]


def unarchive(customer: Customer) -> list[Fact]:
    """Bill to this customer again."""
    _must_accept(customer, "unarchive")
    return [CustomerUnarchived()]


def anonymise(customer: Customer, *, reason: str) -> list[Fact]:
    """Take out what identifies a person. Only of an archived customer; it cannot be undone."""
    _must_accept(customer, "anonymise")
    return [CustomerAnonymised(reason=reason)]


def _must_accept(customer: Customer, command: str) -> None:
    actions = available_actions(customer)
    if command in actions:
        return
    if customer.anonymised:
        detail = "The customer is anonymised: nothing about it can change any more."
    else:
        standing = "active" if customer.active else "archived"
        held = f"on hold ({customer.hold})" if customer.hold else "not on hold"
        detail = (
            f"The command {command!r} is not possible: the customer is {standing} and {held}. "
            f"Possible now: {', '.join(actions)}."
        )
    raise NotAllowed(detail, actions=actions)


# ---------------------------------------------------------------- evolve


def evolve(customer: Customer | None, fact: CustomerFact) -> Customer | None:
    """The customer after the fact."""
    if isinstance(fact, CustomerCreated):
        return Customer(**named(fact))
    if customer is None:
        return None
    match fact:
        case CustomerChanged():
            return patched(customer, fact.to, fact.fields)
        case CustomerArchived():
            return msgspec.structs.replace(customer, active=False)
        case CustomerUnarchived():
            return msgspec.structs.replace(customer, active=True)
        case CustomerCreditLimitChanged():
            return msgspec.structs.replace(customer, credit_limit=fact.limit)
        case CustomerPutOnHold():
            return msgspec.structs.replace(customer, hold=fact.reason)
        case CustomerReleased():
            return msgspec.structs.replace(customer, hold=None)
        case CustomerAnonymised():
            return msgspec.structs.replace(customer, anonymised=True, **dict.fromkeys(_PERSONAL))
        case _:
            assert_never(fact)


CUSTOMER: Aggregate[Customer] = Aggregate("customer", evolve)
