"""The event log of a book: append, and the ways to read it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from asyncpg import NoDataFoundError, Record

from store.database import Connection, Pool
from store.errors import UnknownBook
from store.ids import id_of
from store.mapper import decode
from store.recorded import Metadata, Recorded
from store.turns import Moved

_metadata = msgspec.json.Decoder(Metadata)

COLUMNS = "position, stream, version, event_id, topic, state, metadata, recorded_at"
_ORDER = ("asc", "desc")
_APPEND = (
    "select head_before, recorded, stale_streams, taken_keys from store.append("
    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
)
_APPEND_IN_LANES = (
    "select head_before, recorded, stale_streams, taken_keys, stale_lanes"
    " from store.append_in_lanes($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
    " $15, $16, $17, $18, $19, $20)"
)
_END = 2**63 - 1  # beyond any version and position: a bound that an index can always use


class Appending(msgspec.Struct, frozen=True):
    """An event on its way into the book: ``state`` and ``metadata`` as they will be stored."""

    event_id: UUID
    stream: str
    version: int
    topic: str
    state: bytes
    metadata: bytes


class KeyedCommand(NamedTuple):
    """A command with an idempotency key: what is kept to answer its repetition.

    ``end`` counts the events of the batch up to and including this command's last one; a command
    that changed nothing has none.
    """

    key: str
    fingerprint: bytes
    stream: str
    version: int
    end: int


class Appended(NamedTuple):
    """What ``append`` did: when anything is stale or taken, nothing at all."""

    head_before: int
    recorded_at: datetime
    stale_streams: Sequence[str]
    taken_keys: Sequence[str]
    stale_lanes: bool = False

    @property
    def refused(self) -> bool:
        """Whether nothing was written."""
        return bool(self.stale_streams or self.taken_keys or self.stale_lanes)


@asynccontextmanager
async def connected(pool: Pool, book_id: str, *, lock: bool) -> AsyncIterator[Connection]:
    """A connection; with ``lock``, inside a transaction that holds the book's lock."""
    async with pool.acquire() as connection:
        if not lock:
            yield connection
            return
        async with connection.transaction():
            await connection.execute("set local idle_in_transaction_session_timeout = '5s'")
            await connection.execute(
                "select from store.books where book_id = $1 for update", book_id
            )
            yield connection


async def append(
    connection: Connection,
    book_id: str,
    reads: Mapping[str, int],
    events: Sequence[Appending],
    keyed: Sequence[KeyedCommand] = (),
    *,
    moved: Sequence[Moved] = (),
) -> Appended:
    """Append all events or none, in one round trip.

    Args:
        connection: Not inside a transaction, unless that holds the book's lock anyway.
        book_id: The book.
        reads: The version of every stream that the decisions looked at; 0 for a new one.
        events: What to append, in order; versions continue those in ``reads``.
        keyed: The idempotency keys to keep in the same transaction.
        moved: The lanes that move on in it.

    Raises:
        UnknownBook: There is no such book.
    """
    arguments: list[Any] = [
        book_id,
        list(reads.keys()),
        list(reads.values()),
        [e.event_id for e in events],
        [e.stream for e in events],
        [e.version for e in events],
        [e.topic for e in events],
        [e.state for e in events],
        [e.metadata for e in events],
        [k.key for k in keyed],
        [k.fingerprint for k in keyed],
        [k.stream for k in keyed],
        [k.version for k in keyed],
        [k.end for k in keyed],
    ]
    try:
        if moved:
            row = await connection.fetchrow(_APPEND_IN_LANES, *arguments, *_columns(moved))
        else:
            row = await connection.fetchrow(_APPEND, *arguments)
    except NoDataFoundError as error:
        raise UnknownBook(f"There is no book {book_id}.") from error
    assert row is not None
    return Appended(
        row["head_before"],
        row["recorded"],
        row["stale_streams"] or (),
        row["taken_keys"] or (),
        bool(moved) and row["stale_lanes"],
    )


