"""Parked events: what a follower could not take in, set aside so that it could go on.

A parked event keeps its place in the log; only this follower goes on without it, until somebody
has mended the reason and has it tried again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from eventsourcing.persistence import MapperDeserialisationError

from store.database import Connection, Pool
from store.log import COLUMNS, recorded
from store.recorded import Recorded

ALL = "*"
"""Instead of the name of a read model: nothing that follows could take the event in."""

_REASON_LENGTH = 1000


class Parked(NamedTuple):
    """An event that was set aside, and why."""

    book_id: str
    follower: str
    read_model: str
    position: int
    reason: str
    parked_at: datetime


async def park(
    connection: Connection, book_id: str, place: tuple[str, str, int], error: Exception
) -> None:
    """Set an event aside; ``place`` is the follower, the read model and the position."""
    reason = f"{type(error).__name__}: {error}".replace("\0", "")[:_REASON_LENGTH]
    await connection.execute(
        "insert into store.parked_events (book_id, follower, read_model, position, reason)"
        " values ($1, $2, $3, $4, $5) on conflict (book_id, follower, read_model, position)"
        " do update set reason = excluded.reason",
        book_id,
        *place,
        reason,
    )


async def release(connection: Connection, parked: Parked) -> None:
    """The event was taken in after all."""
    await connection.execute(
        "delete from store.parked_events"
        " where book_id = $1 and follower = $2 and read_model = $3 and position = $4",
        *parked[:4],
    )


async def list_parked(connection: Connection | Pool, book_id: str | None = None) -> list[Parked]:
    """What is parked, of one book or, for operators, of all; in the order of the log."""
    rows = await connection.fetch(
        "select book_id, follower, read_model, position, reason, parked_at"
        " from store.parked_events where $1::text is null or book_id = $1"
        " order by book_id, position, follower, read_model",
        book_id,
    )
    return [Parked(*row) for row in rows]


async def read_leniently(
    connection: Connection, book_id: str, *, after: int, limit: int
) -> Sequence[Recorded | tuple[int, Exception]]:
    """The next events of a book; where one cannot be read, its position and why."""
    rows = await connection.fetch(
        f"select {COLUMNS} from store.events"  # noqa: S608 - a constant
        " where book_id = $1 and position > $2 order by position limit $3",
        book_id,
        after,
        limit,
    )
    found: list[Recorded | tuple[int, Exception]] = []
    for row in rows:
        try:
            found.append(recorded(book_id, row))
        except MapperDeserialisationError as error:
            found.append((row["position"], error))
    return found
