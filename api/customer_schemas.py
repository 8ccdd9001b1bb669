"""Customers on the wire: request and response bodies, and the one way from each to the domain."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.wire import (
    Code,
    Currency,
    Email,
    Money,
    Patch,
    Reply,
    RowVersion,
    ShortText,
    TaxCodeId,
    Wire,
    sent,
)
from domain.account import Account
from domain.customer import Customer, available_actions
from domain.facts.customer import CustomerCreated, CustomerDetails
from store.recorded import Versioned

Country = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{2}(?![\s\S])",
        max_length=2,
        description="ISO 3166-1 alpha-2 code of a country.",
        examples=["DE"],
    ),
]
PaymentDays = Annotated[
    int,
    Meta(ge=0, le=3650, description="Days from issue to due date.", examples=[30]),
]


class CustomerIn(Wire):
    """A customer to create. Without an ``id``, it gets the next free integer."""

    id: Code | None = None
    name: ShortText | None = None
    email: Email | None = None
    phone: ShortText | None = None
    vat_id: ShortText | None = None
    tax_id: ShortText | None = None
    legal_id: ShortText | None = None
    street: ShortText | None = None
    postal_code: ShortText | None = None
    city: ShortText | None = None
    region: ShortText | None = None
    country: Country | None = None
    currency: Currency | None = None
    payment_days: PaymentDays | None = None
    terms: Code | None = None
    on_account: bool = True
    tax_code: TaxCodeId | None = None
    salesperson: Code | None = None
    po_required: bool = False
    buyer_reference: ShortText | None = None
    endpoint_id: ShortText | None = None
    endpoint_scheme: ShortText | None = None

    def created(self) -> CustomerCreated:
        """The fact that creates the customer."""
        values = msgspec.structs.asdict(self)
        del values["id"]
        return CustomerCreated(**values)


class CustomerPatch(Wire):
    """Fields to change (RFC 7396): a field that is absent keeps its value, null clears."""

    name: Patch[ShortText] = UNSET
    email: Patch[Email] = UNSET
    phone: Patch[ShortText] = UNSET
    vat_id: Patch[ShortText] = UNSET
    tax_id: Patch[ShortText] = UNSET
    legal_id: Patch[ShortText] = UNSET
    street: Patch[ShortText] = UNSET
    postal_code: Patch[ShortText] = UNSET
    city: Patch[ShortText] = UNSET
    region: Patch[ShortText] = UNSET
    country: Patch[Country] = UNSET
    currency: Patch[Currency] = UNSET
    payment_days: Patch[PaymentDays] = UNSET
    terms: Patch[Code] = UNSET
    on_account: bool | UnsetType = UNSET
    tax_code: Patch[TaxCodeId] = UNSET
    salesperson: Patch[Code] = UNSET
    po_required: bool | UnsetType = UNSET
    buyer_reference: Patch[ShortText] = UNSET
    endpoint_id: Patch[ShortText] = UNSET
    endpoint_scheme: Patch[ShortText] = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self) -> tuple[CustomerDetails, tuple[str, ...]]:
        """The values that were sent, and the names of their fields."""
        values = sent(self)
        values.pop("row_version", None)
        return CustomerDetails(**values), tuple(values)


class Transition(Wire):
    """A command without options."""

    row_version: RowVersion | UnsetType = UNSET


class CreditLimitIn(Wire):
    """How much the customer may owe, in the book's currency; null: as much as it wants."""

    limit: Money | None
    reason: ShortText | None = None
    row_version: RowVersion | UnsetType = UNSET


class CustomerOut(Reply):
    """A customer. An archived one (``active`` false) cannot be billed any more.

    ``hold`` is the reason why nothing may be posted for it, or null; ``creditLimit`` is in the
    book's currency. ``availableActions`` are the commands that it accepts now.
    """

    id: str
    name: str | None
    email: str | None
    phone: str | None
    vat_id: str | None
    tax_id: str | None
    legal_id: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    region: str | None
    country: str | None
    currency: str | None
    payment_days: int | None
    terms: str | None
    on_account: bool
    tax_code: str | None
    salesperson: str | None
    po_required: bool
    buyer_reference: str | None
    endpoint_id: str | None
    endpoint_scheme: str | None
    active: bool
    hold: str | None
    credit_limit: Decimal | None
    anonymised: bool
    row_version: int
    available_actions: list[str]

    @classmethod
    def of(cls, entity: Versioned[Customer]) -> "CustomerOut":
        """The customer as clients see it."""
        own = {"id", "row_version", "available_actions"}
        values = {it: getattr(entity.state, it) for it in cls.__struct_fields__ if it not in own}
        actions = list(available_actions(entity.state))
        return cls(id=entity.id, row_version=entity.version, available_actions=actions, **values)


class OwedOut(Reply):
    """What is owed in one currency; below zero while the customer has credit."""

    currency: str
    owed: Decimal


class BalanceOut(Reply):
    """What a customer owes, each currency for itself.

    ``rowVersion`` counts the entries of the account: 0 before the first one.
    """

    customer_id: str
    balances: list[OwedOut]
    row_version: int

    @classmethod
    def of(cls, entity: Versioned[Account]) -> "BalanceOut":
        """The balance as clients see it."""
        owed = sorted(entity.state.balances.items())
        balances = [OwedOut(currency=currency, owed=amount) for currency, amount in owed]
        return cls(customer_id=entity.id, balances=balances, row_version=entity.version)


class CustomerBalance(Reply):
    """What a customer owes in one currency, after the `credit` that settles nothing yet."""

    currency: str
    balance: Decimal
    credit: Decimal


class CustomerListed(Reply):
    """A customer in a list."""

    id: str
    name: str | None
    email: str | None
    vat_id: str | None
    city: str | None
    country: str | None
    currency: str | None
    active: bool
    hold: str | None
    credit_limit: Decimal | None
    balances: list[CustomerBalance]
    row_version: int
    created_at: datetime
    updated_at: datetime


class CustomerPage(Reply):
    """One page of customers. ``asOf`` is the book's position that the list shows."""

    items: list[CustomerListed]
    next_cursor: str | None
    as_of: int
