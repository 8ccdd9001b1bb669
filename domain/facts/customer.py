"""What can happen to a customer. The storage format: see ``domain.aggregate.Fact``."""

from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from domain.aggregate import Fact


class CustomerDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who is billed, and on which terms.

    ``payment_days`` are days from issue to due date. ``terms`` is how it usually pays (AR, COD);
    with ``on_account`` false, AR is not allowed. ``tax_id`` is any tax number that is not a VAT id.
    """

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    vat_id: str | None = None
    tax_id: str | None = None
    legal_id: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    currency: str | None = None
    payment_days: int | None = None
    terms: str | None = None
    on_account: bool = True
    tax_code: str | None = None
    salesperson: str | None = None
    po_required: bool = False
    buyer_reference: str | None = None
    endpoint_id: str | None = None
    endpoint_scheme: str | None = None


class CustomerCreated(CustomerDetails, Fact, frozen=True, kw_only=True):
    """A customer entered the master data."""

    TOPIC = "customer.created"


class CustomerChanged(Fact, frozen=True, kw_only=True):
    """The fields named in ``fields`` got the values that they have in ``to``."""

    TOPIC = "customer.changed"
    class_version = 2

    to: CustomerDetails
    fields: tuple[str, ...]

    @staticmethod
    def upcast_v1_v2(fields: dict[str, Any]) -> None:
        """The first shape had the changed fields themselves."""
        to = dict(fields)
        fields.clear()
        fields.update(to=to, fields=list(to))


class CustomerCreditLimitChanged(Fact, frozen=True, kw_only=True):
    """The customer may owe at most this, in the book's currency; null: as much as it wants."""

    TOPIC = "customer.credit_limit_changed"

    limit: Decimal | None = None
    reason: str | None = None


class CustomerPutOnHold(Fact, frozen=True, kw_only=True):
    """Nothing may be posted for this customer until it is released."""

    TOPIC = "customer.put_on_hold"

    reason: str


class CustomerReleased(Fact, frozen=True, kw_only=True):
    """The hold is over."""

    TOPIC = "customer.released"

    reason: str | None = None


class CustomerAnonymised(Fact, frozen=True, kw_only=True):
    """What identifies a person was taken out of the customer's present state."""

    TOPIC = "customer.anonymised"

    reason: str


class CustomerArchived(Fact, frozen=True, kw_only=True):
    """Nothing new may be billed to this customer; its history stays."""

    TOPIC = "customer.archived"


class CustomerUnarchived(Fact, frozen=True, kw_only=True):
    """The customer may be billed again."""

    TOPIC = "customer.unarchived"


class CustomerCodeAssigned(Fact, frozen=True, kw_only=True):
    """A customer was created without a code and got the next free integer."""

    TOPIC = "customer.code_assigned"

    code: int


CustomerFact: TypeAlias = (
    CustomerCreated
    | CustomerChanged
    | CustomerArchived
    | CustomerUnarchived
    | CustomerCreditLimitChanged
    | CustomerPutOnHold
    | CustomerReleased
    | CustomerAnonymised
)
