"""Tables with one row for each aggregate of a kind: the state in which its last event left it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from domain.aggregate import Aggregate
from projections.adding import Row, arrays, copy
from projections.projection import News
from store.database import Connection

S = TypeVar("S")

TEXT = 'text collate "C"'
"""Text that is compared code point by code point, as filters and cursors do."""

_VERSION = {"row_version": "bigint not null"}
_TIMES = {"created_at": "timestamptz not null", "updated_at": "timestamptz not null"}


class LatestTable:
    """A table of latest states, keyed by book and id.

    ``columns`` are those between the id and ``row_version``, ``created_at`` and ``updated_at``,
    with their types. A row is only replaced by a later RowVersion, so that events may come twice.
    ``reborn``: an id may be used again after its aggregate is gone, so that nobody can say when
    it was created; then there is no ``created_at``.
    """

    def __init__(self, name: str, columns: Mapping[str, str], *, reborn: bool = False) -> None:
        self.name = name
        kinds = {"id": f"{TEXT} not null", **columns, **_VERSION, **_TIMES}
        if reborn:
            del kinds["created_at"]
        self._reborn = reborn
        self.columns = tuple(kinds)
        lines = ["book_id text not null", *(f"{it} {kind}" for it, kind in kinds.items())]
        self.ddl = _DDL.format(name=name, columns=",\n    ".join(lines))
        kept = [it for it in kinds if it not in {"id", "created_at"}]
        self._upsert = _UPSERT.format(
            name=name,
            columns=", ".join(kinds),
            arrays=arrays(kinds),
            changes=", ".join(f"{it} = excluded.{it}" for it in kept),
        )
        self._delete = _DELETE.format(name=name)

    async def keep(
        self,
        connection: Connection,
        news: News,
        aggregate: Aggregate[S],
        values: Callable[[str, S], Sequence[object]],
    ) -> None:
        """Write the touched aggregates as they are now, and take off those that are gone.

        ``values`` gives what stands in ``columns``, from the aggregate's id and state.
        """
        new: list[Row] = []
        rows: list[Row] = []
        gone = []
        for entity, events in await news.entities(aggregate):
            if entity.state is None:
                gone.append((entity.id, entity.version))
            else:
                times = [events[0].recorded_at, events[-1].recorded_at][self._reborn :]
                own = values(entity.id, entity.state)
                kept = new if news.is_new(events) else rows
                kept.append((entity.id, *own, entity.version, *times))
        await copy(connection, news.book_id, self.name, self.columns, new)
        if rows:
            await connection.execute(self._upsert, news.book_id, *zip(*rows, strict=True))
        if gone:
            await connection.execute(self._delete, news.book_id, *zip(*gone, strict=True))


_DDL = """
create table if not exists {name} (
    {columns},
    primary key (book_id, id)
);
"""

_UPSERT = """
insert into {name} as t (book_id, {columns})
select $1::text, * from {arrays}
on conflict (book_id, id) do update set {changes}
where t.row_version < excluded.row_version
"""

_DELETE = """
delete from {name} t
 using unnest($2::text[], $3::bigint[]) as gone (id, version)
 where t.book_id = $1 and t.id = gone.id and t.row_version <= gone.version
"""
