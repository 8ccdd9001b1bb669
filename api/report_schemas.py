"""Reports on the wire."""

from datetime import date, datetime
from decimal import Decimal

import msgspec

from api.wire import Reply
from projections.receivable_reports import Aged
from projections.sales_report import Sold
from projections.statement import Movement, StatementTotal
from projections.tax_report import TaxSum
from store.recorded import Recorded

# ---------------------------------------------------------------- what customers owe


class AgedOut(Reply):
    """What is open in one currency, by the days since it was due.

    `credit`, below zero, settles nothing yet. `balance` is the sum of all. In the totals there is
    no customer.
    """

    customer_id: str | None
    customer_name: str | None
    currency: str
    current: Decimal
    days1_to30: Decimal
    days31_to60: Decimal
    days61_to90: Decimal
    days_over90: Decimal
    credit: Decimal
    balance: Decimal

    @classmethod
    def of(cls, aged: Aged) -> "AgedOut":
        """The row as clients see it."""
        return cls(
            customer_id=aged.customer_id,
            customer_name=aged.customer_name,
            currency=aged.currency,
            current=aged.current,
            days1_to30=aged.days_1_30,
            days31_to60=aged.days_31_60,
            days61_to90=aged.days_61_90,
            days_over90=aged.days_over_90,
            credit=aged.credit,
            balance=aged.balance,
        )


class AgeingReport(Reply):
    """The ageing of `date`. `asOf` is the position of the log up to which facts are known in it.

    `totals`, by currency, are over all customers, whatever page this is.
    """

    date: date
    as_of: int
    items: list[AgedOut]
    totals: list[AgedOut]
    next_cursor: str | None


class BalanceRow(Reply):
    """What a customer owes in one currency: open invoices, of which `overdue`, less credit."""

    customer_id: str | None
    customer_name: str | None
    currency: str
    receivable: Decimal
    overdue: Decimal
    credit: Decimal
    balance: Decimal

    @classmethod
    def of(cls, aged: Aged) -> "BalanceRow":
        """The row as clients see it."""
        return cls(**{it: getattr(aged, it) for it in cls.__struct_fields__})


class BalanceReport(Reply):
    """The balances on `date`, as known at the position `asOf`."""

    date: date
    as_of: int
    items: list[BalanceRow]
    totals: list[BalanceRow]
    next_cursor: str | None


class MovementOut(Reply):
    """What changed the balance: above zero, the customer owed more; `balance` is owed after it."""

    currency: str
    dated: date
    position: int
    recorded_at: datetime
    kind: str
    document_type: str
    document_id: str
    number: str | None
    due_date: date | None
    amount: Decimal
    balance: Decimal

    @classmethod
    def of(cls, movement: Movement) -> "MovementOut":
        """The line as clients see it."""
        return cls(**msgspec.structs.asdict(movement))


class StatementTotalOut(Reply):
    """In one currency: `opening` + `debits` + `credits` (below zero) = `closing`."""

    currency: str
    opening: Decimal
    debits: Decimal
    credits: Decimal
    closing: Decimal

    @classmethod
    def of(cls, total: StatementTotal) -> "StatementTotalOut":
        """The sums as clients see them."""
        return cls(**msgspec.structs.asdict(total))


class StatementReport(Reply, kw_only=True):
    """The statement of a customer, as known at the position `asOf`."""

    customer_id: str
    from_: date = msgspec.field(name="from")
    to: date
    as_of: int
    totals: list[StatementTotalOut]
    items: list[MovementOut]
    next_cursor: str | None


# ---------------------------------------------------------------- taxes and sales


class TaxOut(Reply):
    """Base and tax of a month, by currency, category (UNCL 5305), rate in percent, exemption."""

    month: date
    currency: str
    category: str
    rate: Decimal
    exemption_code: str | None
    base: Decimal
    tax: Decimal

    @classmethod
    def of(cls, tax: TaxSum) -> "TaxOut":
        """The row as clients see it."""
        return cls(**msgspec.structs.asdict(tax))


class TaxReport(Reply, kw_only=True):
    """Taxes by accounting date, less what was credited or voided, as known at `asOf`."""

    from_: date = msgspec.field(name="from")
    to: date
    as_of: int
    items: list[TaxOut]


class SoldOut(Reply):
    """Net sales in one currency: of a month, to a customer, or of a product.

    Discounts, charges and flat credits of whole documents have the kinds document and credit.
    """

    currency: str
    month: date | None
    customer_id: str | None
    customer_name: str | None
    kind: str | None
    product: str | None
    quantity: Decimal | None
    net: Decimal

    @classmethod
    def of(cls, sold: Sold) -> "SoldOut":
        """The row as clients see it."""
        return cls(**msgspec.structs.asdict(sold))


class SalesReport(Reply, kw_only=True):
    """Net sales by accounting date, less what was credited or voided, as known at `asOf`.

    `nextOffset` is null when nothing follows.
    """

    from_: date = msgspec.field(name="from")
    to: date
    as_of: int
    items: list[SoldOut]
    next_offset: int | None


# ---------------------------------------------------------------- audit trail


class AuditOut(Reply):
    """Who did what when: `what` in words; `actor` is the id of an API key, or a program's name."""

    position: int
    recorded_at: datetime
    actor: str
    type: str
    entity: str
    entity_id: str
    row_version: int
    what: str
    reason: str | None
    request_id: str | None

    @classmethod
    def of(cls, event: Recorded, what: str) -> "AuditOut":
        """The event as auditors see it, told by this sentence."""
        entity, entity_id = event.aggregate
        return cls(
            position=event.position,
            recorded_at=event.recorded_at,
            actor=event.metadata.actor,
            type=event.topic,
            entity=entity,
            entity_id=entity_id,
            row_version=event.version,
            what=what,
            reason=event.metadata.reason,
            request_id=event.metadata.request_id,
        )


class AuditPage(Reply):
    """A page of the audit trail. `asOf` is the book's position that it shows."""

    items: list[AuditOut]
    next_cursor: str | None
    as_of: int
