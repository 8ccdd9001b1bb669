"""Deliveries: which events are for which webhook endpoints, who may send them, what came of it.

The endpoint is the unit. Whoever sends to one leases it; the lease's epoch goes with every result,
and what a former holder still writes is ignored.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from store.database import Connection, Pool
from store.log import recorded
from store.recorded import Recorded

State = Literal["pending", "delivered", "failed"]


class Lease(NamedTuple):
    """The right to send to an endpoint, for a while."""

    endpoint_id: str
    epoch: int


class Due(NamedTuple):
    """A delivery whose time has come. ``attempts`` have failed so far."""

    endpoint_id: str
    attempts: int
    event: Recorded


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try of a delivery, and what becomes of the delivery by it.

    ``response`` is the beginning of the answer's body; ``next_at`` is set if ``state`` is pending.
    """

    lease: Lease
    position: int
    at: datetime
    status: int | None
    error: str | None
    duration_ms: int
    peer: str | None
    response: bytes
    state: State
    next_at: datetime | None


# A delivery is due by the sender's clock or by the database's, which dated its event: a little skew
# between the two must not make what just happened wait.
_LEASE = """
insert into store.endpoint_leases as l (book_id, endpoint_id, epoch, leased_until)
select $1, e, 1, clock_timestamp() + make_interval(secs => $3)
  from unnest($2::text[]) as e
 where exists (select from store.deliveries d where d.book_id = $1 and d.endpoint_id = e
                  and d.state = 'pending' and d.next_at <= greatest($4, now()))
    -- All senders lock in the same order, so that none waits for another in a circle.
 order by e
    on conflict (book_id, endpoint_id)
    do update set epoch = l.epoch + 1, leased_until = excluded.leased_until
 where l.leased_until <= clock_timestamp() and l.paused_until <= clock_timestamp()
returning endpoint_id, epoch
"""

_READ_DUE = """
select d.endpoint_id, d.attempts, e.position, e.stream, e.version, e.event_id, e.topic,
       e.state, e.metadata, e.recorded_at
  from unnest($2::text[]) as w (endpoint_id)
 cross join lateral (
       select endpoint_id, position, attempts, next_at from store.deliveries
        where book_id = $1 and endpoint_id = w.endpoint_id
          and state = 'pending' and next_at <= greatest($3, now())
        order by next_at, position limit $4) as d
  join store.events e on e.book_id = $1 and e.position = d.position
 order by d.endpoint_id, d.next_at, d.position
"""

_RECORD = """
with done as materialized (
    select * from unnest($2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::integer[],
                         $7::text[], $8::integer[], $9::text[], $10::bytea[], $11::text[],
                         $12::timestamptz[])
        as d (endpoint_id, epoch, position, at, status, error, duration_ms, peer, response, state,
              next_at)
), held as materialized (
    -- Locked, so that the lease is not taken over before this is committed.
    select endpoint_id, epoch from store.endpoint_leases
     where book_id = $1 and endpoint_id in (select endpoint_id from done) for share
), moved as (
    -- Whatever was decided about a delivery meanwhile: what was received has been delivered.
    update store.deliveries d set
           attempts = d.attempts + 1,
           state = case when n.state = 'delivered' or d.state = 'pending' then n.state
                        else d.state end,
           next_at = case when n.state <> 'delivered' and d.state = 'pending' then n.next_at end
      from done n join held using (endpoint_id, epoch)
     where d.book_id = $1 and d.endpoint_id = n.endpoint_id and d.position = n.position
    returning d.endpoint_id, d.position, d.attempts
)
insert into store.attempts (book_id, endpoint_id, position, number, at, status, error, duration_ms,
                            peer, response, epoch)
select $1, m.endpoint_id, m.position, m.attempts, n.at, n.status, n.error, n.duration_ms,
       n.peer, n.response, n.epoch
  from moved m join done n using (endpoint_id, position)
returning endpoint_id, position
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
   and coalesce(greatest(l.leased_until, l.paused_until) <= clock_timestamp(), true)
 order by f.next_at limit $2
"""


async def plan(
    connection: Connection, book_id: str, deliveries: Sequence[tuple[str, int, datetime]]
) -> None:
    """Deliver these events: endpoint, position, and since when that is due."""
    await connection.execute(
        "insert into store.deliveries (book_id, endpoint_id, position, next_at)"
        " select $1, d.* from unnest($2::text[], $3::bigint[], $4::timestamptz[]) as d"
        " on conflict do nothing",
        book_id,
        [endpoint_id for endpoint_id, _, _ in deliveries],
        [position for _, position, _ in deliveries],
        [due for _, _, due in deliveries],
    )


