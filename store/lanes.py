"""Lanes: the changes that one open editor sends to one entity, counted 1, 2, 3 ... by Edit-Seq.

A lane belongs to a stream, to who edits it and to the session. Its changes are decided in their
order, whatever way they came. Where it stands is kept in the transaction of the events, and moves
on for refusals too: so a change that is sent again is neither made nor decided a second time.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from domain.aggregate import Stream
from domain.errors import AlreadyExists, NotAllowed, NotFound, Refusal, RuleBroken, Violation
from store.cache import Held
from store.database import Connection, Pool
from store.errors import OutcomeForgotten, StaleRowVersion
from store.public import public_value
from store.recorded import Versioned

LIFE = timedelta(hours=24)
"""A lane that was not used for so long is forgotten; its editor begins a new session."""

_REFUSALS = 64
_REFUSED_BYTES = 4_000


class Lane(NamedTuple):
    """Whose changes to what: the stream's name, the actor and the session."""

    stream: str
    actor: str
    session: str


class Refused(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of a refusal. ``seen`` is the stale RowVersion, ``name`` an entity's kind."""

    seq: int
    kind: Literal["stale", "missing", "exists", "forbidden", "rules"]
    seen: int = 0
    name: str = ""
    id: str = ""
    detail: str = ""
    code: str = ""
    actions: tuple[str, ...] = ()
    preview: Any = None
    violations: tuple[Violation, ...] = ()


class Past(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a lane has behind it.

    ``forgotten``: refusals up to this seq are not kept any more. ``written`` are the seqs that the
    stream itself tells of when the lane's own memory is gone.
    """

    last: int = 0
    refused: tuple[Refused, ...] = ()
    forgotten: int = 0
    written: frozenset[int] = frozenset()

    def has(self, seq: int) -> bool:
        """Whether this change was decided before."""
        return seq <= self.last or seq in self.written

    def after(self, seq: int, refusal: Exception | None) -> "Past":
        """With the next change, which was refused or not."""
        refused = self.refused
        forgotten = self.forgotten
        if refusal is not None:
            refused = (*refused, _kept(seq, refusal))
            if len(refused) > _REFUSALS:
                forgotten, refused = refused[0].seq, refused[1:]
        return Past(seq, refused, forgotten, self.written)

    def again(self, seq: int, stream: Stream[Any], held: Held) -> None:
        """Refuse a repeated change as it was refused; do nothing if it was not.

        Raises:
            Refusal, StaleRowVersion: As the first time, about the entity as it is now.
            OutcomeForgotten: It may have been refused, and that is too long ago to be known.
        """
        for refused in self.refused:
            if refused.seq == seq:
                raise _error(refused, stream, held)
        if seq <= self.forgotten and seq not in self.written:
            raise OutcomeForgotten(seq, self.last)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Past).decode


def kept(past: Past) -> bytes:
    """The refusals of a lane as they are stored; its seq has a column of its own."""
    return _encode(Past(refused=past.refused, forgotten=past.forgotten))


async def read_lanes(
    connection: Connection, book_id: str, lanes: Collection[Lane]
) -> dict[Lane, Past]:
    """What these lanes have behind them. One that is unknown has what its stream tells of it."""
    found = await read_remembered(connection, book_id, lanes)
    unknown = [lane for lane in lanes if lane not in found]
    if unknown:
        found |= await _written(connection, book_id, unknown)
    return found


async def read_remembered(
    connection: Connection, book_id: str, lanes: Collection[Lane]
) -> dict[Lane, Past]:
    """What these lanes have behind them; those that are unknown are left out."""
    rows = await connection.fetch(
        "select stream, actor, session, last_seq, refused from store.lanes"
        " where book_id = $1 and (stream, actor, session) in"
        " (select * from unnest($2::text[], $3::text[], $4::text[]))",
        book_id,
        *_columns(lanes),
    )
    return {
        Lane(*row[:3]): msgspec.structs.replace(_decode(row["refused"]), last=row["last_seq"])
        for row in rows
    }


async def _written(
    connection: Connection, book_id: str, lanes: Collection[Lane]
) -> Mapping[Lane, Past]:
    """What the streams tell of lanes that are not remembered.

    The request that created the entity was in no lane, whatever it said.
    """
    rows = await connection.fetch(
        "select n.stream, n.actor, n.session, array(select distinct"
        "   (e.metadata ->> 'editSeq')::bigint from store.events e"
        "   where e.book_id = $1 and e.stream = n.stream and e.metadata ->> 'editSeq' is not null"
        "   and e.metadata ->> 'editSession' = n.session and e.metadata ->> 'actor' = n.actor"
        "   and e.metadata ->> 'requestId' is distinct from (select c.metadata ->> 'requestId'"
        "    from store.events c where c.book_id = $1 and c.stream = n.stream and c.version = 1))"
        " as seqs from unnest($2::text[], $3::text[], $4::text[]) as n (stream, actor, session)",
        book_id,
        *_columns(lanes),
    )
    return {Lane(*row[:3]): Past(written=frozenset(row["seqs"])) for row in rows}


async def forget_lanes(pool: Pool, book_id: str, *, before: datetime, limit: int) -> int:
    """Forget lanes of a book that were last used before this instant, at most so many at a time."""
    # An hour more, because the time of the last use is noted once an hour only.
    count: int = await pool.fetchval(
        "with old as (select stream, actor, session from store.lanes"
        "  where book_id = $1 and seen_at < $2 order by seen_at limit $3 for update skip locked),"
        " gone as (delete from store.lanes l using old where l.book_id = $1"
        "  and (l.stream, l.actor, l.session) = (old.stream, old.actor, old.session) returning 1)"
        " select count(*) from gone",
        book_id,
        before - timedelta(hours=1),
        limit,
    )
    return count


def _columns(lanes: Collection[Lane]) -> tuple[list[str], list[str], list[str]]:
    return (
        [lane.stream for lane in lanes],
        [lane.actor for lane in lanes],
        [lane.session for lane in lanes],
    )


def _kept(seq: int, error: Exception) -> Refused:
    match error:
        case StaleRowVersion():
            return Refused(seq, "stale", seen=error.expected)
        case NotFound():
            return Refused(seq, "missing", name=error.kind, id=error.id)
        case AlreadyExists():
            return Refused(seq, "exists", name=error.kind, id=error.id)
        case RuleBroken():
            refused = Refused(seq, "rules", violations=error.violations)
            few = Refused(seq, "rules", violations=error.violations[:4])
            return refused if len(_encode(refused)) <= _REFUSED_BYTES else few
        case NotAllowed():
            preview = None if error.preview is None else public_value(error.preview)
            return Refused(
                seq,
                "forbidden",
                detail=str(error),
                code=error.code,
                actions=error.actions,
                preview=preview,
            )
        case _:
            return Refused(seq, "forbidden", detail=str(error), code="invalid-state")


def _error(refused: Refused, stream: Stream[Any], held: Held) -> Refusal | StaleRowVersion:
    match refused.kind:
        case "stale" if held.state is not None:
            return StaleRowVersion(Versioned(stream, held.state, held.version), refused.seen)
        case "stale":
            return NotFound(stream.aggregate.name, stream.id)
        case "missing":
            return NotFound(refused.name, refused.id)
        case "exists":
            return AlreadyExists(refused.name, refused.id)
        case "rules":
            return RuleBroken(refused.violations)
        case "forbidden":
            return NotAllowed(
                refused.detail, code=refused.code, actions=refused.actions, preview=refused.preview
            )
