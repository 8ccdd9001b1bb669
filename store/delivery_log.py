"""The record of deliveries, for those who ask which webhook failed and why."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from store.database import Connection, Pool
from store.deliveries import State
from store.ids import id_of


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one endpoint. The ``last_`` fields are those of its latest attempt, if any.

    ``replay_id`` is the replay that last sent it again.
    """

    endpoint_id: str
    position: int
    event_id: str
    topic: str
    stream: str
    recorded_at: datetime
    state: State
    attempts: int
    next_at: datetime | None
    replay_id: str | None
    last_at: datetime | None
    last_status: int | None
    last_error: str | None


_DELIVERIES = """
select d.endpoint_id, d.position, e.event_id, e.topic, e.stream, e.recorded_at,
       d.state, d.attempts, d.next_at, d.replay_id,
       a.at as last_at, a.status as last_status, a.error as last_error
  from store.deliveries d
  join store.events e on e.book_id = $1 and e.position = d.position
  left join store.attempts a on a.book_id = $1 and a.endpoint_id = d.endpoint_id
   and a.position = d.position and a.number = d.attempts
   -- An attempt follows its event, which spares a look at the partitions of the days before.
   and a.at >= e.recorded_at - interval '1 day'
"""

_OF_ENDPOINT = f"""{_DELIVERIES}
 where d.book_id = $1 and d.endpoint_id = $2
   and ($3::text is null or d.state = $3) and ($4::bigint is null or d.position < $4)
   and ($5::bigint is null or d.position = $5) and ($6::text[] is null or e.topic = any ($6))
 order by d.position desc limit $7
"""

# It jumps along the primary key from endpoint to endpoint: an event goes to few, and a book has few
# in all, so that no further index is worth what it costs each delivery.
_OF_EVENT = f"""
with recursive endpoint as (
    (select endpoint_id from store.deliveries where book_id = $1 order by endpoint_id limit 1)
    union all
    select (select endpoint_id from store.deliveries
             where book_id = $1 and endpoint_id > endpoint.endpoint_id
             order by endpoint_id limit 1)
      from endpoint where endpoint.endpoint_id is not null
)
{_DELIVERIES}
  join endpoint w on w.endpoint_id = d.endpoint_id
 where d.book_id = $1 and d.position = $2 and ($3::text is null or d.endpoint_id > $3)
 order by d.endpoint_id limit $4
"""  # noqa: S608 - a constant


async def list_deliveries(
    connection: Connection | Pool,
    book_id: str,
    endpoint_id: str,
    *,
    state: State | None = None,
    topics: tuple[str, ...] | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Deliveries to an endpoint, the newest event first; ``before``: only positions below it."""
    asked = (book_id, endpoint_id, state, before, None, topics, limit)
    return [_delivery(row) for row in await connection.fetch(_OF_ENDPOINT, *asked)]


async def deliveries_of_event(
    connection: Connection | Pool,
    book_id: str,
    position: int,
    *,
    after: str | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """The deliveries of one event, by endpoint; ``after``: only endpoints behind this one."""
    rows = await connection.fetch(_OF_EVENT, book_id, position, after, limit)
    return [_delivery(row) for row in rows]


async def find_delivery(
    connection: Connection | Pool, book_id: str, endpoint_id: str, position: int
) -> Delivery | None:
    """The delivery of one event to one endpoint; ``None`` when it was not for that endpoint."""
    asked = (book_id, endpoint_id, None, None, position, None, 1)
    rows = await connection.fetch(_OF_ENDPOINT, *asked)
    return _delivery(rows[0]) if rows else None


def _delivery(row: Any) -> Delivery:
    event_id = row["event_id"]
    assert isinstance(event_id, UUID)
    return msgspec.convert({**row, "event_id": id_of("evt", event_id)}, Delivery)
