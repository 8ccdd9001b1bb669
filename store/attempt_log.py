"""The record of attempts: every request that was made, and what came of it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from store.database import Connection, Pool
from store.deliveries import State
from store.ids import id_of

StatusClass = Literal["2xx", "3xx", "4xx", "5xx", "none"]


class AttemptMade(msgspec.Struct, frozen=True, kw_only=True):
    """One try of a delivery.

    ``response`` is the beginning of the answer's body, read as UTF-8. ``request_headers`` are those
    that were sent; of an integrator's own headers the values are masked. ``state`` is that of the
    delivery now. The phases are in milliseconds from the start; see ``store.deliveries.Timings``.
    """

    endpoint_id: str
    position: int
    event_id: str
    topic: str
    state: State
    number: int
    at: datetime
    status: int | None
    error: str | None
    duration_ms: int
    peer: str | None
    response: str
    request_headers: dict[str, str]
    body_sha256: str | None
    name_ms: float | None
    connect_ms: float | None
    first_byte_ms: float | None


class Place(NamedTuple):
    """Where a page of attempts ended."""

    at: datetime
    endpoint_id: str
    position: int
    number: int


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which attempts: by endpoint, class of status, topic, state of the delivery, and time.

    ``since`` counts and ``until`` does not.
    """

    endpoint_id: str | None = None
    status_class: StatusClass | None = None
    topics: tuple[str, ...] | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None


_COLUMNS = """
a.endpoint_id, a.position, e.event_id, e.topic, d.state, a.number, a.at, a.status, a.error,
a.duration_ms, a.peer, a.response, a.request_headers, a.body_sha256, a.name_ms, a.connect_ms,
a.first_byte_ms
"""
_JOINED = """
  from store.attempts a
  join store.events e on e.book_id = $1 and e.position = a.position
  join store.deliveries d
    on d.book_id = $1 and d.endpoint_id = a.endpoint_id and d.position = a.position
"""

_OF_DELIVERY = f"""
select {_COLUMNS} {_JOINED}
 where a.book_id = $1 and a.endpoint_id = $2 and a.position = $3 and a.number > $4
 order by a.number limit $5
"""

# In these words, so that the planner sees that the index of refused attempts serves.
_STATUS: Mapping[StatusClass | None, str] = MappingProxyType(
    {
        None: "true",
        "2xx": "a.status between 200 and 299",
        "3xx": "a.status between 300 and 399",
        "4xx": "a.status between 400 and 499",
        "5xx": "a.status between 500 and 599",
        "none": "a.status is null",
    }
)

# The newest of each endpoint come out of an index in order; of these the newest are taken.
_FOUND = f"""
with wanted as (
    select l.endpoint_id from store.endpoint_leases l
     where l.book_id = $1 and ($2::text is null or l.endpoint_id = $2)
)
select found.* from wanted w cross join lateral (
    select {_COLUMNS} {_JOINED}
     where a.book_id = $1 and a.endpoint_id = w.endpoint_id and {{status}}
       and a.at >= coalesce($3, '-infinity'::timestamptz)
       and a.at < coalesce($4, 'infinity'::timestamptz)
       and a.at <= coalesce($7, 'infinity'::timestamptz)
       and ($5::text[] is null or e.topic = any ($5)) and ($6::text is null or d.state = $6)
       and ($7 is null or (a.at, a.endpoint_id, a.position, a.number)
                        < ($7, $8::text, $9::bigint, $10::integer))
     order by a.at desc, a.position desc, a.number desc limit $11) as found
 order by found.at desc, found.endpoint_id desc, found.position desc, found.number desc limit $11
"""  # noqa: S608 - constants


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
    rows = await connection.fetch(_OF_DELIVERY, book_id, endpoint_id, position, after, limit)
    return [_attempt(row) for row in rows]


async def find_attempts(
    connection: Connection | Pool,
    book_id: str,
    asked: Asked,
    *,
    after: Place | None = None,
    limit: int = 50,
) -> list[AttemptMade]:
    """Attempts of the whole book or of one endpoint, the newest first.

    ``after`` is where the page before ended.
    """
    rows = await connection.fetch(
        _FOUND.format(status=_STATUS[asked.status_class]),
        book_id,
        asked.endpoint_id,
        asked.since,
        asked.until,
        asked.topics,
        asked.state,
        *(after or (None, None, None, None)),
        limit,
    )
    return [_attempt(row) for row in rows]


def _attempt(row: Any) -> AttemptMade:
    event_id, sha256, headers = row["event_id"], row["body_sha256"], row["request_headers"]
    assert isinstance(event_id, UUID)
    return AttemptMade(
        **{
            **row,
            "event_id": id_of("evt", event_id),
            "response": row["response"].decode("utf-8", "replace"),
            "request_headers": {} if headers is None else msgspec.json.decode(headers),
            "body_sha256": None if sha256 is None else sha256.hex(),
        }
    )
