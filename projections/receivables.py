"""What customers owe, document by document: the ledger behind ageing, balances and statements.

``receivable_entry_v1`` has a row for each fact that changes what is open of a document: an invoice,
or a payment or credit note whose credit is below zero. What settles an invoice stands on both. So
the entries of a document sum to what is open of it, and those of a customer to its balance, as of
any accounting date and any position of the log.

``receivable_item_v1`` has a row for each document, kept so that a report only touches what was
open: an interval of dates and one of positions, outside of which its entries sum to nothing. Each
interval is stored under the one number in it that the highest power of two divides. All intervals
around a point stand under some forty numbers, and each of these is one range of a plain index
(H.-P. Kriegel et al., "Managing Intervals Efficiently in Object-Relational Databases", VLDB 2000).
"""

from domain.account import ACCOUNT
from domain.credit_note import CREDIT_NOTE
from domain.invoice import INVOICE
from domain.payment import PAYMENT
from projections.adding import AppendOnly
from projections.latest import TEXT
from projections.projection import News
from projections.receivable_entries import (
    Entry,
    of_account,
    of_credit_note,
    of_invoice,
    of_payment,
)
from store.database import Connection

NAME = "receivables"

DDL = f"""
create table if not exists receivable_entry_v1 (
    book_id       text not null,
    document_id   {TEXT} not null,
    position      bigint not null,
    recorded_at   timestamptz not null,
    dated         date not null,
    kind          text not null,
    document_type text not null,
    customer_id   {TEXT} not null,
    currency      {TEXT} not null,
    amount        numeric not null,
    due_date      date,
    number        {TEXT},
    on_account    boolean not null,
    primary key (book_id, document_id, position)
);
-- "the statement of this customer": sums before a day, and movements from there on
create index if not exists receivable_entry_v1_customer on receivable_entry_v1
    (book_id, customer_id, currency, dated, position) include (amount) where on_account;

create table if not exists receivable_item_v1 (
    book_id        text not null,
    document_id    {TEXT} not null,
    document_type  text not null,
    customer_id    {TEXT} not null,
    currency       {TEXT} not null,
    due_date       date,
    due_changed_at bigint,
    amount         numeric not null,
    first_on       date,
    first_at       bigint,
    changed_on     date,
    changed_at     bigint,
    last_on        date,
    last_at        bigint,
    open           numeric not null,
    opened_on      date,
    opened_at      bigint,
    closed_on      date,
    closed_at      bigint,
    date_node      integer generated always as (case
        when opened_on is null then null
        when closed_on is null then 4194304
        when closed_on > opened_on then
            ((closed_on - '0001-01-01'::date)
             >> (32 - position(B'1' in ((opened_on - '0001-01-01'::date)
                                        # (closed_on - '0001-01-01'::date))::bit(32))))
            << (32 - position(B'1' in ((opened_on - '0001-01-01'::date)
                                       # (closed_on - '0001-01-01'::date))::bit(32)))
        end) stored,
    log_node       bigint generated always as (case
        when closed_at > opened_at then
            ((closed_at - 1)
             >> (64 - position(B'1' in ((opened_at - 1) # (closed_at - 1))::bit(64))))
            << (64 - position(B'1' in ((opened_at - 1) # (closed_at - 1))::bit(64)))
        end) stored,
    primary key (book_id, document_id)
);
-- "what was open on this day": intervals that end after it, or begin before it. The conditions keep
-- the planner from reading all intervals of a number in the index that has the other end.
create index if not exists receivable_item_v1_ended on receivable_item_v1
    (book_id, date_node, closed_on) where closed_on is not null and date_node is not null;
create index if not exists receivable_item_v1_begun on receivable_item_v1
    (book_id, date_node, opened_on) where opened_on is not null and date_node is not null;
-- "what was known to be open then, and is closed by now": the same for positions
create index if not exists receivable_item_v1_log_ended on receivable_item_v1
    (book_id, log_node, closed_at) where closed_at is not null and log_node is not null;
create index if not exists receivable_item_v1_log_begun on receivable_item_v1
    (book_id, log_node, opened_at) where opened_at is not null and log_node is not null;
"""


async def project(connection: Connection, news: News) -> None:
    """Add the entries that these events make, and bring the documents that they touch up to date.

    An entry that is there already is left alone, and a document follows from its entries.
    """
    entries = await _entries(news)
    if entries:
        await _ENTRIES.add(connection, news, entries)
        await connection.execute(_RENEW, news.book_id, sorted({it.document_id for it in entries}))


async def _entries(news: News) -> list[Entry]:
    found: list[Entry] = []
    for invoice, events in await news.entities(INVOICE):
        if invoice.state is not None:
            found += of_invoice(invoice.id, invoice.state, events)
    for payment, events in await news.entities(PAYMENT):
        if payment.state is not None:
            found += of_payment(payment.id, payment.state, events)
    for note, events in await news.entities(CREDIT_NOTE):
        if note.state is not None:
            found += of_credit_note(note.id, note.state, events)
    for account, events in await news.entities(ACCOUNT):
        found += of_account(account.id, events)
    return found


_ENTRIES = AppendOnly(
    "receivable_entry_v1",
    {
        "document_id": "text",
        "position": "bigint",
        "recorded_at": "timestamptz",
        "dated": "date",
        "kind": "text",
        "document_type": "text",
        "customer_id": "text",
        "currency": "text",
        "amount": "numeric",
        "due_date": "date",
        "number": "text",
        "on_account": "boolean",
    },
)

# What opens a document is its first entry. It closes when nothing is left of it; an earlier day on
# which nothing was left does not count when something was opened again after it.
_RENEW = """
insert into receivable_item_v1 as t (
    book_id, document_id, document_type, customer_id, currency, due_date, due_changed_at, amount,
    first_on, first_at, changed_on, changed_at, last_on, last_at, open, opened_on, opened_at,
    closed_on, closed_at)
select $1::text, document_id, min(document_type), min(customer_id), min(currency),
       (array_agg(due_date order by position desc) filter (where due_date is not null))[1],
       max(position) filter (where kind = 'due-date'),
       coalesce(sum(amount) filter (where kind = document_type), 0),
       min(dated) filter (where kind = document_type and amount <> 0),
       min(position) filter (where kind = document_type and amount <> 0),
       min(dated) filter (where kind <> document_type and amount <> 0),
       min(position) filter (where kind <> document_type and amount <> 0),
       max(dated) filter (where amount <> 0),
       max(position) filter (where amount <> 0),
       sum(amount),
       min(dated) filter (where amount <> 0),
       min(position) filter (where amount <> 0),
       case when sum(amount) = 0 then max(dated) filter (where amount <> 0) end,
       case when sum(amount) = 0 then max(position) filter (where amount <> 0) end
  from receivable_entry_v1
 where book_id = $1 and document_id = any ($2::text[])
 group by document_id
on conflict (book_id, document_id) do update set
    due_date = excluded.due_date, due_changed_at = excluded.due_changed_at,
    amount = excluded.amount, first_on = excluded.first_on, first_at = excluded.first_at,
    changed_on = excluded.changed_on, changed_at = excluded.changed_at,
    last_on = excluded.last_on, last_at = excluded.last_at, open = excluded.open,
    opened_on = excluded.opened_on, opened_at = excluded.opened_at,
    closed_on = excluded.closed_on, closed_at = excluded.closed_at
"""
