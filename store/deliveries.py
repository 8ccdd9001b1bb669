"""Deliveries: which events are for which webhook endpoints, and what came of it.

The endpoint is the unit. Whoever sends to one leases it (``store.leases``); the lease's epoch goes
with every result, and what a former holder still writes is ignored.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from store.database import Connection, Pool
from store.leases import Lease
from store.log import recorded
from store.recorded import Recorded

State = Literal["pending", "delivered", "failed"]


class Due(NamedTuple):
    """A delivery whose time has come.

    ``attempts`` were made so far; ``attempts_before`` of them before it was last replayed, which
    the retry policy does not count. ``stream`` is told where the order is kept by document.
    """

    endpoint_id: str
    position: int
    attempts: int
    attempts_before: int
    stream: str | None = None


class Timings(NamedTuple):
    """Milliseconds from the start until the name was known, a connection stood, the answer began.

    A connection stands when TLS does. Nothing where one was reused or it came to none.
    """

    name_ms: float | None = None
    connect_ms: float | None = None
    first_byte_ms: float | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try of a delivery, and what becomes of the delivery by it.

    ``number`` counts the attempts of the delivery from 1. ``response`` is the beginning of the
    answer's body; ``request_headers`` is a JSON object; ``next_at`` is set if ``state`` is pending.
    """

    lease: Lease
    position: int
    number: int
    at: datetime
    status: int | None
    error: str | None
    duration_ms: int
    peer: str | None
    response: bytes
    state: State
    next_at: datetime | None
    request_headers: bytes | None = None
    body_sha256: bytes | None = None
    timings: Timings = Timings()


# In an ordered mode, what waits for its next attempt holds back what comes after it: everything
# ('strict'), or what happened to the same document ('aggregate'). A document's deliveries that are
# due all come along, in order; so a limit never parts one from those before it.
_READ_DUE = """
select w.endpoint_id, d.position, d.attempts, d.attempts_before, d.stream
  from unnest($2::text[], $3::text[]) as w (endpoint_id, mode)
 cross join lateral (
    (select position, attempts, attempts_before, null::text as stream
       from store.deliveries
      where w.mode = 'none' and book_id = $1 and endpoint_id = w.endpoint_id
        and state = 'pending' and next_at <= greatest($4, now())
      order by next_at, position limit $5)
    union all
    (select position, attempts, attempts_before, null
       from store.deliveries d
      where w.mode = 'strict' and book_id = $1 and endpoint_id = w.endpoint_id
        and state = 'pending' and next_at <= greatest($4, now())
        and not exists (
            select from store.deliveries b
             where b.book_id = $1 and b.endpoint_id = w.endpoint_id and b.state = 'pending'
               and b.next_at > greatest($4, now()) and b.position < d.position)
      order by position limit $5)
    union all
    (select d.position, d.attempts, d.attempts_before, e.stream
       from store.deliveries d
       join store.events e on e.book_id = $1 and e.position = d.position
       left join (
            select o.stream, min(b.position) as position
              from store.deliveries b
              join store.events o on o.book_id = $1 and o.position = b.position
             where b.book_id = $1 and b.endpoint_id = w.endpoint_id and b.state = 'pending'
               and b.next_at > greatest($4, now())
             group by o.stream) as held
         on held.stream = e.stream and held.position < d.position
      where w.mode = 'aggregate' and d.book_id = $1 and d.endpoint_id = w.endpoint_id
        and d.state = 'pending' and d.next_at <= greatest($4, now()) and held.stream is null
      order by d.position limit $5)
  ) as d
"""