async def abandon(connection: Connection, book_id: str, endpoint_id: str) -> None:
    """Deliver nothing any more of what is waiting for an endpoint that is gone."""
    await connection.execute(
        "update store.deliveries set state = 'failed', next_at = null"
        " where book_id = $1 and endpoint_id = $2 and state = 'pending'",
        book_id,
        endpoint_id,
    )


async def pause(
    connection: Connection | Pool, book_id: str, endpoint_id: str, *, seconds: float | None
) -> None:
    """Grant no lease of the endpoint for so long; ``None``: until ``resume``.

    A shorter pause does not end a longer one.
    """
    await connection.execute(
        "insert into store.endpoint_leases as l (book_id, endpoint_id, paused_until)"
        " values ($1, $2, case when $3::float8 is null then 'infinity'"
        "  else clock_timestamp() + make_interval(secs => $3) end)"
        " on conflict (book_id, endpoint_id)"
        " do update set paused_until = greatest(l.paused_until, excluded.paused_until)",
        book_id,
        endpoint_id,
        seconds,
    )


async def resume(connection: Connection, book_id: str, endpoint_id: str) -> None:
    """End the endpoint's pause."""
    await connection.execute(
        "update store.endpoint_leases set paused_until = '-infinity'"
        " where book_id = $1 and endpoint_id = $2",
        book_id,
        endpoint_id,
    )


async def lease(
    connection: Connection | Pool,
    book_id: str,
    endpoint_ids: Sequence[str],
    *,
    now: datetime,
    seconds: float,
) -> list[Lease]:
    """Lease those of the endpoints that have work, that nobody holds and that are not paused."""
    rows = await connection.fetch(_LEASE, book_id, list(set(endpoint_ids)), seconds, now)
    return [Lease(*row) for row in rows]


async def release(connection: Connection | Pool, book_id: str, held: Lease) -> None:
    """Give the lease back. Without effect if another sender has taken over."""
    await connection.execute(
        "update store.endpoint_leases set leased_until = '-infinity'"
        " where book_id = $1 and endpoint_id = $2 and epoch = $3",
        book_id,
        *held,
    )


async def read_due(
    connection: Connection | Pool,
    book_id: str,
    endpoint_ids: Sequence[str],
    *,
    now: datetime,
    limit: int,
) -> list[Due]:
    """What is due at each of the endpoints, at most ``limit`` for each, the longest due first."""
    rows = await connection.fetch(_READ_DUE, book_id, list(endpoint_ids), now, limit)
    return [Due(row["endpoint_id"], row["attempts"], recorded(book_id, row)) for row in rows]


async def record(
    connection: Connection | Pool, book_id: str, attempts: Sequence[Attempt]
) -> set[tuple[str, int]]:
    """Write down attempts and what becomes of their deliveries, at most one for each delivery.

    Answers endpoint and position of those that were written: the others belong to leases that
    somebody else has taken over.
    """
    rows = await connection.fetch(
        _RECORD,
        book_id,
        [attempt.lease.endpoint_id for attempt in attempts],
        [attempt.lease.epoch for attempt in attempts],
        [attempt.position for attempt in attempts],
        [attempt.at for attempt in attempts],
        [attempt.status for attempt in attempts],
        [attempt.error for attempt in attempts],
        [attempt.duration_ms for attempt in attempts],
        [attempt.peer for attempt in attempts],
        [attempt.response for attempt in attempts],
        [attempt.state for attempt in attempts],
        [attempt.next_at for attempt in attempts],
    )
    return {(row["endpoint_id"], row["position"]) for row in rows}


async def endpoints_due(
    connection: Connection | Pool, *, now: datetime, limit: int
) -> list[tuple[str, str]]:
    """Book and id of endpoints with work that nobody does, the longest waiting first.

    It is the one question that senders ask of all books.
    """
    rows = await connection.fetch(_ENDPOINTS_DUE, now, limit)
    return [(row["book_id"], row["endpoint_id"]) for row in rows]


async def is_sandbox(connection: Connection | Pool, book_id: str) -> bool:
    """Whether the book is a sandbox: only those may be allowed to send to this machine."""
    mode = await connection.fetchval("select mode from store.books where book_id = $1", book_id)
    return bool(mode == "sandbox")
