"""What customers owe, as of a date and as known at a position: ageing and balances."""

from datetime import date
from decimal import Decimal

import msgspec

from domain.money import total
from projections.moment import LATEST
from projections.rows import with_digits
from store.database import Connection, Pool

_DAY_BITS = 23
_LOG_BITS = 54


class Aged(msgspec.Struct, frozen=True, kw_only=True):
    """What is open of one customer in one currency, by how long it has been due.

    ``current`` is not due yet or due on the day itself; ``days_1_30`` is one to thirty days late,
    and so on. ``credit`` is below zero: payments and credit notes that settle nothing yet.
    Without a customer, it is the sum over all.
    """

    customer_id: str | None
    customer_name: str | None
    currency: str
    current: Decimal
    days_1_30: Decimal
    days_31_60: Decimal
    days_61_90: Decimal
    days_over_90: Decimal
    credit: Decimal

    @property
    def overdue(self) -> Decimal:
        """What should have been paid by then."""
        return total([self.days_1_30, self.days_31_60, self.days_61_90, self.days_over_90])

    @property
    def receivable(self) -> Decimal:
        """What the open invoices sum to."""
        return total([self.current, self.overdue])

    @property
    def balance(self) -> Decimal:
        """What the customer owes after its credit."""
        return total([self.receivable, self.credit])


class Ageing(msgspec.Struct, frozen=True):
    """Customers in order, at most as many as were asked for, and the sums over all of them."""

    rows: list[Aged]
    totals: list[Aged]


async def ageing(
    connection: Connection | Pool,
    book_id: str,
    as_of: date,
    *,
    known: int = LATEST,
    customer_id: str | None = None,
    after: tuple[str, str] = ("", ""),
    limit: int | None = None,
) -> Ageing:
    """What was open on a day, as known at a position.

    Args:
        connection: Any connection.
        book_id: The book.
        as_of: The accounting date up to which entries count, and from which days are counted.
        known: The position of the log up to which facts count.
        customer_id: Only this customer.
        after: Only what follows this customer and currency; the sums are over all nevertheless.
        limit: At most so many rows.
    """
    days = _numbers_around(as_of.toordinal(), _DAY_BITS)
    log = _numbers_around(known, _LOG_BITS) if known < LATEST else ([], [])
    found = await connection.fetch(
        _AGEING, book_id, as_of, known, *days, *log, customer_id, *after, limit
    )
    aged = [Aged(**with_digits(row)) for row in found]
    return Ageing(
        [it for it in aged if it.customer_id is not None],
        [it for it in aged if it.customer_id is None],
    )


def _numbers_around(point: int, bits: int) -> tuple[list[int], list[int]]:
    """Under which numbers the intervals around a point can be stored: up to it, and beyond it.

    The number of an interval is the one in it that the highest power of two divides. Those up to
    the point are the point with low bits cleared; the others are the next multiples.
    """
    below = sorted({(point >> bit) << bit for bit in range(bits)})
    above = sorted({((point >> bit) + 1) << bit for bit in range(bits)})
    return below, above


# "found": documents around the day, and those that are closed before it by what was known later.
# "owed": of most documents, what is open is their first or their present amount. It is materialized
# so that no amount is computed once to be compared with zero and once more to be summed. Sums are
# filtered, because a sum that adds zeros needs memory for each customer too, more than there is.
_AGEING = """
with found as (
    select * from receivable_item_v1
     where book_id = $1 and date_node = any ($4::integer[]) and closed_on > $2
    union all
    select * from receivable_item_v1
     where book_id = $1 and date_node = any ($5::integer[]) and opened_on <= $2
    union all
    select * from receivable_item_v1
     where book_id = $1 and log_node = any ($6::bigint[]) and closed_at > $3
       and opened_on <= $2 and closed_on <= $2
    union all
    select * from receivable_item_v1
     where book_id = $1 and log_node = any ($7::bigint[]) and opened_at <= $3
       and opened_on <= $2 and closed_on <= $2
), owed as materialized (
    select customer_id, currency,
           case when last_on <= $2 and last_at <= $3 then open
                when first_on <= $2 and first_at <= $3 and (changed_on > $2 or changed_at > $3)
                then amount
                else (select coalesce(sum(e.amount), 0) from receivable_entry_v1 e
                       where e.book_id = $1 and e.document_id = found.document_id
                         and e.dated <= $2 and e.position <= $3)
           end as amount,
           $2 - case when due_changed_at is null or due_changed_at <= $3 then due_date
                     else (select e.due_date from receivable_entry_v1 e
                            where e.book_id = $1 and e.document_id = found.document_id
                              and e.position <= $3 and e.due_date is not null
                            order by e.position desc limit 1)
                end as late
      from found
     where opened_at <= $3 and ($8::text is null or customer_id = $8)
), aged as materialized (
    select customer_id, currency,
           coalesce(sum(amount) filter (where amount > 0 and coalesce(late, 0) <= 0), 0) as current,
           coalesce(sum(amount) filter (where amount > 0 and late between 1 and 30), 0)
               as days_1_30,
           coalesce(sum(amount) filter (where amount > 0 and late between 31 and 60), 0)
               as days_31_60,
           coalesce(sum(amount) filter (where amount > 0 and late between 61 and 90), 0)
               as days_61_90,
           coalesce(sum(amount) filter (where amount > 0 and late > 90), 0) as days_over_90,
           coalesce(sum(amount) filter (where amount < 0), 0) as credit
      from owed where amount <> 0
     group by customer_id, currency
)
(select null as customer_id, null as customer_name, currency, sum(current) as current,
        sum(days_1_30) as days_1_30, sum(days_31_60) as days_31_60, sum(days_61_90) as days_61_90,
        sum(days_over_90) as days_over_90, sum(credit) as credit
   from aged group by currency order by currency)
union all
(select customer_id,
        (select name from customer_list_v2 c where c.book_id = $1 and c.id = page.customer_id),
        currency, current, days_1_30, days_31_60, days_61_90, days_over_90, credit
   from (select * from aged where (customer_id, currency) > ($9::text, $10::text)
          order by customer_id, currency limit $11) page
  order by customer_id, currency)
"""
