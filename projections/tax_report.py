"""Taxes by month, category and rate: what was invoiced, less what was credited or voided.

A row is one tax of one document on the accounting date of its posting, or with the opposite sign on
the day on which the document was voided.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

import msgspec

from domain.credit_note import CREDIT_NOTE
from domain.facts.credit_note import CreditNotePosted, CreditNoteVoided
from domain.facts.invoice_life import InvoicePosted, InvoiceVoided
from domain.facts.invoice_parts import Totals
from domain.invoice import INVOICE
from domain.money import rounded, times
from projections.latest import TEXT
from projections.ledger import Ledger, Rollup, bounds
from projections.moment import Span
from projections.projection import News
from store.database import Connection, Pool
from store.recorded import Recorded

NAME = "taxes"

_BY_TAX = Rollup("tax_month_v1", ("currency", "category", "rate", "exemption_code"))

_LEDGER = Ledger(
    "tax_entry_v1",
    columns={
        "currency": f"{TEXT} not null",
        "category": f"{TEXT} not null",
        "rate": "numeric not null",
        "exemption_code": f"{TEXT} not null",
        "base": "numeric not null",
        "tax": "numeric not null",
    },
    sums=("base", "tax"),
    rollups=(_BY_TAX,),
)

DDL = _LEDGER.ddl


class TaxSum(msgspec.Struct, frozen=True, kw_only=True):
    """Base and tax of one month, currency, category (UNCL 5305), rate in percent and exemption."""

    month: date
    currency: str
    category: str
    rate: Decimal
    exemption_code: str | None
    base: Decimal
    tax: Decimal


async def taxes(connection: Connection | Pool, book_id: str, span: Span) -> list[TaxSum]:
    """What was taxed on these days, by month."""
    rows = await connection.fetch(_TAXES, *bounds(book_id, span))
    return [
        TaxSum(
            month=row["month"],
            currency=row["currency"],
            category=row["category"],
            rate=row["rate"],
            exemption_code=row["exemption_code"] or None,
            base=rounded(row["base"], row["currency"]),
            tax=rounded(row["tax"], row["currency"]),
        )
        for row in rows
    ]


_TAXES = f"""
select month, currency, category, rate, exemption_code, sum(base) as base, sum(tax) as tax
  from ({_LEDGER.summed(_BY_TAX)}) months
 group by month, currency, category, rate, exemption_code
 order by month, currency, category, rate, exemption_code
"""  # noqa: S608 - names of this package

# ---------------------------------------------------------------- keeping it up to date


async def project(connection: Connection, news: News) -> None:
    """Add the taxes of the documents that were posted or voided."""
    rows: list[tuple[object, ...]] = []
    for invoice, events in await news.entities(INVOICE):
        if invoice.state is not None and invoice.state.posted_totals is not None:
            sums, currency = invoice.state.posted_totals, invoice.state.currency
            rows += _rows(invoice.id, sums, currency or "", events)
    for note, events in await news.entities(CREDIT_NOTE):
        if note.state is not None and note.state.posted_totals is not None:
            sums, currency = note.state.posted_totals, note.state.currency
            rows += _rows(note.id, sums, currency or "", events)
    await _LEDGER.write(connection, news, rows)


def _rows(
    id_: str, sums: Totals, currency: str, events: Iterable[Recorded]
) -> Iterator[tuple[object, ...]]:
    for event in events:
        match event.fact:
            case InvoicePosted(accounting_date=dated) | CreditNoteVoided(voided_on=dated):
                sign = Decimal(1)
            case InvoiceVoided(voided_on=dated) | CreditNotePosted(accounting_date=dated):
                sign = Decimal(-1)
            case _:
                continue
        for n, tax in enumerate(sums.taxes):
            # 19 and 19.00 are one rate; it is kept without the zeros at its end.
            rate = Decimal(format(tax.rate.normalize(), "f"))
            group = (currency, tax.category, rate, tax.exemption_code or "")
            amounts = (times(sign, tax.base), times(sign, tax.amount))
            yield (id_, event.position, n, dated, *group, *amounts)
