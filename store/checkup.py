"""Is the book as it must be? Questions whose answers are empty when all is well."""

from typing import NamedTuple

from store.attempt_sums import differing_sums
from store.database import Connection


class Finding(NamedTuple):
    """Something that must not be. ``what`` is a sentence with the place in it."""

    book_id: str
    what: str


_SHOWN = 10


async def check_book(connection: Connection, book_id: str) -> list[Finding]:
    """Everything that is wrong with the order of a book, or with the sums of its webhooks.

    It reads the whole log once, and the attempts of two days.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("set local statement_timeout = 0")
        sentences = [
            *await _positions(connection, book_id),
            *await _versions(connection, book_id),
            *await _times(connection, book_id),
            *await _series(connection, book_id),
            *await _attempts(connection, book_id),
        ]
    return [Finding(book_id, sentence) for sentence in sentences]


async def _positions(connection: Connection, book_id: str) -> list[str]:
    """Positions are 1 to the head, without a gap."""
    row = await connection.fetchrow(
        "select b.head, count(e.position) as events, coalesce(min(e.position), 1) as first,"
        " coalesce(max(e.position), 0) as last"
        " from store.books b left join store.events e on e.book_id = b.book_id"
        " where b.book_id = $1 group by b.head",
        book_id,
    )
    if row is None:
        return ["there is no such book"]
    if row["first"] == 1 and row["last"] == row["head"] == row["events"]:
        return []
    expected = f"positions are not 1 to {row['head']}"
    return [f"{expected}: there are {row['events']}, from {row['first']} to {row['last']}"]


async def _versions(connection: Connection, book_id: str) -> list[str]:
    """Versions of every stream are 1, 2, 3 ... in the order of positions."""
    rows = await connection.fetch(
        "select stream, position, version, n from (select stream, position, version,"
        "  row_number() over (partition by stream order by position) as n"
        "  from store.events where book_id = $1) numbered where version <> n"
        " order by position limit $2",
        book_id,
        _SHOWN,
    )
    return [
        f"{row['stream']} has version {row['version']} at position {row['position']}, "
        f"where {row['n']} belongs"
        for row in rows
    ]


async def _times(connection: Connection, book_id: str) -> list[str]:
    """Recorded time never runs backwards."""
    rows = await connection.fetch(
        "select position from (select position, recorded_at,"
        "  lag(recorded_at) over (order by position) as before"
        "  from store.events where book_id = $1) timed where recorded_at < before"
        " order by position limit $2",
        book_id,
        _SHOWN,
    )
    return [f"recorded time runs backwards at position {row['position']}" for row in rows]


async def _series(connection: Connection, book_id: str) -> list[str]:
    """The number that a series assigned is the version at which it did."""
    rows = await connection.fetch(
        "select stream, version, state ->> 'number' as number from store.events"
        " where book_id = $1 and stream like 'series/%'"
        " and (state ->> 'number')::bigint <> version order by position limit $2",
        book_id,
        _SHOWN,
    )
    return [
        f"{row['stream']} assigned number {row['number']} at version {row['version']}"
        for row in rows
    ]


async def _attempts(connection: Connection, book_id: str) -> list[str]:
    """The sums of attempts are those of the attempts; of two days, which are always kept."""
    yesterday = await connection.fetchval("select (now() at time zone 'UTC')::date - 1")
    return await differing_sums(connection, book_id, since=yesterday, limit=_SHOWN)


async def heads(connection: Connection) -> list[tuple[str, int]]:
    """The latest position of every book: a question that only operators ask."""
    rows = await connection.fetch("select book_id, head from store.books order by book_id")
    return [(row["book_id"], row["head"]) for row in rows]


class Lag(NamedTuple):
    """How far a follower is behind a book, in events."""

    book_id: str
    follower: str
    lag: int


async def lags(connection: Connection) -> list[Lag]:
    """The lag of every follower in every book: a question that only operators ask."""
    rows = await connection.fetch(
        "select b.book_id, c.follower, b.head - c.position from store.books b"
        # Tables under construction have checkpoints too, which nobody waits for.
        " join store.checkpoints c using (book_id) where c.follower not like '%:%'"
        " order by b.book_id, c.follower"
    )
    return [Lag(*row) for row in rows]
