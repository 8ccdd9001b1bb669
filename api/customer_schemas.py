"""Customers on the wire: request and response bodies, and the one way from each to the domain."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.wire import Code, Currency, Patch, Reply, RowVersion, ShortText, Wire, sent
from domain.customer import Customer
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
Email = Annotated[
    str,
    Meta(
        pattern=r"^[^@\s]{1,64}@[^@\s]{1,189}(?![\s\S])",
        max_length=254,
        description="E-mail address.",
        examples=["office@example.com"],
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
    vat_id: ShortText | None = None
    street: ShortText | None = None
    postal_code: ShortText | None = None
    city: ShortText | None = None
    country: Country | None = None
    currency: Currency | None = None
    payment_days: PaymentDays | None = None

    def created(self) -> CustomerCreated:
        """The fact that creates the customer."""
        values = msgspec.structs.asdict(self)
        del values["id"]
        return CustomerCreated(**values)


class CustomerPatch(Wire):
    """Fields to change (RFC 7396): a field that is absent keeps its value, null clears."""

    name: Patch[ShortText] = UNSET
    email: Patch[Email] = UNSET
    vat_id: Patch[ShortText] = UNSET
    street: Patch[ShortText] = UNSET
    postal_code: Patch[ShortText] = UNSET
    city: Patch[ShortText] = UNSET
    country: Patch[Country] = UNSET
    currency: Patch[Currency] = UNSET
    payment_days: Patch[PaymentDays] = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self) -> tuple[CustomerDetails, tuple[str, ...]]:
        """The values that were sent, and the names of their fields."""
        values = sent(self)
        values.pop("row_version", None)
        return CustomerDetails(**values), tuple(values)


class Transition(Wire):
    """A command without options."""

    row_version: RowVersion | UnsetType = UNSET


class CustomerOut(Reply):
    """A customer. An archived one (``active`` false) cannot be billed any more."""

    id: str
    name: str | None
    email: str | None
    vat_id: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    currency: str | None
    payment_days: int | None
    active: bool
    row_version: int

    @classmethod
    def of(cls, entity: Versioned[Customer]) -> "CustomerOut":
        """The customer as clients see it."""
        own = {"id", "row_version"}
        values = {it: getattr(entity.state, it) for it in cls.__struct_fields__ if it not in own}
        return cls(id=entity.id, row_version=entity.version, **values)


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
    row_version: int
    created_at: datetime
    updated_at: datetime


class CustomerPage(Reply):
    """One page of customers. ``asOf`` is the book's position that the list shows."""

    items: list[CustomerListed]
    next_cursor: str | None
    as_of: int
