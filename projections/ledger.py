"""Ledgers: rows that are only ever added, and the sums of whole months of them.

A report over years adds up months and not rows. A month's sums are kept apart by how far the log
had come when their rows were written, in chunks of 2^18 positions, so that what was known at any
position is the sum of the chunks before it and of the rows since its own chunk began.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from projections.latest import TEXT
from projections.moment import LATEST, Span
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
        *first, last = [self._roll_up(it) for it in rollups]
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

    def arrays(self, first: int = 2) -> str:
        """``unnest`` of one array parameter for each column."""
        kinds = enumerate(self.columns.values(), first)
        return f"unnest({', '.join(f'${at}::{kind.split()[0]}[]' for at, kind in kinds)})"

    def summed(self, rollup: Rollup) -> str:
        """A query of sums by month and the rollup's keys, whose parameters ``bounds`` gives.

        Rows of it may still have to be added up: a month may stand in it more than once.
        """
        return _SUMMED.format(
            table=self.table,
            rollup=rollup.table,
            values=", ".join([*rollup.keys, *self.sums]),
        )

    async def write(
        self, connection: Connection, book_id: str, rows: Sequence[Sequence[object]]
    ) -> None:
        """Add rows that have all columns of the ledger, in order."""
        if rows:
            sql = self.add(f"select * from {self.arrays()}")  # noqa: S608 - types of this package
            await connection.execute(sql, book_id, *zip(*rows, strict=True))

    def _rollup_ddl(self, rollup: Rollup) -> str:
        keys = {it: self.columns[it] for it in rollup.keys}
        sums = {it: self.columns[it] for it in self.sums}
        columns = {"month": "date not null", **keys, "chunk": "integer not null", **sums}
        return _ROLLUP_DDL.format(
            table=rollup.table,
            columns=_typed(columns),
            keys="".join(f"{it}, " for it in rollup.keys),
        )

    def _roll_up(self, rollup: Rollup) -> str:
        return _ROLL_UP.format(
            table=rollup.table,
            keys="".join(f"{it}, " for it in rollup.keys),
            sums=", ".join(self.sums),
            summed=", ".join(f"sum({it})" for it in self.sums),
            added=", ".join(f"{it} = t.{it} + excluded.{it}" for it in self.sums),
            bits=CHUNK_BITS,
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
    {columns}primary key (book_id, month, {keys}chunk)
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
insert into {table} as t (book_id, month, {keys}chunk, {sums})
select $1::text, date_trunc('month', dated::timestamp)::date as month, {keys}
       (position >> {bits})::integer as chunk, {summed}
  from fresh group by {keys}month, chunk
on conflict (book_id, month, {keys}chunk) do update set {added}
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
