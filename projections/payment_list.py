"""Payments to list, with what of each is unapplied: one row each, as the latest event left it."""

from domain.money import rounded
from domain.payment import PAYMENT, Payment
from domain.payment.state import STATUSES, refunded, unapplied
from projections.filters import Field
from projections.latest import TEXT, LatestTable
from projections.page import Listing
from projections.projection import News
from store.database import Connection

NAME = "payments"

_TABLE = LatestTable(
    "payment_list_v1",
    {
        "customer_id": f"{TEXT} not null",
        "status": "text not null",
        "method": f"{TEXT} not null",
        "currency": f"{TEXT} not null",
        "amount": "numeric not null",
        "bank_fee": "numeric",
        "refunded": "numeric not null",
        "unapplied": "numeric not null",
        "received_on": "date not null",
        "reference": TEXT,
        "external_id": TEXT,
        "branch": TEXT,
        "terminal": TEXT,
        "deposit": "boolean not null",
    },
)

DDL = f"""{_TABLE.ddl}
-- the default order, and "what came in lately"
create index if not exists payment_list_v1_created on payment_list_v1 (book_id, created_at, id);
-- "the payments of this customer"
create index if not exists payment_list_v1_customer on payment_list_v1
    (book_id, customer_id, created_at, id);
-- "what came in in March"
create index if not exists payment_list_v1_received on payment_list_v1
    (book_id, received_on, created_at, id);
-- "payments of this amount", "the largest"
create index if not exists payment_list_v1_amount on payment_list_v1 (book_id, amount, id);
-- "which still has something to apply"
create index if not exists payment_list_v1_unapplied on payment_list_v1 (book_id, unapplied, id);
-- "the reversed ones"
create index if not exists payment_list_v1_status on payment_list_v1
    (book_id, status, created_at, id);
-- "card payments", "what came in in dollars", "at this branch", "at this till"
create index if not exists payment_list_v1_method on payment_list_v1
    (book_id, method, created_at, id);
create index if not exists payment_list_v1_currency on payment_list_v1
    (book_id, currency, created_at, id);
create index if not exists payment_list_v1_branch on payment_list_v1
    (book_id, branch, created_at, id);
create index if not exists payment_list_v1_terminal on payment_list_v1
    (book_id, terminal, created_at, id);
-- "what was paid in advance"
create index if not exists payment_list_v1_deposit on payment_list_v1
    (book_id, deposit, created_at, id);
-- "what was changed since"
create index if not exists payment_list_v1_updated on payment_list_v1
    (book_id, updated_at, created_at, id);
-- "the one with this reference", "the one with the bank's id"
create index if not exists payment_list_v1_reference on payment_list_v1 (book_id, reference, id);
create index if not exists payment_list_v1_external on payment_list_v1 (book_id, external_id, id);
"""

LISTING = Listing(
    "payments",
    table=_TABLE.name,
    columns=_TABLE.columns,
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="customerId", column="customer_id", kind="text", sortable=True, nullable=False),
        Field(name="status", column="status", kind="enum", values=STATUSES, nullable=False),
        Field(name="method", column="method", kind="text", nullable=False),
        Field(name="currency", column="currency", kind="text", nullable=False),
        Field(name="amount", column="amount", kind="decimal", sortable=True, nullable=False),
        Field(
            name="unappliedAmount",
            column="unapplied",
            kind="decimal",
            sortable=True,
            nullable=False,
        ),
        Field(name="receivedOn", column="received_on", kind="date", sortable=True, nullable=False),
        Field(name="reference", column="reference", kind="text"),
        Field(name="externalId", column="external_id", kind="text"),
        Field(name="branch", column="branch", kind="text"),
        Field(name="terminal", column="terminal", kind="text"),
        Field(name="deposit", column="deposit", kind="boolean", nullable=False),
        Field(name="createdAt", column="created_at", kind="instant", sortable=True, nullable=False),
        Field(name="updatedAt", column="updated_at", kind="instant", nullable=False),
    ),
    order=("-createdAt",),
)


async def project(connection: Connection, news: News) -> None:
    """Write the touched payments as they are now."""
    await _TABLE.keep(connection, news, PAYMENT, _values)


def _values(_id: str, payment: Payment) -> tuple[object, ...]:
    return (
        payment.customer_id,
        payment.status,
        payment.method,
        payment.currency,
        payment.amount,
        payment.bank_fee,
        rounded(refunded(payment), payment.currency),
        rounded(unapplied(payment), payment.currency),
        payment.received_on,
        payment.reference,
        payment.external_id,
        payment.branch,
        payment.terminal,
        payment.deposit,
    )
