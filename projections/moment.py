"""The two times of a report: the accounting date up to which, and what was known when."""

from datetime import date, datetime

import msgspec

from store.database import Connection, Pool

LATEST = 2**53
"""A position that no book reaches: all that is known."""


async def position_at(connection: Connection | Pool, book_id: str, instant: datetime) -> int:
    """The latest position of the book that had been recorded at this instant; 0 before the first.

    Positions and times rise together, so it is found by halving, without an index on times.
    """
    found: int | None = await connection.fetchval(_POSITION_AT, book_id, instant)
    return found or 0


# Invariant: what is at ``low`` was recorded by then, what is at ``high`` was not.
_POSITION_AT = """
with recursive halving (low, high) as (
    select 0::bigint, head + 1 from store.books where book_id = $1
    union all
    select case when seen then middle else low end, case when seen then high else middle end
      from (select low, high, (low + high) / 2 as middle,
                   (select recorded_at <= $2 from store.events e
                     where e.book_id = $1 and e.position = (low + high) / 2) as seen
              from halving where high - low > 1) step
)
select low from halving where high - low = 1
"""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From one accounting date to another, both included, as known at a position of the log."""

    first: date
    last: date
    known: int = LATEST
