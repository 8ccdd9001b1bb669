"""The record of deliveries, for those who ask which webhook failed and why."""

from datetime import datetime
from uuid import UUID

import msgspec

from store.database import Connection, Pool
from store.deliveries import State
from store.ids import id_of


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one endpoint. The ``last_`` fields are those of its latest attempt, if any."""

    endpoint_id: str
    position: int
    event_id: str
    topic: str
    stream: str
    recorded_at: datetime
    state: State
    attempts: int
    next_at: datetime | None
    last_at: datetime | None
    last_status: int | None
    last_error: str | None


class AttemptMade(msgspec.Struct, frozen=True, kw_only=True):
    """One try of a delivery. ``response`` is the beginning of the answer's body, read as UTF-8."""

    number: int
    at: datetime
    status: int | None
    error: str | None
    duration_ms: int
    peer: str | None
    response: str


_DELIVERIES = """
select d.endpoint_id, d.position, e.event_id, e.topic, e.stream, e.recorded_at,
       d.state, d.attempts, d.next_at,
       a.at as last_at, a.status as last_status, a.error as last_error
  from store.deliveries d
  join store.events e on e.book_id = $1 and e.position = d.position
  left join store.attempts a on a.book_id = $1 and a.endpoint_id = d.endpoint_id
   and a.position = d.position and a.number = d.attempts
 where d.book_id = $1 and d.endpoint_id = $2
   and ($3::text is null or d.state = $3) and ($4::bigint is null or d.position < $4)
   and ($5::bigint is null or d.position = $5)
 order by d.position desc limit $6
"""


async def list_deliveries(
    connection: Connection | Pool,
    book_id: str,
    endpoint_id: str,
    *,
    state: State | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Deliveries to an endpoint, the newest event first; ``before``: only positions below it."""
    rows = await connection.fetch(_DELIVERIES, book_id, endpoint_id, state, before, None, limit)
    return [_delivery(dict(row)) for row in rows]


async def find_delivery(
    connection: Connection | Pool, book_id: str, endpoint_id: str, position: int
) -> Delivery | None:
    """The delivery of one event to one endpoint; ``None`` when it was not for that endpoint."""
    rows = await connection.fetch(_DELIVERIES, book_id, endpoint_id, None, None, position, 1)
    return _delivery(dict(rows[0])) if rows else None


async def list_attempts(
    connection: Connection | Pool,
    book_id: str,
    endpoint_id: str,
    position: int,
    *,
    after: int = 0,
    limit: int = 50,
) -> list[AttemptMade]:
    """The attempts of one delivery, in order; ``after``: only numbers above it."""
    rows = await connection.fetch(
        "select number, at, status, error, duration_ms, peer, response from store.attempts"
        " where book_id = $1 and endpoint_id = $2 and position = $3 and number > $4"
        " order by number limit $5",
        book_id,
        endpoint_id,
        position,
        after,
        limit,
    )
    return [
        AttemptMade(**{**dict(row), "response": row["response"].decode("utf-8", "replace")})
        for row in rows
    ]


def _delivery(row: dict[str, object]) -> Delivery:
    event_id = row["event_id"]
    assert isinstance(event_id, UUID)
    return msgspec.convert({**row, "event_id": id_of("evt", event_id)}, Delivery)
