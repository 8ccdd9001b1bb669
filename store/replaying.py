"""One step of a replay: count what there is, make the next deliveries due, or notice the end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from store.database import Connection

WINDOW = 2_000
"""So many deliveries of one replay wait to be sent at a time."""

COUNTED_AT_ONCE = 100_000
"""So many positions are counted in one step."""


class Step(NamedTuple):
    """What a step did. ``counting``: the next one need not wait for anything to be sent."""

    endpoint_id: str
    planned: int = 0
    counting: bool = False
    over: bool = False


_CHOSEN = {
    "range": """
select e.position from store.events e
 where e.book_id = $1 and $2::text is not null and e.position > $3 and e.position <= $4
   and ($5::text[] is null or e.topic = any ($5)) and $6::timestamptz is not null
""",
    # Failed since then: by its last attempt, or by its event if none is on record.
    "failed": """
select d.position from store.deliveries d
  join store.events e on e.book_id = $1 and e.position = d.position
 where d.book_id = $1 and d.endpoint_id = $2 and d.state = 'failed'
   and d.position > $3 and d.position <= $4 and ($5::text[] is null or e.topic = any ($5))
   and coalesce((select a.at from store.attempts a
                  where a.book_id = $1 and a.endpoint_id = $2 and a.position = d.position
                    and a.number = d.attempts), e.recorded_at) >= $6
""",
    "never-attempted": """
select e.position from store.events e
  left join store.deliveries d
    on d.book_id = $1 and d.endpoint_id = $2 and d.position = e.position
 where e.book_id = $1 and e.position > $3 and e.position <= $4
   and ($5::text[] is null or e.topic = any ($5)) and $6::timestamptz is not null
   and (d.position is null or (d.state = 'failed' and d.attempts = 0))
""",
}
_CHOSEN["one"] = _CHOSEN["range"]

_RESTART = """
update store.deliveries set
       state_before = state, state = 'pending', next_at = $4, attempts_before = attempts,
       replay_id = $5
 where book_id = $1 and endpoint_id = $2 and position = any ($3)
"""
_BEGIN = """
insert into store.deliveries (book_id, endpoint_id, position, next_at, replay_id, state_before)
select $1, $2, position, $4, $5, 'failed' from unnest($3::bigint[]) as position order by position
    on conflict do nothing
"""


async def advance_replay(
    connection: Connection, book_id: str, replay_id: str, *, now: datetime, window: int = WINDOW
) -> Step | None:
    """Take the next step of a replay, inside a transaction.

    ``None`` when it is over, or when another process is at it.
    """
    row = await connection.fetchrow(
        "select * from store.replays where book_id = $1 and replay_id = $2"
        " and state in ('pending', 'running') for update skip locked",
        book_id,
        replay_id,
    )
    if row is None:
        return None
    if row["counted_to"] < row["until"]:
        await _count(connection, row, now)
        return Step(row["endpoint_id"], counting=True)
    waiting = await connection.fetchval(
        "select count(*) from store.deliveries"
        " where book_id = $1 and replay_id = $2 and state = 'pending'",
        book_id,
        replay_id,
    )
    if row["planned_to"] < row["until"]:
        planned = await _plan(connection, row, now, window - waiting) if waiting < window else 0
        return Step(row["endpoint_id"], planned)
    if waiting == 0:
        await connection.execute(
            "update store.replays set state = 'done', started_at = coalesce(started_at, $3),"
            " ended_at = $3 where book_id = $1 and replay_id = $2",
            book_id,
            replay_id,
            now,
        )
    return Step(row["endpoint_id"], over=waiting == 0)


async def _count(connection: Connection, row: Any, now: datetime) -> None:
    until = min(row["until"], row["counted_to"] + COUNTED_AT_ONCE)
    await connection.execute(
        "update store.replays set counted_to = $3, state = 'running',"
        " started_at = coalesce(started_at, $5), total = total + $4"
        " where book_id = $1 and replay_id = $2",
        row["book_id"],
        row["replay_id"],
        until,
        await connection.fetchval(
            f"select count(*) from ({_CHOSEN[row['kind']]}) as chosen",  # noqa: S608 - constants
            *_arguments(row, row["counted_to"], until),
        ),
        now,
    )


async def _plan(connection: Connection, row: Any, now: datetime, room: int) -> int:
    """Make the next deliveries due, at most ``room``; answers how many."""
    rows = await connection.fetch(
        f"{_CHOSEN[row['kind']]} order by position limit {room}",
        *_arguments(row, row["planned_to"], row["until"]),
    )
    positions = [chosen["position"] for chosen in rows]
    reached = positions[-1] if len(positions) == room else row["until"]
    free, busy = await _free(connection, row, positions)
    if busy is not None:
        positions = [position for position in positions if position < busy]
        reached = busy - 1
    new = sorted(set(positions).difference(free))
    of = (row["book_id"], row["endpoint_id"])
    await connection.execute(_BEGIN, *of, new, now, row["replay_id"])
    known = [position for position in positions if position in free]
    await connection.execute(_RESTART, *of, known, now, row["replay_id"])
    await connection.execute(
        "update store.replays set planned_to = $3, planned = planned + $4"
        " where book_id = $1 and replay_id = $2",
        row["book_id"],
        row["replay_id"],
        reached,
        len(positions),
    )
    return len(positions)


async def _free(
    connection: Connection, row: Any, positions: Sequence[int]
) -> tuple[set[int], int | None]:
    """Those of the deliveries that exist, locked, and the first that somebody else has locked.

    Waiting for that one could be waiting in a circle: the next step comes back to it.
    """
    of = (row["book_id"], row["endpoint_id"], positions)
    existing = "select position from store.deliveries where book_id = $1 and endpoint_id = $2"
    there = await connection.fetch(f"{existing} and position = any ($3)", *of)
    locked = await connection.fetch(
        f"{existing} and position = any ($3) order by position for update skip locked", *of
    )
    free = {found["position"] for found in locked}
    busy = {found["position"] for found in there} - free
    return free, min(busy, default=None)


def _arguments(row: Any, after: int, until: int) -> tuple[Any, ...]:
    return (row["book_id"], row["endpoint_id"], after, until, row["topics"], row["since"])
