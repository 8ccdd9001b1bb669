"""What payments and credit notes have in common on the wire: what they settle, and refunds."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.wire import (
    Id,
    Method,
    Money,
    Reason,
    Reply,
    RowVersion,
    ShortText,
    Wire,
    optional_decimal,
)
from domain.allocation import Allocation, Applied, Refund

MAX_ALLOCATIONS = 200


class AllocationIn(Wire):
    """An invoice to settle. Without ``amount``: as much as it owes and is left to give."""

    invoice_id: Id
    amount: Money | None = None


Allocations = Annotated[
    list[AllocationIn],
    Meta(max_length=MAX_ALLOCATIONS, description="The invoices to settle, each named once."),
]


def wishes(allocations: Iterable[AllocationIn]) -> tuple[Allocation, ...]:
    """The allocations as the domain knows them."""
    return tuple(
        Allocation(invoice_id=it.invoice_id, amount=optional_decimal(it.amount))
        for it in allocations
    )


class ApplyIn(Wire):
    """Which invoices to settle, all or none."""

    allocations: Annotated[Allocations, Meta(min_length=1)]
    row_version: RowVersion | UnsetType = UNSET


class UnapplyIn(Wire):
    """What to take back from an invoice: all that settles it, unless ``amount`` says less."""

    invoice_id: Id
    amount: Money | None = None
    reason: ShortText | None = None
    row_version: RowVersion | UnsetType = UNSET


class RefundIn(Wire):
    """Money that goes back to the customer; ``refundedOn`` is today unless it says otherwise."""

    amount: Money
    method: Method
    refunded_on: date | None = None
    reason: ShortText | None = None
    row_version: RowVersion | UnsetType = UNSET


class ReasonIn(Wire):
    """Why: auditors will read it."""

    reason: Reason
    row_version: RowVersion | UnsetType = UNSET


class OptionalReasonIn(Wire):
    """Why, if there is anything to say."""

    reason: ShortText | None = None
    row_version: RowVersion | UnsetType = UNSET


class AllocationOut(Reply):
    """So much settles this invoice."""

    invoice_id: str
    amount: Decimal


class RefundOut(Reply):
    """Money that was given back to the customer."""

    id: str
    amount: Decimal
    method: str
    refunded_on: date
    reason: str | None


def allocations_out(applied: Iterable[Applied]) -> list[AllocationOut]:
    """What is applied, as clients see it."""
    return [AllocationOut(invoice_id=it.invoice_id, amount=it.amount) for it in applied]


def refunds_out(refunds: Iterable[Refund]) -> list[RefundOut]:
    """What was refunded, as clients see it."""
    return [RefundOut(**msgspec.structs.asdict(it)) for it in refunds]
