"""Sales by product, customer and month: net amounts, less what was credited or voided.

A row is one line of a posted document, with the opposite sign for credit notes and for what was
voided. What a document's discounts, charges and flat credits come to is a row without a product, so
that the rows of a document sum to its net.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from domain.credit_note import CREDIT_NOTE, CreditNote
from domain.facts.credit_note import CreditNotePosted, CreditNoteVoided
from domain.facts.invoice_life import InvoicePosted, InvoiceVoided
from domain.facts.lines import CommentLine, kind_of
from domain.invoice import INVOICE, Invoice
from domain.money import ZERO, difference, rounded, times, total
from projections.adding import arrays
from projections.latest import TEXT
from projections.ledger import Ledger, Rollup, bounds
from projections.moment import Span
from projections.projection import News
from store.database import Connection, Pool
from store.recorded import Recorded

NAME = "sales"

By: TypeAlias = Literal["product", "customer", "month"]

_ROLLUPS: dict[By, Rollup] = {
    "month": Rollup("sales_month_v1", ("currency",)),
    "product": Rollup("sales_product_v1", ("currency", "kind", "product")),
    "customer": Rollup("sales_customer_v1", ("currency", "customer_id")),
}

_LEDGER = Ledger(
    "sales_entry_v1",
    columns={
        "line_id": TEXT,
        "currency": f"{TEXT} not null",
        "customer_id": f"{TEXT} not null",
        "kind": "text not null",
        "product": f"{TEXT} not null",
        "quantity": "numeric not null",
        "net": "numeric not null",
    },
    sums=("quantity", "net"),
    rollups=tuple(_ROLLUPS.values()),
)

DDL = _LEDGER.ddl


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """What was sold in one currency: of a product, to a customer, or in a month.

    ``quantity`` is only told of products, which are all counted alike. A product without a code
    stands for all lines of its kind that had none.
    """

    currency: str
    month: date | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    kind: str | None = None
    product: str | None = None
    quantity: Decimal | None = None
    net: Decimal


async def sales(
    connection: Connection | Pool, book_id: str, by: By, span: Span, *, limit: int, offset: int = 0
) -> list[Sold]:
    """What was sold on these days, the largest first; months in their order."""
    rows = await connection.fetch(_SALES[by], *bounds(book_id, span), limit, offset)
    return [Sold(**{**row, "net": rounded(row["net"], row["currency"])}) for row in rows]


_SALES: dict[By, str] = {
    "month": f"""
select currency, month, sum(net) as net from ({_LEDGER.summed(_ROLLUPS["month"])}) months
 group by currency, month order by currency, month limit $11 offset $12
""",  # noqa: S608 - names of this package
    "product": f"""
select currency, kind, nullif(product, '') as product, sum(quantity) as quantity, sum(net) as net
  from ({_LEDGER.summed(_ROLLUPS["product"])}) months
 group by currency, kind, product order by currency, net desc, kind, product limit $11 offset $12
""",  # noqa: S608 - names of this package
    "customer": f"""
select sold.*, (select name from customer_list_v2 c
                 where c.book_id = $1 and c.id = sold.customer_id) as customer_name
  from (
    select currency, customer_id, sum(net) as net
      from ({_LEDGER.summed(_ROLLUPS["customer"])}) months
     group by currency, customer_id order by currency, net desc, customer_id limit $11 offset $12
) sold order by currency, net desc, customer_id
""",  # noqa: S608 - names of this package
}

# ---------------------------------------------------------------- keeping it up to date


class _Line(NamedTuple):
    """A line of a document as it was posted; of a credited line, the invoice says the product."""

    line_id: str | None
    kind: str
    product: str
    quantity: Decimal
    net: Decimal


async def project(connection: Connection, news: News) -> None:
    """Add what was sold, credited or voided."""
    rows: list[tuple[object, ...]] = []
    for invoice, events in await news.entities(INVOICE):
        if (it := invoice.state) is not None and it.posted_totals is not None:
            buyer = it.buyer.customer_id if it.buyer else ""
            rows += _rows(invoice.id, (it.currency or "", buyer), _sold(it), events)
    await _LEDGER.write(connection, news, rows)
    credited: list[tuple[object, ...]] = []
    for entity, events in await news.entities(CREDIT_NOTE):
        if (note := entity.state) is not None and note.posted_totals is not None:
            head = (note.currency or "", note.customer_id or "")
            own = _rows(entity.id, head, _credited(note), events)
            credited += [(*row, note.invoice_id) for row in own]
    if credited:
        # Only now: what these rows take their products from may be among those just written.
        await connection.execute(_ADD_CREDITED, news.book_id, *zip(*credited, strict=True))


def _rows(
    id_: str, head: tuple[str, str], lines: Sequence[_Line], events: Iterable[Recorded]
) -> Iterator[tuple[object, ...]]:
    for event in events:
        match event.fact:
            case InvoicePosted(accounting_date=dated) | CreditNoteVoided(voided_on=dated):
                sign = Decimal(1)
            case InvoiceVoided(voided_on=dated) | CreditNotePosted(accounting_date=dated):
                sign = Decimal(-1)
            case _:
                continue
        for n, line in enumerate(lines):
            what = (line.line_id, *head, line.kind, line.product)
            yield (
                id_,
                event.position,
                n,
                dated,
                *what,
                times(sign, line.quantity),
                times(sign, line.net),
            )


def _sold(invoice: Invoice) -> list[_Line]:
    assert invoice.posted_totals is not None
    lines = [
        _Line(line.id, kind_of(line), line.code or "", line.quantity or ZERO, net)
        for line, net in zip(invoice.lines, invoice.posted_nets, strict=False)
        if not isinstance(line, CommentLine)
    ]
    return [*lines, *_rest("document", invoice.posted_totals.net, lines)]


def _credited(note: CreditNote) -> list[_Line]:
    assert note.posted_totals is not None
    lines = [
        _Line(line.line_id, "", "", line.quantity, net)
        for line, net in zip(note.lines, note.posted_nets, strict=False)
    ]
    return [*lines, *_rest("credit", note.posted_totals.net, lines)]


def _rest(kind: str, net: Decimal, lines: Sequence[_Line]) -> Iterator[_Line]:
    """What no line says: discounts and charges of the document, and flat amounts."""
    rest = difference(net, total(it.net for it in lines))
    if rest:
        yield _Line(None, kind, "", ZERO, rest)


_COLUMNS = tuple(_LEDGER.columns)

_CREDITED = f"""
    select {", ".join(f"r.{it}" for it in _COLUMNS[:7])},
           case when r.kind <> '' then r.kind else coalesce(sold.kind, 'credit') end,
           case when r.kind <> '' then r.product else coalesce(sold.product, '') end,
           r.quantity, r.net
      from {arrays(_LEDGER.columns)[:-1]}, ${2 + len(_COLUMNS)}::text[])
           r ({", ".join(_COLUMNS)}, invoice_id)
      left join lateral (
          select s.kind, s.product from sales_entry_v1 s
           where s.book_id = $1 and s.document_id = r.invoice_id and s.line_id = r.line_id
           order by s.position limit 1) sold on true
"""  # noqa: S608 - names of this package

_ADD_CREDITED = _LEDGER.add(_CREDITED)
