"""Invoices to list: one row each, as the latest event left it."""

from domain.invoice import INVOICE, SETTLEMENTS, STATUSES, Invoice, balance, settlement
from domain.invoice_totals import totals
from projections.adding import Row, copy
from projections.filters import Field
from projections.page import Listing
from projections.projection import News
from store.database import Connection

NAME = "invoices"

DDL = """
create table if not exists invoice_list_v2 (
    book_id       text        not null,
    id            text        collate "C" not null,
    number        text        collate "C",
    status        text        not null,
    settlement    text        not null,
    customer_id   text        collate "C",
    customer_name text        collate "C",
    currency      text        collate "C",
    issue_date    date,
    due_date      date,
    po_number     text        collate "C",
    reference     text        collate "C",
    net           numeric     not null,
    tax           numeric     not null,
    gross         numeric     not null,
    balance       numeric     not null,
    row_version   bigint      not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    primary key (book_id, id)
);
-- the default order, and "what was changed lately"
create index if not exists invoice_list_v2_created on invoice_list_v2
    (book_id, created_at, id);
-- "this number"; also proves that no number stands twice
create unique index if not exists invoice_list_v2_number on invoice_list_v2
    (book_id, number);
-- "the invoices of this customer"
create index if not exists invoice_list_v2_customer on invoice_list_v2
    (book_id, customer_id, created_at, id);
-- "what was issued in March", "what is due"
create index if not exists invoice_list_v2_issued on invoice_list_v2
    (book_id, issue_date, created_at, id);
create index if not exists invoice_list_v2_due on invoice_list_v2
    (book_id, due_date, created_at, id);
-- "the largest invoices", "what is owed most of"
create index if not exists invoice_list_v2_gross on invoice_list_v2
    (book_id, gross, id);
create index if not exists invoice_list_v2_balance on invoice_list_v2
    (book_id, balance, created_at, id);
-- "the drafts", "what is not paid", "in dollars", the newest first: some words have few rows
create index if not exists invoice_list_v2_status on invoice_list_v2
    (book_id, status, created_at, id);
create index if not exists invoice_list_v2_settlement on invoice_list_v2
    (book_id, settlement, created_at, id);
create index if not exists invoice_list_v2_currency on invoice_list_v2
    (book_id, currency, created_at, id);
-- "whose name on the invoice starts with", and the order of names
create index if not exists invoice_list_v2_named on invoice_list_v2
    (book_id, customer_name, created_at, id);
-- "with this purchase order", "with this reference"
create index if not exists invoice_list_v2_po_number on invoice_list_v2
    (book_id, po_number, id);
create index if not exists invoice_list_v2_reference on invoice_list_v2
    (book_id, reference, id);
-- "what was changed since"
create index if not exists invoice_list_v2_updated on invoice_list_v2
    (book_id, updated_at, created_at, id);
"""

LISTING = Listing(
    "invoices",
    table="invoice_list_v2",
    columns=(
        "id",
        "number",
        "status",
        "settlement",
        "customer_id",
        "customer_name",
        "currency",
        "issue_date",
        "due_date",
        "po_number",
        "reference",
        "net",
        "tax",
        "gross",
        "balance",
        "row_version",
        "created_at",
        "updated_at",
    ),
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="number", column="number", kind="text", sortable=True),
        Field(
            name="status",
            column="status",
            kind="enum",
            values=STATUSES,
            elsewhere={"PartiallyPaid": "settlement", "Paid": "settlement"},
            nullable=False,
        ),
        Field(
            name="settlement",
            column="settlement",
            kind="enum",
            values=SETTLEMENTS,
            nullable=False,
        ),
        Field(name="customerId", column="customer_id", kind="text", sortable=True),
        Field(name="customerName", column="customer_name", kind="text", sortable=True),
        Field(name="currency", column="currency", kind="text"),
        Field(name="issueDate", column="issue_date", kind="date", sortable=True),
        Field(name="dueDate", column="due_date", kind="date", sortable=True),
        Field(name="poNumber", column="po_number", kind="text"),
        Field(name="reference", column="reference", kind="text"),
        Field(name="gross", column="gross", kind="decimal", sortable=True, nullable=False),
        Field(name="balance", column="balance", kind="decimal", nullable=False),
        Field(name="createdAt", column="created_at", kind="instant", sortable=True, nullable=False),
        Field(name="updatedAt", column="updated_at", kind="instant", nullable=False),
    ),
    order=("-createdAt",),
)


async def project(connection: Connection, news: News) -> None:
    """Write the touched invoices as they are now; take off deleted drafts."""
    new: list[Row] = []
    rows: list[Row] = []
    gone = []
    for entity, events in await news.entities(INVOICE):
        if entity.state is None:
            gone.append((entity.id, entity.version))
        else:
            times = (events[0].recorded_at, events[-1].recorded_at)
            kept = new if news.is_new(events) else rows
            kept.append((*_columns(entity.id, entity.state), entity.version, *times))
    await copy(connection, news.book_id, LISTING.table, LISTING.columns, new)
    if rows:
        await connection.execute(_UPSERT, news.book_id, *zip(*rows, strict=True))
    if gone:
        await connection.execute(_DELETE, news.book_id, *zip(*gone, strict=True))


def _columns(id_: str, invoice: Invoice) -> tuple[object, ...]:
    sums = totals(invoice)
    return (
        id_,
        invoice.number,
        invoice.status,
        settlement(invoice),
        invoice.customer_id,
        invoice.buyer.name if invoice.buyer else None,
        invoice.currency,
        invoice.issue_date,
        invoice.due_date,
        invoice.po_number,
        invoice.reference,
        sums.net,
        sums.tax,
        sums.gross,
        balance(invoice),
    )


_UPSERT = """
insert into invoice_list_v2 as t
select $1::text, * from unnest(
    $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::date[], $10::date[], $11::text[], $12::text[], $13::numeric[], $14::numeric[],
    $15::numeric[], $16::numeric[], $17::bigint[], $18::timestamptz[], $19::timestamptz[])
on conflict (book_id, id) do update set
    number = excluded.number, status = excluded.status, settlement = excluded.settlement,
    customer_id = excluded.customer_id, customer_name = excluded.customer_name,
    currency = excluded.currency,
    issue_date = excluded.issue_date, due_date = excluded.due_date,
    po_number = excluded.po_number, reference = excluded.reference, net = excluded.net,
    tax = excluded.tax, gross = excluded.gross, balance = excluded.balance,
    row_version = excluded.row_version, updated_at = excluded.updated_at
where t.row_version < excluded.row_version
"""

_DELETE = """
delete from invoice_list_v2 t
 using unnest($2::text[], $3::bigint[]) as gone (id, version)
 where t.book_id = $1 and t.id = gone.id and t.row_version <= gone.version
"""
