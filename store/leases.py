"""Leases of webhook endpoints: who may send to one, for how long, and how its receiver does.

Each lease has a higher epoch than the one before. Whoever sends renews it; when one runs out in
somebody's hands, the next holder leaves a note: what was sent in between may be sent again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from store.database import Connection, Pool


class Health(NamedTuple):
    """How an endpoint's receiver does.

    ``failures`` are those in a row, ``failing_since`` is the first of them, and before
    ``open_until`` nothing is sent: the circuit is open.
    """

    failures: int = 0
    failing_since: datetime | None = None
    open_until: datetime | None = None


class Lease(NamedTuple):
    """The right to send to an endpoint, for a while, and what the holder before left."""

    endpoint_id: str
    epoch: int
    health: Health = Health()
    next_send_at: datetime | None = None


class Released(NamedTuple):
    """A lease that is given back, with what the next holder has to know."""

    lease: Lease
    health: Health
    next_send_at: datetime | None = None


class LostLease(NamedTuple):
    """A lease that ran out in somebody's hands.

    What was sent between the two instants may not be on the record, and may be sent again.
    """

    epoch: int
    leased_at: datetime
    lost_at: datetime


# A delivery is due by the sender's clock or by the database's, which dated its event: a little skew
# between the two must not make what just happened wait. The same holds for an open circuit.
_LEASE = """
with wanted as materialized (
    -- Order and limit make it find the first at each endpoint by the index. A join, or a limit
    -- alone, might read all that waits in the book.
    select e as endpoint_id from unnest($2::text[]) as e cross join lateral (
        select from store.deliveries d where d.book_id = $1 and d.endpoint_id = e
           and d.state = 'pending' and d.next_at <= greatest($4, now())
         order by d.next_at limit 1) as due
), free as materialized (
    -- Of two senders that ask at the same time, one gets the lease and the other does not wait.
    select l.endpoint_id, l.epoch, l.leased_at, l.leased_until from store.endpoint_leases l
     where l.book_id = $1 and l.endpoint_id in (select endpoint_id from wanted)
       and l.leased_until <= clock_timestamp() and l.paused_until <= clock_timestamp()
       and l.open_until <= greatest($4, now())
       for update skip locked
), taken as (
    update store.endpoint_leases l
       set epoch = l.epoch + 1, leased_at = clock_timestamp(),
           leased_until = clock_timestamp() + make_interval(secs => $3)
      from free f where l.book_id = $1 and l.endpoint_id = f.endpoint_id
    returning l.endpoint_id, l.epoch, l.failures, l.failing_since,
              nullif(l.next_send_at, '-infinity') as next_send_at
), first as (
    insert into store.endpoint_leases as l (book_id, endpoint_id, epoch, leased_at, leased_until)
    select $1, w.endpoint_id, 1, clock_timestamp(), clock_timestamp() + make_interval(secs => $3)
      from wanted w
     where not exists (select from store.endpoint_leases known
                        where known.book_id = $1 and known.endpoint_id = w.endpoint_id)
     order by w.endpoint_id
        on conflict do nothing
    returning l.endpoint_id, l.epoch, l.failures, l.failing_since, null::timestamptz
), lost as (
    insert into store.lost_leases (book_id, endpoint_id, epoch, leased_at, lost_at)
    select $1, endpoint_id, epoch, coalesce(leased_at, leased_until), clock_timestamp()
      from free where leased_until > '-infinity'
        on conflict do nothing
)
select * from taken union all select * from first
"""

# Rows are locked in one order by all who wait for them, so that nobody waits in a circle.
_RENEW = """
with held as materialized (
    select l.endpoint_id from store.endpoint_leases l
      join unnest($2::text[], $3::bigint[]) as h (endpoint_id, epoch) using (endpoint_id, epoch)
     where l.book_id = $1 and l.leased_until > '-infinity'
     order by l.endpoint_id for update of l
)
update store.endpoint_leases l set leased_until = clock_timestamp() + make_interval(secs => $4)
  from held where l.book_id = $1 and l.endpoint_id = held.endpoint_id
