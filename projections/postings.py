"""Documents as they were posted and voided: the totals of a period, drafts in it, similar sales."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from domain.credit_note import CREDIT_NOTE, CreditNote
from domain.facts.credit_note import CreditNotePosted, CreditNoteVoided
from domain.facts.invoice_life import InvoicePosted, InvoiceVoided
from domain.facts.period import PeriodTotals
from domain.invoice import INVOICE, Invoice
from projections.adding import AppendOnly, copy
from projections.latest import TEXT
from projections.projection import News
from projections.rows import with_digits
from store.database import Connection, Pool
from store.recorded import Recorded

NAME = "postings"

DDL = f"""
create table if not exists posting_v1 (
    book_id       text not null,
    document_id   {TEXT} not null,
    position      bigint not null,
    document_type text not null,
    sign          integer not null,
    dated         date not null,
    issue_date    date,
    number        {TEXT},
    customer_id   {TEXT} not null,
    po_number     {TEXT},
    currency      {TEXT} not null,
    net           numeric not null,
    tax           numeric not null,
    gross         numeric not null,
    primary key (book_id, document_id, position)
);
-- "what was posted in this period"
create index if not exists posting_v1_dated on posting_v1 (book_id, dated);
-- "other invoices of this customer with the same reference"
create index if not exists posting_v1_reference on posting_v1
    (book_id, customer_id, po_number, issue_date) where po_number is not null;

create table if not exists unposted_v1 (
    book_id       text not null,
    document_id   {TEXT} not null,
    document_type text not null,
    dated         date not null,
    row_version   bigint not null,
    primary key (book_id, document_id)
);
-- "what is dated in this period and not posted"
create index if not exists unposted_v1_dated on unposted_v1 (book_id, dated);
"""

# ---------------------------------------------------------------- queries


async def period_totals(
    connection: Connection | Pool, book_id: str, period_id: str
) -> tuple[PeriodTotals, ...]:
    """What was posted in a month (``2026-11``), by currency.

    What was voided on a day of the month is taken off again, whenever it was posted. So it is with
    taxes and sales, and the three always agree.
    """
    rows = await connection.fetch(_PERIOD_TOTALS, book_id, *_days(period_id))
    return tuple(PeriodTotals(**with_digits(row)) for row in rows)


async def drafts_dated_in(
    connection: Connection | Pool, book_id: str, period_id: str
) -> tuple[tuple[str, str], ...]:
    """Type (``invoice`` or ``credit-note``) and id of what is dated in a month and not posted."""
    rows = await connection.fetch(_DRAFTS, book_id, *_days(period_id))
    return tuple((row["document_type"], row["document_id"]) for row in rows)


async def similar_invoices(
    connection: Connection | Pool,
    book_id: str,
    *,
    customer_id: str,
    po_number: str | None,
    gross: Decimal,
    since: date,
) -> tuple[str, ...]:
    """Numbers of invoices that may be the same sale (P62): same customer, reference and total.

    ``since``: the earliest issue date that counts. Voided invoices do not.
    """
    if po_number is None:
        return ()
    rows = await connection.fetch(_SIMILAR, book_id, customer_id, po_number, gross, since)
    return tuple(row["number"] for row in rows)


def _days(period_id: str) -> tuple[date, date]:
    """The first day of the month, and that of the next one."""
    first = date.fromisoformat(f"{period_id}-01")
    following = (first.year + first.month // 12, first.month % 12 + 1, 1)
    return first, date(*following)


_PERIOD_TOTALS = """
select currency,
       coalesce(sum(sign) filter (where document_type = 'invoice'), 0)::integer as invoices,
       coalesce(sum(sign * net) filter (where document_type = 'invoice'), 0) as net,
       coalesce(sum(sign * tax) filter (where document_type = 'invoice'), 0) as tax,
       coalesce(sum(sign * gross) filter (where document_type = 'invoice'), 0) as gross,
       coalesce(sum(sign) filter (where document_type <> 'invoice'), 0)::integer as credit_notes,
       coalesce(sum(sign * net) filter (where document_type <> 'invoice'), 0) as credited_net,
       coalesce(sum(sign * tax) filter (where document_type <> 'invoice'), 0) as credited_tax,
       coalesce(sum(sign * gross) filter (where document_type <> 'invoice'), 0) as credited_gross
  from posting_v1 where book_id = $1 and dated >= $2 and dated < $3
 group by currency order by currency
