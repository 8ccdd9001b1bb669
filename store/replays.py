"""Replays: send events to an endpoint again, however many, and lose the place never.

A replay is a row. It walks along the book's positions, and each step makes the next deliveries due
in the transaction that moves the row: whoever is killed, the next step goes on where the last one
was committed. What is due is sent like every delivery: the same id, the same bytes.

Only a window of a replay waits to be sent at a time, so that new events need not queue behind a
million old ones.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

from domain.facts import TOPICS
from domain.webhook_endpoint import WebhookEndpoint
from store.database import Connection, Pool

Kind = Literal["one", "range", "failed", "never-attempted"]
ReplayState = Literal["pending", "running", "done", "cancelled"]


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which deliveries are replayed: positions above ``after`` up to ``until``, of this kind.

    ``since`` is for failed ones: only those whose last attempt is not older. ``topics``: only
    events of these; ``None``: of all.
    """

    kind: Kind
    after: int
    until: int
    since: datetime | None = None
    topics: tuple[str, ...] | None = None


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A replay as it stands. ``total`` is final once ``counted_to`` has reached ``until``.

    ``planned`` deliveries were made due; ``waiting`` of these were not sent yet, and ``failed`` of
    these were sent in vain as often as the endpoint's policy allows.
    """

    book_id: str
    replay_id: str
    endpoint_id: str
    kind: Kind
    after: int
    until: int
    topics: list[str] | None
    state: ReplayState
    counted_to: int
    total: int
    planned_to: int
    planned: int
    waiting: int
    failed: int
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    fingerprint: bytes | None

    @property
    def counted(self) -> bool:
        """Whether ``total`` is all of them."""
        return self.counted_to >= self.until

    @property
    def done(self) -> int:
        """How many were delivered, or tried in vain."""
        return self.planned - self.waiting

    @property
    def active(self) -> bool:
        """Whether there is still something to do."""
        return self.state in {"pending", "running"}

    def seconds_left(self, now: datetime) -> float | None:
        """At the rate so far; ``None`` while that cannot be said."""
        if not self.active or not self.counted or not self.done or self.started_at is None:
            return None
        return (now - self.started_at).total_seconds() / self.done * (self.total - self.done)

    def rate(self, now: datetime) -> float | None:
        """Deliveries a second so far; ``None`` before the first one."""
        if self.started_at is None or not self.done:
            return None
        seconds = ((self.ended_at or now) - self.started_at).total_seconds()
        return self.done / max(seconds, 0.001)


_REPLAYS = """
select r.*, coalesce(w.waiting, 0) as waiting, coalesce(w.failed, 0) as failed
  from store.replays r
 cross join lateral (
       select count(*) filter (where state = 'pending') as waiting,
              count(*) filter (where state = 'failed') as failed
         from store.deliveries d
        where d.book_id = $1 and d.replay_id = r.replay_id and d.state <> 'delivered') as w
