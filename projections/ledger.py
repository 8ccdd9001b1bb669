"""Ledgers: rows that are only ever added, and the sums of whole months of them.

A report over years adds up months and not rows. A month's sums are kept apart by how far the log
had come when their rows were written, in chunks of 2^18 positions, so that what was known at any
position is the sum of the chunks before it and of the rows since its own chunk began.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from domain.money import total
from projections.adding import Row, arrays, copy
from projections.latest import TEXT
from projections.moment import LATEST, Span
from projections.projection import News
from store.database import Connection

CHUNK_BITS = 18

_DAY = timedelta(days=1)


class Rollup:
    """Monthly sums of a ledger by some of its columns."""

    def __init__(self, table: str, keys: Sequence[str]) -> None:
        self.table = table
        self.keys = tuple(keys)


class Ledger:
    """A table of rows ``(document_id, position, n)``, each on a day and with amounts.

    ``columns`` and their types describe a row, ``sums`` are the columns that are added up by each
    of the ``rollups``. Adding rows that are there already changes nothing.
    """

    def __init__(
        self,
        table: str,
        *,
        columns: Mapping[str, str],
        sums: Sequence[str],
        rollups: Sequence[Rollup],
    ) -> None:
        self.table = table
        self.columns = {**_PLACE, **columns}
        self.sums = tuple(sums)
        self.ddl = _DDL.format(table=table, columns=_typed(self.columns)) + "".join(
            self._rollup_ddl(it) for it in rollups
        )
        self._rollups = tuple(rollups)
        self._roll_up = {
            it.table: self._rolling_up(it, f"* from {arrays(self._columns_of(it))}")
            for it in rollups
        }
        *first, last = [self._rolling_up(it, self._fresh(it)) for it in rollups]
        self._rolled = "".join(f", r{at} as ({sql})" for at, sql in enumerate(first)) + f" {last}"

    def add(self, rows: str) -> str:
        """The statement that adds the rows of a query (or a function such as ``unnest``).

        ``$1`` is the book; the rows have the columns of the ledger, in order.
        """
        return _ADD.format(
            table=self.table,
            columns=", ".join(self.columns),
            rows=rows,
            rolled=self._rolled,
        )

    def summed(self, rollup: Rollup) -> str:
        """A query of sums by month and the rollup's keys, whose parameters ``bounds`` gives.

        Rows of it may still have to be added up: a month may stand in it more than once.
        """
        return _SUMMED.format(
            table=self.table,
            rollup=rollup.table,
            values=", ".join([*rollup.keys, *self.sums]),
        )

    async def write(self, connection: Connection, news: News, rows: Sequence[Row]) -> None:
        """Add rows that have all columns of the ledger, in order."""
        if news.unseen:
            await copy(connection, news.book_id, self.table, tuple(self.columns), rows)
            for rollup in self._rollups if rows else ():
                sums = self._added_up(rollup, rows)
                await connection.execute(
                    self._roll_up[rollup.table], news.book_id, *zip(*sums, strict=True)
                )
        elif rows:
            sql = self.add(f"select * from {arrays(self.columns)}")  # noqa: S608 - types of this package
            await connection.execute(sql, news.book_id, *zip(*rows, strict=True))

    def _added_up(self, rollup: Rollup, rows: Sequence[Row]) -> list[Row]:
        """The sums of these rows, as the rollup has them: what ``_FRESH`` says in SQL."""
        names = tuple(self.columns)
        position, dated = names.index("position"), names.index("dated")
        keys = [names.index(it) for it in rollup.keys]
        values = [names.index(it) for it in self.sums]
        groups: dict[Row, list[Row]] = {}
        for row in rows:
            month = row[dated].replace(day=1)
            group = (month, *(row[it] for it in keys), row[position] >> CHUNK_BITS)
            groups.setdefault(group, []).append(row)
        return [
            (*group, *(total(row[it] for row in of) for it in values))
            for group, of in groups.items()
        ]

    def _columns_of(self, rollup: Rollup) -> dict[str, str]:
        keys = {it: self.columns[it] for it in rollup.keys}
        sums = {it: self.columns[it] for it in self.sums}
        return {"month": "date not null", **keys, "chunk": "integer not null", **sums}

    def _rollup_ddl(self, rollup: Rollup) -> str:
        return _ROLLUP_DDL.format(
            table=rollup.table,
            columns=_typed(self._columns_of(rollup)),
            keys="".join(f"{it}, " for it in rollup.keys),
            sums=", ".join(self.sums),
        )

    def _fresh(self, rollup: Rollup) -> str:
        return _FRESH.format(
            keys="".join(f"{it}, " for it in rollup.keys),
            summed=", ".join(f"sum({it})" for it in self.sums),
            bits=CHUNK_BITS,
        )

    def _rolling_up(self, rollup: Rollup, rows: str) -> str:
        return _ROLL_UP.format(
            table=rollup.table,
            columns=", ".join(self._columns_of(rollup)),
            keys="".join(f"{it}, " for it in rollup.keys),
            rows=rows,
            added=", ".join(f"{it} = t.{it} + excluded.{it}" for it in self.sums),
        )


def bounds(book_id: str, span: Span) -> tuple[object, ...]:
    """The parameters ``$1`` to ``$10`` of a ledger's sums.

    Whole months known in whole chunks come from the rollup; days at the ends and the chunk in which
    ``span.known`` lies come from the rows.
    """
    months = _month_of(span.first - _DAY, following=True), _month_of(span.last + _DAY)
    if months[0] >= months[1]:
        months = (span.last + _DAY, span.last + _DAY)
    chunk = span.known >> CHUNK_BITS
    since = chunk << CHUNK_BITS
    if span.known >= LATEST:
        chunk, since = 2**31 - 1, LATEST
    days = (span.first, months[0] - _DAY, months[1], span.last)
    return (book_id, *days, *months, chunk, since, span.known)


def _month_of(day: date, *, following: bool = False) -> date:
    first = day.replace(day=1)
    return (first + timedelta(days=31)).replace(day=1) if following else first


def _typed(columns: Mapping[str, str]) -> str:
    return "".join(f"{it} {kind},\n    " for it, kind in columns.items())


_PLACE = {
    "document_id": f"{TEXT} not null",
    "position": "bigint not null",
    "n": "integer not null",
    "dated": "date not null",
}

_DDL = """
create table if not exists {table} (
    book_id text not null,
    {columns}primary key (book_id, document_id, position, n)
);
-- days that are no whole month
create index if not exists {table}_dated on {table} (book_id, dated);
-- what was written since a chunk of the log began
create index if not exists {table}_position on {table} (book_id, position);
"""

_ROLLUP_DDL = """
create table if not exists {table} (
    book_id text not null,
    {columns}primary key (book_id, month, {keys}chunk) include ({sums})
);
"""

_ADD = """
with fresh as (
    insert into {table} (book_id, {columns})
    select $1::text, fresh.* from ({rows}) fresh
    on conflict do nothing
    returning *
){rolled}
"""

_ROLL_UP = """
insert into {table} as t (book_id, {columns})
select $1::text, {rows}
on conflict (book_id, month, {keys}chunk) do update set {added}
"""

_FRESH = """
       date_trunc('month', dated::timestamp)::date as month, {keys}
       (position >> {bits})::integer as chunk, {summed}
  from fresh group by {keys}month, chunk
"""

_SUMMED = """
    select month, {values} from {rollup}
     where book_id = $1 and month >= $6::date and month < $7::date and chunk < $8::integer
    union all
    select date_trunc('month', dated::timestamp)::date, {values} from {table}
     where book_id = $1 and position >= $9::bigint and position <= $10::bigint
       and dated between $2::date and $5::date
    union all
    select date_trunc('month', dated::timestamp)::date, {values} from {table}
     where book_id = $1 and dated between $2::date and $3::date and position < $9::bigint
    union all
    select date_trunc('month', dated::timestamp)::date, {values} from {table}
     where book_id = $1 and dated between $4::date and $5::date and position < $9::bigint
"""