"""

_DRAFTS = """
select document_type, document_id from unposted_v1
 where book_id = $1 and dated >= $2 and dated < $3 order by document_id
"""

_SIMILAR = """
select number from posting_v1 p
 where book_id = $1 and customer_id = $2 and po_number = $3 and issue_date >= $5
   and gross = $4 and sign = 1
   and not exists (select from posting_v1 v
                    where v.book_id = $1 and v.document_id = p.document_id and v.sign = -1)
 order by number limit 10
"""

# ---------------------------------------------------------------- keeping it up to date


async def project(connection: Connection, news: News) -> None:
    """Add what was posted or voided, and keep the dates of what is not posted yet."""
    rows: list[tuple[object, ...]] = []
    unposted: list[tuple[object, ...]] = []
    new: list[tuple[object, ...]] = []
    documents = [
        *((it.id, it.version, it.state, by) for it, by in await news.entities(INVOICE)),
        *((it.id, it.version, it.state, by) for it, by in await news.entities(CREDIT_NOTE)),
    ]
    for id_, version, document, events in documents:
        type_ = events[0].aggregate[0]
        dated = None
        if document is not None and document.posted_totals is not None:
            rows += _rows(id_, type_, document, events)
        elif document is not None:
            dated = document.accounting_date or document.issue_date
        if not news.is_new(events):
            unposted.append((id_, type_, dated, version))
        elif dated is not None:
            new.append((id_, type_, dated, version))
    await _POSTINGS.add(connection, news, rows)
    await copy(connection, news.book_id, "unposted_v1", _UNPOSTED, new)
    if unposted:
        await connection.execute(_TAKE_OFF, news.book_id, *zip(*unposted, strict=True))
        await connection.execute(_KEEP, news.book_id, *zip(*unposted, strict=True))


def _rows(
    id_: str, type_: str, document: Invoice | CreditNote, events: Iterable[Recorded]
) -> Iterator[tuple[object, ...]]:
    sums = document.posted_totals
    assert sums is not None
    buyer = document.buyer.customer_id if document.buyer else ""
    po_number = document.po_number if isinstance(document, Invoice) else None
    head = (document.issue_date, document.number, buyer, po_number, document.currency or "")
    for event in events:
        match event.fact:
            case InvoicePosted(accounting_date=dated) | CreditNotePosted(accounting_date=dated):
                sign = 1
            case InvoiceVoided(voided_on=dated) | CreditNoteVoided(voided_on=dated):
                sign = -1
            case _:
                continue
        place = (id_, event.position, type_, sign, dated)
        yield (*place, *head, sums.net, sums.tax, sums.gross)


_POSTINGS = AppendOnly(
    "posting_v1",
    {
        "document_id": "text",
        "position": "bigint",
        "document_type": "text",
        "sign": "integer",
        "dated": "date",
        "issue_date": "date",
        "number": "text",
        "customer_id": "text",
        "po_number": "text",
        "currency": "text",
        "net": "numeric",
        "tax": "numeric",
        "gross": "numeric",
    },
)

_UNPOSTED = ("document_id", "document_type", "dated", "row_version")

_TAKE_OFF = """
delete from unposted_v1 t
 using unnest($2::text[], $3::text[], $4::date[], $5::bigint[])
       as document (id, type, dated, version)
 where t.book_id = $1 and t.document_id = document.id and t.row_version <= document.version
   and document.dated is null
"""

_KEEP = """
insert into unposted_v1 as t
select $1::text, * from unnest($2::text[], $3::text[], $4::date[], $5::bigint[])
    as document (id, type, dated, version) where dated is not null
on conflict (book_id, document_id) do update set
    dated = excluded.dated, row_version = excluded.row_version
where t.row_version < excluded.row_version
"""