"""


def topics_wanted(endpoint: WebhookEndpoint) -> tuple[str, ...]:
    """The topics that the endpoint asks for, whether or not it is enabled at present."""
    asking = msgspec.structs.replace(endpoint, status="Enabled")
    return tuple(topic for topic in TOPICS if asking.wants(topic))


async def selection_of(
    connection: Connection | Pool,
    book_id: str,
    kind: Kind,
    *,
    first: int = 1,
    last: int | None = None,
    since: datetime | None = None,
    topics: tuple[str, ...] | None = None,
) -> Selection:
    """What is to be replayed, of what has happened up to now.

    Args:
        connection: Any connection.
        book_id: The book.
        kind: ``one`` and ``range`` mean every event of those positions, ``failed`` the deliveries
            that were given up, ``never-attempted`` the events for which there was no request yet.
        first: The first position.
        last: The last position; the book's latest without it.
        since: For ``failed``: those given up since then. For the others: what happened since then.
        topics: Only events of these; ``None``: of all.
    """
    head: int = await connection.fetchval(
        "select head from store.books where book_id = $1", book_id
    )
    if since is not None and kind != "failed":
        first = max(first, await _first_position_since(connection, book_id, since, head))
    return Selection(
        kind=kind,
        after=min(first - 1, head),
        until=head if last is None else min(last, head),
        since=since if kind == "failed" else None,
        topics=topics,
    )


async def create_replay(
    connection: Connection | Pool,
    replay: tuple[str, str, str],
    selection: Selection,
    *,
    by: str,
    now: datetime,
    repeat: tuple[str, bytes] | None = None,
) -> bool:
    """Note down a replay; workers carry it out.

    Args:
        connection: Any connection.
        replay: The book, the new replay's id and the endpoint's.
        selection: What is sent again.
        by: Who wants it.
        now: The time.
        repeat: An idempotency key and the fingerprint of the request.

    Returns:
        Whether it was created: not when the key has been used.
    """
    key, fingerprint = repeat or (None, None)
    status: str = await connection.execute(
        "insert into store.replays (book_id, replay_id, endpoint_id, kind, after, until, since,"
        " topics, counted_to, planned_to, created_by, created_at, key, fingerprint)"
        " values ($1, $2, $3, $4, $5, $6, coalesce($7, '-infinity'::timestamptz), $8, $5, $5, $9,"
        " $10, $11, $12) on conflict (book_id, key) do nothing",
        *replay,
        selection.kind,
        selection.after,
        selection.until,
        selection.since,
        selection.topics,
        by,
        now,
        key,
        fingerprint,
    )
    return status.endswith(" 1")


async def find_replay(connection: Connection | Pool, book_id: str, replay_id: str) -> Replay | None:
    """A replay as it stands; ``None`` when there is none."""
    row = await connection.fetchrow(
        f"{_REPLAYS} where r.book_id = $1 and r.replay_id = $2", book_id, replay_id
    )
    return None if row is None else _replay(row)


async def find_repeated(connection: Connection | Pool, book_id: str, key: str) -> Replay | None:
    """The replay that was asked for with an idempotency key."""
    row = await connection.fetchrow(f"{_REPLAYS} where r.book_id = $1 and r.key = $2", book_id, key)
    return None if row is None else _replay(row)


async def list_replays(
    connection: Connection | Pool,
    book_id: str,
    endpoint_id: str,
    *,
    before: str | None = None,
    limit: int = 50,
) -> list[Replay]:
    """The replays of an endpoint, the newest first; ``before``: only those older than this one."""
    rows = await connection.fetch(
        f"{_REPLAYS} where r.book_id = $1 and r.endpoint_id = $2"
        " and ($3::text is null or r.replay_id < $3) order by r.replay_id desc limit $4",
        book_id,
        endpoint_id,
        before,
        limit,
    )
    return [_replay(row) for row in rows]


async def replays_under_way(connection: Connection | Pool) -> list[tuple[str, str]]:
    """Book and id of every replay with something left to do: a question that workers ask."""
    rows = await connection.fetch(
        "select book_id, replay_id from store.replays where state in ('pending', 'running')"
        " order by book_id, replay_id"
    )
    return [(row["book_id"], row["replay_id"]) for row in rows]


_CANCEL = """
with ended as (
    update store.replays set state = 'cancelled', ended_at = $3
     where book_id = $1 and replay_id = $2 and state in ('pending', 'running')
    returning replay_id
)
update store.deliveries d set
       state = case when attempts > attempts_before then 'failed' else state_before end,
       next_at = null
  from ended
 where d.book_id = $1 and d.replay_id = ended.replay_id and d.state = 'pending'
   and d.state_before <> 'pending'
"""


async def cancel_replay(
    connection: Connection | Pool, book_id: str, replay_id: str, *, now: datetime
) -> None:
    """Send nothing more of it. What was waiting is as it was before; what was sent stays sent."""
    await connection.execute(_CANCEL, book_id, replay_id, now)


async def _first_position_since(
    connection: Connection | Pool, book_id: str, instant: datetime, head: int
) -> int:
    """The position of the first event that was recorded at this instant or later.

    Times never go back along the positions, so it is found by halving.
    """
    low, high = 1, head + 1
    while low < high:
        middle = (low + high) // 2
        earlier = await connection.fetchval(
            "select recorded_at < $3 from store.events where book_id = $1 and position = $2",
            book_id,
            middle,
            instant,
        )
        low, high = (middle + 1, high) if earlier else (low, middle)
    return low


def _replay(row: Any) -> Replay:
    return msgspec.convert(dict(row), Replay)
