"""The statement of a customer: what was owed before, what changed it, what is owed after."""

from datetime import date, datetime
from decimal import Decimal

import msgspec

from projections.moment import Span
from projections.rows import with_digits
from store.database import Connection, Pool


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """Something that changed what the customer owes; ``balance`` is what it owes after it.

    ``number`` is that of the document, or the external id of a payment.
    """

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


class StatementTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What is owed in one currency before and after the days of the statement.

    ``debits`` made the customer owe more, ``credits`` (below zero) less.
    """

    currency: str
    opening: Decimal
    debits: Decimal
    credits: Decimal
    closing: Decimal


async def totals(
    connection: Connection | Pool, book_id: str, customer_id: str, span: Span
) -> list[StatementTotal]:
    """Opening and closing balance in each currency in which there ever was anything."""
    rows = await connection.fetch(_TOTALS, book_id, customer_id, span.first, span.last, span.known)
    return [StatementTotal(**with_digits(row)) for row in rows]


async def movements(
    connection: Connection | Pool,
    book_id: str,
    customer_id: str,
    span: Span,
    *,
    after: tuple[str, date, int] | None = None,
    limit: int | None = None,
) -> list[Movement]:
    """What happened on these days, by currency and then by date, each with the balance after it.

    ``after``: only what follows this currency, date and position.
    """
    place = after or ("", date.min, 0)
    rows = await connection.fetch(
        _MOVEMENTS, book_id, customer_id, span.first, span.last, span.known, *place, limit
    )
    return [Movement(**with_digits(row)) for row in rows]


_TOTALS = """
select currency,
       coalesce(sum(amount) filter (where dated < $3), 0) as opening,
       coalesce(sum(amount) filter (where dated >= $3 and amount > 0), 0) as debits,
       coalesce(sum(amount) filter (where dated >= $3 and amount < 0), 0) as credits,
       sum(amount) as closing
  from receivable_entry_v1
 where book_id = $1 and customer_id = $2 and on_account and dated <= $4 and position <= $5
 group by currency order by currency
"""

# The running balance of a page begins with the sum of all that stands before it.
_MOVEMENTS = """
with page as (
    select document_id, position, recorded_at, dated, kind, document_type, currency, amount,
           due_date, number
      from receivable_entry_v1
     where book_id = $1 and customer_id = $2 and on_account and dated between $3 and $4
       and position <= $5 and (currency, dated, position) > ($6::text, $7::date, $8::bigint)
     order by currency, dated, position limit $9
), first as (
    select distinct on (currency) currency, dated, position from page
     order by currency, dated, position
), opening as (
    select f.currency, (
        select coalesce(sum(e.amount), 0) from receivable_entry_v1 e
         where e.book_id = $1 and e.customer_id = $2 and e.on_account and e.currency = f.currency
           and (e.dated, e.position) < (f.dated, f.position) and e.position <= $5) as amount
      from first f
)
select page.*, opening.amount + sum(page.amount) over (
           partition by page.currency order by page.dated, page.position) as balance
  from page join opening using (currency)
 order by currency, dated, position
"""
