"""Checkpoints: how far each follower has come in each book."""

from collections.abc import Sequence
from typing import NamedTuple

from store.database import Connection, Pool


class Behind(NamedTuple):
    """A book in which a follower has work to do. ``lag`` is an exact count of events."""

    book_id: str
    position: int
    head: int

    @property
    def lag(self) -> int:
        """Events that the follower has not seen."""
        return self.head - self.position


async def lock(connection: Connection, book_id: str, follower: str) -> int | None:
    """The follower's position, held until the transaction ends.

    ``None`` when another process of the same follower holds it: whoever comes second leaves the
    book alone instead of doing the work twice.
    """
    position: int | None = await connection.fetchval(
        "select position from store.checkpoints where book_id = $1 and follower = $2"
        " for update skip locked",
        book_id,
        follower,
    )
    if position is None:
        # Either it is held, or this is the first time: then whoever inserts the row holds it. Two
        # inserts would wait for one another, so only who gets this lock tries.
        position = await connection.fetchval(
            "insert into store.checkpoints (book_id, follower) select $1, $2"
            " where pg_try_advisory_xact_lock(hashtextextended($1::text || '/' || $2::text, 0))"
            " on conflict do nothing returning position",
            book_id,
            follower,
        )
    return position


async def advance(connection: Connection, book_id: str, follower: str, position: int) -> None:
    """Move the checkpoint; part of the transaction that did the work."""
    await connection.execute(
        "update store.checkpoints set position = $3, updated_at = now()"
        " where book_id = $1 and follower = $2",
        book_id,
        follower,
        position,
    )


async def position(pool: Pool | Connection, book_id: str, follower: str) -> int:
    """How far the follower has come."""
    reached: int | None = await pool.fetchval(
        "select position from store.checkpoints where book_id = $1 and follower = $2",
        book_id,
        follower,
    )
    return reached or 0


async def behind(pool: Pool, follower: str) -> Sequence[Behind]:
    """Every book in which the follower lags: the one question that followers ask of all books."""
    rows = await pool.fetch(
        "select b.book_id, coalesce(c.position, 0), b.head from store.books b"
        " left join store.checkpoints c on c.book_id = b.book_id and c.follower = $1"
        " where b.head > coalesce(c.position, 0) order by c.updated_at nulls first",
        follower,
    )
    return [Behind(*row) for row in rows]