_RECORD = """
with done as materialized (
    select * from unnest($2::text[], $3::bigint[], $4::bigint[], $5::integer[], $6::timestamptz[],
                         $7::integer[], $8::text[], $9::integer[], $10::text[], $11::bytea[],
                         $12::text[], $13::timestamptz[], $14::json[], $15::bytea[], $16::real[],
                         $17::real[], $18::real[]) with ordinality
        as d (endpoint_id, epoch, position, number, at, status, error, duration_ms, peer, response,
              state, next_at, request_headers, body_sha256, name_ms, connect_ms, first_byte_ms,
              place)
), held as materialized (
    -- Locked, so that the lease is not taken over before this is committed.
    select endpoint_id, epoch from store.endpoint_leases
     where book_id = $1 and endpoint_id in (select endpoint_id from done)
     order by endpoint_id for share
), moved as (
    -- Whatever was decided about a delivery meanwhile: what was received has been delivered. What
    -- is written a second time, because the first answer was lost, has no effect.
    update store.deliveries d set
           attempts = n.number,
           state = case when n.state = 'delivered' or d.state = 'pending' then n.state
                        else d.state end,
           next_at = case when n.state <> 'delivered' and d.state = 'pending' then n.next_at end
      from done n join held using (endpoint_id, epoch)
     where d.book_id = $1 and d.endpoint_id = n.endpoint_id and d.position = n.position
       and d.attempts = n.number - 1
    returning n.place
), kept as (
    insert into store.attempts (book_id, endpoint_id, position, number, at, status, error,
                                duration_ms, peer, response, epoch, request_headers, body_sha256,
                                name_ms, connect_ms, first_byte_ms)
    select $1, n.endpoint_id, n.position, n.number, n.at, n.status, n.error, n.duration_ms, n.peer,
           n.response, n.epoch, n.request_headers, n.body_sha256, n.name_ms, n.connect_ms,
           n.first_byte_ms
      from moved join done n using (place)
)
select held.epoch is not null as kept from done n left join held using (endpoint_id, epoch)
 order by n.place
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
    """End the endpoint's pause, and forget how it failed before."""
    await connection.execute(
        "update store.endpoint_leases set paused_until = '-infinity', open_until = '-infinity',"
        " failures = 0, failing_since = null where book_id = $1 and endpoint_id = $2",
        book_id,
        endpoint_id,
    )


async def read_due(
    connection: Connection | Pool,
    book_id: str,
    modes: Iterable[tuple[str, str]],
    *,
    now: datetime,
    limit: int,
) -> list[Due]:
    """What may be sent now, at most ``limit`` for each endpoint, in the order to send it in.

    ``modes`` are endpoints and how each keeps order: ``none``, ``aggregate`` or ``strict``.
    """
    modes = list(modes)
    rows = await connection.fetch(
        _READ_DUE, book_id, [id_ for id_, _ in modes], [mode for _, mode in modes], now, limit
    )
    return [Due(*row) for row in rows]


async def read_events(
    connection: Connection | Pool, book_id: str, positions: Sequence[int]
) -> list[Recorded]:
    """The events at these positions."""
    rows = await connection.fetch(
        "select position, stream, version, event_id, topic, state, metadata, recorded_at"
        " from store.events where book_id = $1 and position = any ($2)",
        book_id,
        positions,
    )
    return [recorded(book_id, row) for row in rows]


async def record(
    connection: Connection | Pool, book_id: str, attempts: Sequence[Attempt]
) -> list[bool]:
    """Write down attempts and what becomes of their deliveries, at most one for each delivery.

    Writing the same ones again has no effect. Answers of each attempt whether it stands: the others
    belong to leases that somebody else has taken over.
    """
    rows = await connection.fetch(_RECORD, book_id, *_columns(attempts))
    return [row["kept"] for row in rows]


def _columns(attempts: Sequence[Attempt]) -> Iterable[list[object]]:
    rows = [
        (
            *it.lease[:2],
            *(it.position, it.number, it.at, it.status, it.error, it.duration_ms, it.peer),
            *(it.response, it.state, it.next_at, it.request_headers, it.body_sha256),
            *it.timings,
        )
        for it in attempts
    ]
    return map(list, zip(*rows, strict=True))


async def is_sandbox(connection: Connection | Pool, book_id: str) -> bool:
    """Whether the book is a sandbox: only those may be allowed to send to this machine."""
    mode = await connection.fetchval("select mode from store.books where book_id = $1", book_id)
    return bool(mode == "sandbox")
