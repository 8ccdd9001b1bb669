"""What happened in streams since a version, and who wrote it."""

from collections.abc import Mapping
from typing import NamedTuple

from domain.aggregate import Fact
from store.cache import Author, Run
from store.database import Connection
from store.mapper import decode


class Tailed(NamedTuple):
    """An event of a tail, and who wrote it when that was asked for."""

    originator_version: int
    fact: Fact
    author: Author


async def read_tails(
    connection: Connection, book_id: str, known: Mapping[str, int], *, authors: bool = False
) -> dict[str, list[Tailed]]:
    """What happened in these streams after the known versions, all seen at one moment.

    Streams without news are left out. Without ``authors`` it is not told who wrote the events.
    """
    # Stream by stream, each by its index: as a plain join, the planner may read the whole book.
    rows = await connection.fetch(
        "select k.stream, e.version, e.topic, e.state,"
        " case when $4 then e.metadata ->> 'actor' end as actor,"
        " case when $4 then e.metadata ->> 'editSession' end as session"
        " from unnest($2::text[], $3::bigint[]) as k (stream, version),"
        " lateral (select version, topic, state, metadata from store.events"
        "  where book_id = $1 and stream = k.stream and version > k.version"
        "  order by version) e order by k.stream, e.version",
        book_id,
        list(known.keys()),
        list(known.values()),
        authors,
    )
    tails: dict[str, list[Tailed]] = {}
    for row in rows:
        author = Author(row["actor"] or "", row["session"])
        event = Tailed(row["version"], decode(row["topic"], row["state"]), author)
        tails.setdefault(row["stream"], []).append(event)
    return tails


async def read_runs(
    connection: Connection, book_id: str, stream: str, *, after: int, until: int
) -> tuple[Run, ...]:
    """Who wrote the versions of a stream after one and up to another, in order."""
    rows = await connection.fetch(
        "select version, actor, session from (select version, actor, session,"
        "  lag(actor) over w as actor_before, lag(session) over w as session_before"
        "  from (select version, metadata ->> 'actor' as actor,"
        "    metadata ->> 'editSession' as session from store.events"
        "    where book_id = $1 and stream = $2 and version > $3 and version <= $4) e"
        "  window w as (order by version)) f"
        " where actor is distinct from actor_before or session is distinct from session_before"
        " order by version",
        book_id,
        stream,
        after,
        until,
    )
    return tuple(Run(row["version"], Author(row["actor"], row["session"])) for row in rows)
