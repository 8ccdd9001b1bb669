"""The deliveries' summary: how each webhook endpoint does now, and how it did on some days.

It is no read model of the log: what waits and what failed is counted in ``store.deliveries``, and
days are added up from ``store.attempt_sums``, which every batch of attempts keeps up to date.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

import msgspec
from asyncpg import Record

from store.database import Connection, Pool

_SHARE = Decimal("0.0001")


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What waits and what was given up by now, and what the attempts of a span of days come to."""

    pending: int
    failed: int
    attempts: int
    delivered: int
    duration_ms_sum: int
    duration_ms_max: int | None

    @property
    def success_ratio(self) -> Decimal | None:
        """The share of attempts that were accepted, rounded down: 1 only if all of them were."""
        if not self.attempts:
            return None
        return (Decimal(self.delivered) / self.attempts).quantize(_SHARE, ROUND_DOWN)

    @property
    def mean_duration_ms(self) -> float | None:
        """How many milliseconds an attempt took on average."""
        return round(self.duration_ms_sum / self.attempts, 1) if self.attempts else None


class Endpoint(Sent, frozen=True, kw_only=True):
    """An endpoint, how it does now, and what was sent to it.

    ``status`` is that of the endpoint, or Deleted. ``oldest_pending_at`` is when the event that
    waits longest was recorded; for what is only sent again, when that replay was started.
    ``open_until``: the circuit is open, and nothing is sent before.
    """

    id: str
    url: str | None
    status: str
    disabled_reason: str | None
    oldest_pending_at: datetime | None
    next_attempt_at: datetime | None
    failures: int
    failing_since: datetime | None
    open_until: datetime | None
    last_attempt_at: datetime | None
    last_delivered_at: datetime | None


class Summary(NamedTuple):
    """A page of endpoints, and the totals over all of them."""

    endpoints: list[Endpoint]
    totals: Sent


async def summary(
    connection: Connection | Pool,
    book_id: str,
    days: tuple[date, date],
    *,
    endpoint_id: str | None = None,
    after: str = "",
    limit: int,
) -> Summary:
    """The endpoints of a book by id, and those deleted by now that were sent to on these days.

    Args:
        connection: Any connection that finds the read models.
        book_id: The book.
        days: The first and the last day (UTC) whose attempts count.
        endpoint_id: Only this endpoint, in the totals, too.
        after: Only endpoints behind this one, but for the totals.
        limit: At most so many endpoints.
    """
    rows = await connection.fetch(_SUMMARY, book_id, *days, endpoint_id, after, limit)
    return Summary(_endpoints(rows), _totals(rows[0]))


# One question, so that the totals and all pages are of one moment. Ids are compared as deliveries
# have them where an index is to serve, and by their bytes where there is an order. For those that
# are deleted it jumps along the sums from endpoint to endpoint, whatever days these hold.
_SUMMARY = """
with recursive known as (
    (select endpoint_id from store.attempt_sums where book_id = $1 order by endpoint_id limit 1)
    union all
    select (select endpoint_id from store.attempt_sums
             where book_id = $1 and endpoint_id > known.endpoint_id order by endpoint_id limit 1)
      from known where known.endpoint_id is not null
), own as materialized (
    select id collate "default" as id, url, status, disabled_reason from webhook_endpoints_v1
     where book_id = $1
), listed as materialized (
    select id, url, status, disabled_reason from own
     union all
    select endpoint_id, null, 'Deleted', null from known
     where endpoint_id not in (select id from own)
       and exists (select from store.attempt_sums s
                    where s.book_id = $1 and s.endpoint_id = known.endpoint_id
                      and s.day between $2 and $3)
), figures as materialized (
    select listed.*, waiting.pending, given_up.failed, made.*
      from (select * from listed where $4::text is null or id = $4) as listed
     cross join lateral (
        select count(*) as pending from store.deliveries d
         where d.book_id = $1 and d.endpoint_id = listed.id and d.state = 'pending') as waiting
     cross join lateral (
        select count(*) as failed from store.deliveries d
         where d.book_id = $1 and d.endpoint_id = listed.id and d.state = 'failed') as given_up
     cross join lateral (
        select coalesce(sum(s.attempts), 0)::bigint as attempts,
               coalesce(sum(s.delivered), 0)::bigint as delivered,
               coalesce(sum(s.duration_ms_sum), 0)::bigint as duration_ms_sum,
               max(s.duration_ms_max) as duration_ms_max
          from store.attempt_sums s
         where s.book_id = $1 and s.endpoint_id = listed.id and s.day between $2 and $3) as made
), totals as (
    select coalesce(sum(pending), 0)::bigint as all_pending,
           coalesce(sum(failed), 0)::bigint as all_failed,
           coalesce(sum(attempts), 0)::bigint as all_attempts,
           coalesce(sum(delivered), 0)::bigint as all_delivered,
           coalesce(sum(duration_ms_sum), 0)::bigint as all_duration_ms_sum,
           max(duration_ms_max) as all_duration_ms_max
      from figures
), page as materialized (
    select * from figures where id collate "C" > $5 order by id collate "C" limit $6
)
select totals.*, page.*, l.failures, l.failing_since,
       case when l.open_until > now() then l.open_until end as open_until,
       least(oldest.recorded_at, again.started_at) as oldest_pending_at,
       case when page.status = 'Enabled' and l.paused_until is distinct from 'infinity'
            then due.next_at end as next_attempt_at,
       (select s.last_at from store.attempt_sums s
         where s.book_id = $1 and s.endpoint_id = page.id
         order by s.day desc limit 1) as last_attempt_at,
       (select s.last_delivered_at from store.attempt_sums s
         where s.book_id = $1 and s.endpoint_id = page.id and s.delivered > 0
         order by s.day desc limit 1) as last_delivered_at
  from totals
  left join page on true
  left join store.endpoint_leases l
    on l.book_id = $1 and l.endpoint_id = page.id and page.status <> 'Deleted'
  -- What was not waiting before it was replayed is only sent again.
  left join lateral (
        select (select e.recorded_at from store.events e
                 where e.book_id = $1 and e.position = d.position) as recorded_at
          from store.deliveries d
         where d.book_id = $1 and d.endpoint_id = page.id and d.state = 'pending'
           and coalesce(d.state_before, 'pending') = 'pending'
         order by d.position limit 1) as oldest on true
  left join lateral (
        select min(coalesce(r.started_at, r.created_at)) as started_at from store.replays r
         where r.book_id = $1 and r.endpoint_id = page.id and r.state in ('pending', 'running')
           and exists (select from store.deliveries d
                        where d.book_id = $1 and d.replay_id = r.replay_id and d.state = 'pending'
                          and d.state_before <> 'pending')) as again on true
  left join lateral (
        select greatest(d.next_at, l.open_until, l.paused_until) as next_at
          from store.deliveries d
         where d.book_id = $1 and d.endpoint_id = page.id and d.state = 'pending'
         order by d.next_at, d.position limit 1) as due on true
 order by page.id collate "C"
"""


def _endpoints(rows: Sequence[Record]) -> list[Endpoint]:
    """Without any endpoint there is still a row, of the totals."""
    names = Endpoint.__struct_fields__
    return [
        Endpoint(**{**{name: row[name] for name in names}, "failures": row["failures"] or 0})
        for row in rows
        if row["id"] is not None
    ]


def _totals(row: Record) -> Sent:
    return Sent(**{name: row[f"all_{name}"] for name in Sent.__struct_fields__})
