"""The lines of all invoices, to be found by what was sold, to whom and when.

Only facts that bear on lines rewrite them, so that paying an invoice of a thousand lines costs
nothing here. ``row_version`` is that of the last such fact.
"""

from collections.abc import Iterator, Sequence

from domain.facts.invoice import (
    InvoiceDrafted,
    InvoiceHeaderChanged,
    InvoiceLineAdded,
    InvoiceLineChanged,
    InvoiceLineRemoved,
    InvoiceLinesReordered,
)
from domain.facts.invoice_life import InvoicePosted, InvoiceVoided
from domain.facts.lines import KINDS, CommentLine, kind_of
from domain.invoice import INVOICE, Invoice
from domain.invoice_totals import line_nets
from projections.adding import copy
from projections.filters import Field
from projections.latest import TEXT
from projections.page import Listing
from projections.projection import News
from store.database import Connection
from store.recorded import Recorded

NAME = "invoice-lines"

STATES = ("Draft", "Posted", "Voided")
"""What became of the invoice that a line stands on, as far as what was sold depends on it."""

DDL = f"""
create table if not exists invoice_line_v1 (
    book_id     text not null,
    id          {TEXT} not null,
    invoice_id  {TEXT} not null,
    place       integer not null,
    line_id     {TEXT} not null,
    state       text not null,
    number      {TEXT},
    customer_id {TEXT},
    issue_date  date,
    kind        text not null,
    code        {TEXT},
    description {TEXT},
    quantity    numeric,
    uom         {TEXT},
    unit_price  numeric,
    currency    {TEXT},
    net         numeric not null,
    package_id  {TEXT},
    row_version bigint not null,
    primary key (book_id, invoice_id, place)
);
-- the default order, and cursors
create index if not exists invoice_line_v1_id on invoice_line_v1 (book_id, id);
-- "when was this product sold"
create index if not exists invoice_line_v1_code on invoice_line_v1 (book_id, code, issue_date, id);
-- "what did this customer buy", of all or of one product
create index if not exists invoice_line_v1_customer on invoice_line_v1
    (book_id, customer_id, code, id);
-- "what was sold in March"
create index if not exists invoice_line_v1_issued on invoice_line_v1 (book_id, issue_date, id);
-- "what was sold on invoices that were voided"
create index if not exists invoice_line_v1_state on invoice_line_v1 (book_id, state, id);
-- "all labor"
create index if not exists invoice_line_v1_kind on invoice_line_v1 (book_id, kind, id);
-- "the lines of the invoice with this number"
create index if not exists invoice_line_v1_number on invoice_line_v1 (book_id, number, place);
"""

_COLUMNS = (
    *("id", "invoice_id", "place", "line_id", "state", "number", "customer_id", "issue_date"),
    *("kind", "code", "description", "quantity", "uom", "unit_price", "currency", "net"),
    *("package_id", "row_version"),
)

LISTING = Listing(
    "invoice-lines",
    table="invoice_line_v1",
    columns=_COLUMNS,
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="invoiceId", column="invoice_id", kind="text", nullable=False),
        Field(name="state", column="state", kind="enum", values=STATES, nullable=False),
        Field(name="number", column="number", kind="text"),
        Field(name="customerId", column="customer_id", kind="text"),
        Field(name="issueDate", column="issue_date", kind="date", sortable=True),
        Field(name="kind", column="kind", kind="enum", values=tuple(KINDS), nullable=False),
        Field(name="code", column="code", kind="text"),
    ),
    order=("id",),
)

_BEARING = (
    *(InvoiceDrafted, InvoiceHeaderChanged, InvoiceLineAdded, InvoiceLineChanged),
    *(InvoiceLineRemoved, InvoiceLinesReordered, InvoicePosted, InvoiceVoided),
)


async def project(connection: Connection, news: News) -> None:
    """Write the lines of the touched invoices as they are now; take off those that are gone."""
    lengths: list[tuple[str, int, int]] = []
    rows: list[tuple[object, ...]] = []
    new: list[tuple[object, ...]] = []
    for entity, events in await news.entities(INVOICE):
        if entity.state is None:
            lengths.append((entity.id, 0, entity.version))
        elif news.is_new(events):
            new += _rows(entity.id, entity.state, _version(events) or entity.version)
        elif version := _version(events):
            lengths.append((entity.id, len(entity.state.lines), version))
            rows += _rows(entity.id, entity.state, version)
    await copy(connection, news.book_id, LISTING.table, _COLUMNS, new)
    if rows:
        await connection.execute(_UPSERT, news.book_id, *zip(*rows, strict=True))
    if lengths:
        await connection.execute(_CUT, news.book_id, *zip(*lengths, strict=True))


def _version(events: Sequence[Recorded]) -> int | None:
    """The RowVersion after the last of these events that bears on lines."""
    return max((it.version for it in events if isinstance(it.fact, _BEARING)), default=None)


def _rows(id_: str, invoice: Invoice, version: int) -> Iterator[tuple[object, ...]]:
    head = (_state(invoice), invoice.number, invoice.customer_id, invoice.issue_date)
    nets = line_nets(invoice)
    for place, (line, net) in enumerate(zip(invoice.lines, nets, strict=False)):
        what = (kind_of(line), line.code, line.description)
        billed = None if isinstance(line, CommentLine) else line
        much = (billed.quantity, billed.uom, billed.unit_price) if billed else (None, None, None)
        package = billed.package_id if billed else None
        key = (f"{id_}/{line.id}", id_, place, line.id)
        yield (*key, *head, *what, *much, invoice.currency, net, package, version)


def _state(invoice: Invoice) -> str:
    if invoice.voided_on is not None:
        return "Voided"
    return "Draft" if invoice.posted_totals is None else "Posted"


# A line is known by its place: the same line may come to stand elsewhere, and none stands twice.
_UPSERT = f"""
insert into invoice_line_v1 as t (book_id, {", ".join(_COLUMNS)})
select $1::text, * from unnest(
    $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::date[], $10::text[], $11::text[], $12::text[], $13::numeric[], $14::text[],
    $15::numeric[], $16::text[], $17::numeric[], $18::text[], $19::bigint[])
on conflict (book_id, invoice_id, place) do update set
    {", ".join(f"{it} = excluded.{it}" for it in _COLUMNS if it not in {"invoice_id", "place"})}
where t.row_version < excluded.row_version
"""  # noqa: S608 - column names of this file

_CUT = """
delete from invoice_line_v1 t
 using unnest($2::text[], $3::integer[], $4::bigint[]) as invoice (id, length, version)
 where t.book_id = $1 and t.invoice_id = invoice.id and t.place >= invoice.length
   and t.row_version <= invoice.version
"""