def _columns(moved: Sequence[Moved]) -> list[list[Any]]:
    return [
        [it.lane.stream for it in moved],
        [it.lane.actor for it in moved],
        [it.lane.session for it in moved],
        [it.before for it in moved],
        [it.after for it in moved],
        [it.refused for it in moved],
    ]


def recorded(book_id: str, row: Record) -> Recorded:
    """The event in a row of ``store.events``."""
    return Recorded(
        book_id=book_id,
        position=row["position"],
        stream=row["stream"],
        version=row["version"],
        event_id=id_of("evt", row["event_id"]),
        recorded_at=row["recorded_at"],
        metadata=_metadata.decode(row["metadata"]),
        fact=decode(row["topic"], row["state"]),
    )


async def read_book(
    connection: Connection,
    book_id: str,
    *,
    after: int = 0,
    until: int | None = None,
    limit: int,
    descending: bool = False,
) -> list[Recorded]:
    """Events of the book after a position and up to another one, oldest or newest first."""
    rows = await connection.fetch(
        f"select {COLUMNS} from store.events"  # noqa: S608 - constants
        f" where book_id = $1 and position > $2 and position <= $3"
        f" order by position {_ORDER[descending]} limit $4",
        book_id,
        after,
        _END if until is None else until,
        limit,
    )
    return [recorded(book_id, row) for row in rows]


async def read_stream(
    connection: Connection,
    book_id: str,
    stream: str,
    *,
    after: int = 0,
    until: int | datetime | None = None,
    limit: int | None = None,
    descending: bool = False,
) -> list[Recorded]:
    """Events of one stream after a version, in order.

    Args:
        connection: Any connection.
        book_id: The book.
        stream: The stream's name.
        after: Only versions above this one.
        until: Only versions up to this one, or what was recorded up to this instant.
        limit: At most so many.
        descending: Newest first.
    """
    until_version = until if isinstance(until, int) else _END
    until_instant = until if isinstance(until, datetime) else None
    rows = await connection.fetch(
        f"select {COLUMNS} from store.events"  # noqa: S608 - constants
        f" where book_id = $1 and stream = $2 and version > $3 and version <= $4"
        f" and ($5::timestamptz is null or recorded_at <= $5)"
        f" order by version {_ORDER[descending]} limit $6",
        book_id,
        stream,
        after,
        until_version,
        until_instant,
        limit,
    )
    return [recorded(book_id, row) for row in rows]


async def read_head(connection: Connection, book_id: str) -> int:
    """The latest position of the book. Raises ``UnknownBook``."""
    head: int | None = await connection.fetchval(
        "select head from store.books where book_id = $1", book_id
    )
    if head is None:
        raise UnknownBook(f"There is no book {book_id}.")
    return head


class Before(NamedTuple):
    """What a command with this key did when it ran."""

    fingerprint: bytes
    stream: str
    version: int
    position: int
    recorded_at: datetime


async def read_commands(
    connection: Connection, book_id: str, keys: Sequence[str]
) -> dict[str, Before]:
    """What the commands with these keys did; keys that are new are left out."""
    rows = await connection.fetch(
        "select key, fingerprint, stream, version, position, recorded_at from store.commands"
        " where book_id = $1 and key = any ($2)",
        book_id,
        list(keys),
    )
    return {row["key"]: Before(*row[1:]) for row in rows}


async def position_of(
    connection: Connection, book_id: str, event_id: UUID, place: tuple[str, int]
) -> tuple[int, datetime] | None:
    """Position and time of the event at this place of a stream, if it is the one with this id."""
    row: Any = await connection.fetchrow(
        "select position, recorded_at from store.events"
        " where book_id = $1 and stream = $2 and version = $3 and event_id = $4",
        book_id,
        *place,
        event_id,
    )
    return None if row is None else (row["position"], row["recorded_at"])
