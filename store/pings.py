"""Pings: requests that try an endpoint out, and what came of them. They are not events."""

from datetime import datetime

import msgspec

from store.database import Connection, Pool
from store.deliveries import Timings


class Ping(msgspec.Struct, frozen=True, kw_only=True):
    """A ping that was sent: the same account that is kept of an attempt.

    ``response`` is the beginning of the answer's body; ``request_headers`` is a JSON object.
    """

    ping_id: str
    at: datetime
    status: int | None
    error: str | None
    duration_ms: int
    peer: str | None
    response: bytes
    request_headers: bytes
    body_sha256: bytes
    timings: Timings = Timings()

    @property
    def accepted(self) -> bool:
        """Whether the receiver took it: 2xx and nothing else (Standard Webhooks 1.0.0)."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - the 2xx


_COLUMNS = (
    "ping_id, at, status, error, duration_ms, peer, response, request_headers, body_sha256,"
    " name_ms, connect_ms, first_byte_ms"
)


async def record_ping(
    connection: Connection | Pool, book_id: str, endpoint_id: str, ping: Ping
) -> None:
    """Write down a ping."""
    await connection.execute(
        f"insert into store.pings (book_id, endpoint_id, {_COLUMNS})"  # noqa: S608 - a constant
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        book_id,
        endpoint_id,
        ping.ping_id,
        ping.at,
        ping.status,
        ping.error,
        ping.duration_ms,
        ping.peer,
        ping.response,
        ping.request_headers,
        ping.body_sha256,
        *ping.timings,
    )


async def list_pings(
    connection: Connection | Pool,
    book_id: str,
    endpoint_id: str,
    *,
    before: str | None = None,
    limit: int = 50,
) -> list[Ping]:
    """The pings of an endpoint, the newest first; ``before``: only those older than this one."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from store.pings"  # noqa: S608 - a constant
        " where book_id = $1 and endpoint_id = $2 and ($3::text is null or ping_id < $3)"
        " order by ping_id desc limit $4",
        book_id,
        endpoint_id,
        before,
        limit,
    )
    return [_ping(dict(row)) for row in rows]


async def find_ping(
    connection: Connection | Pool, book_id: str, endpoint_id: str, ping_id: str
) -> Ping | None:
    """A ping that was sent; ``None`` when it is not kept any more."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from store.pings"  # noqa: S608 - a constant
        " where book_id = $1 and endpoint_id = $2 and ping_id = $3",
        book_id,
        endpoint_id,
        ping_id,
    )
    return None if row is None else _ping(dict(row))


def _ping(row: dict[str, object]) -> Ping:
    timings = Timings(*(row.pop(name) for name in ("name_ms", "connect_ms", "first_byte_ms")))  # type: ignore[arg-type] # columns
    return Ping(**row, timings=timings)  # type: ignore[arg-type] # columns
