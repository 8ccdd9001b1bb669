"""What can happen to a customer. The storage format: see ``domain.aggregate.Fact``."""

from typing import TypeAlias

from msgspec import UNSET, UnsetType

from domain.aggregate import Fact


class CustomerCreated(Fact, frozen=True, kw_only=True):
    """A customer entered the master data. ``payment_days`` are days from issue to due date."""

    TOPIC = "customer.created"

    name: str | None = None
    email: str | None = None
    vat_id: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None
    currency: str | None = None
    payment_days: int | None = None


class CustomerChanged(Fact, frozen=True, kw_only=True):
    """Fields got new values. A field that is not named kept its value; null cleared it."""

    TOPIC = "customer.changed"

    name: str | None | UnsetType = UNSET
    email: str | None | UnsetType = UNSET
    vat_id: str | None | UnsetType = UNSET
    street: str | None | UnsetType = UNSET
    postal_code: str | None | UnsetType = UNSET
    city: str | None | UnsetType = UNSET
    country: str | None | UnsetType = UNSET
    currency: str | None | UnsetType = UNSET
    payment_days: int | None | UnsetType = UNSET


class CustomerArchived(Fact, frozen=True, kw_only=True):
    """Nothing new may be billed to this customer; its history stays."""

    TOPIC = "customer.archived"


class CustomerUnarchived(Fact, frozen=True, kw_only=True):
    """The customer may be billed again."""

    TOPIC = "customer.unarchived"


CustomerFact: TypeAlias = CustomerCreated | CustomerChanged | CustomerArchived | CustomerUnarchived


class CustomerCodeAssigned(Fact, frozen=True, kw_only=True):
    """A customer was created without a code and got the next free integer."""

    TOPIC = "customer.code_assigned"

    code: int