returning l.endpoint_id
"""

_RELEASE = """
with held as materialized (
    select l.endpoint_id, h.failures, h.failing_since, h.open_until, h.next_send_at
      from store.endpoint_leases l
      join unnest($2::text[], $3::bigint[], $4::integer[], $5::timestamptz[], $6::timestamptz[],
                  $7::timestamptz[])
           as h (endpoint_id, epoch, failures, failing_since, open_until, next_send_at)
           using (endpoint_id, epoch)
     where l.book_id = $1 order by l.endpoint_id for update of l
)
update store.endpoint_leases l
   set leased_until = '-infinity', failures = h.failures, failing_since = h.failing_since,
       open_until = coalesce(h.open_until, '-infinity'),
       next_send_at = coalesce(h.next_send_at, '-infinity')
  from held h where l.book_id = $1 and l.endpoint_id = h.endpoint_id
"""

# It jumps along the index from endpoint to endpoint, so its cost does not depend on how much is
# waiting at each of them.
_ENDPOINTS_DUE = """
with recursive first as (
    (select book_id, endpoint_id, next_at from store.deliveries where state = 'pending'
      order by book_id, endpoint_id, next_at limit 1)
    union all
    select n.* from first f cross join lateral (
        select book_id, endpoint_id, next_at from store.deliveries
         where state = 'pending' and (book_id, endpoint_id) > (f.book_id, f.endpoint_id)
         order by book_id, endpoint_id, next_at limit 1) as n
)
select f.book_id, f.endpoint_id from first f
  left join store.endpoint_leases l using (book_id, endpoint_id)
 where f.next_at <= greatest($1, now())
   and coalesce(greatest(l.leased_until, l.paused_until) <= clock_timestamp()
                and l.open_until <= greatest($1, now()), true)
 order by f.next_at limit $2
"""


async def lease(
    connection: Connection | Pool,
    book_id: str,
    endpoint_ids: Sequence[str],
    *,
    now: datetime,
    seconds: float,
) -> list[Lease]:
    """Lease those of the endpoints that have work, that nobody holds and that may be sent to."""
    rows = await connection.fetch(_LEASE, book_id, sorted(set(endpoint_ids)), seconds, now)
    return [
        Lease(id_, epoch, Health(failures, failing_since), next_send_at)
        for id_, epoch, failures, failing_since, next_send_at in rows
    ]


async def renew(
    connection: Connection | Pool, book_id: str, held: Sequence[Lease], *, seconds: float
) -> set[str]:
    """Hold the leases for so long from now on; answers the endpoints of those that still stand."""
    rows = await connection.fetch(
        _RENEW,
        book_id,
        [lease.endpoint_id for lease in held],
        [lease.epoch for lease in held],
        seconds,
    )
    return {row["endpoint_id"] for row in rows}


async def release(
    connection: Connection | Pool, book_id: str, released: Sequence[Released]
) -> None:
    """Give leases back. Without effect on those that another sender has taken over."""
    await connection.execute(
        _RELEASE,
        book_id,
        [it.lease.endpoint_id for it in released],
        [it.lease.epoch for it in released],
        [it.health.failures for it in released],
        [it.health.failing_since for it in released],
        [it.health.open_until for it in released],
        [it.next_send_at for it in released],
    )


async def endpoints_due(
    connection: Connection | Pool, *, now: datetime, limit: int
) -> list[tuple[str, str]]:
    """Book and id of endpoints with work that nobody does, the longest waiting first.

    It is the one question that senders ask of all books.
    """
    rows = await connection.fetch(_ENDPOINTS_DUE, now, limit)
    return [(row["book_id"], row["endpoint_id"]) for row in rows]


async def lost_leases(
    connection: Connection | Pool, book_id: str, endpoint_id: str, *, limit: int = 100
) -> list[LostLease]:
    """Leases of the endpoint that ran out in somebody's hands, the latest first."""
    rows = await connection.fetch(
        "select epoch, leased_at, lost_at from store.lost_leases"
        " where book_id = $1 and endpoint_id = $2 order by epoch desc limit $3",
        book_id,
        endpoint_id,
        limit,
    )
    return [LostLease(*row) for row in rows]
