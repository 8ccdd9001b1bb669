"""Pages of a list: which columns a read model gives, in which order, and where a page goes on.

A page starts after the sort values of the last row seen, never at an offset, so rows that come or
go elsewhere move nothing. NULL sorts as the greatest value, which is PostgreSQL's own order: one
index on (book_id, column, key) serves both directions.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from projections.filters import (
    IDENTIFIER,
    Binds,
    Condition,
    Field,
    Kind,
    Value,
    alternatives,
    where_sql,
)
from store.database import Connection, Pool

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

Place: TypeAlias = tuple[Value | None, ...]

_COLUMN_TYPES: Mapping[Kind, tuple[str, ...]] = {
    "text": ("text",),
    "enum": ("text",),
    "integer": ("smallint", "integer", "bigint"),
    "decimal": ("numeric",),
    "date": ("date",),
    "instant": ("timestamp with time zone",),
    "boolean": ("boolean",),
}


class SortKey(msgspec.Struct, frozen=True):
    """One step of an order."""

    field: Field
    descending: bool = False

    @property
    def wire(self) -> str:
        """The key as clients write it: ``-total`` for descending."""
        return "-" + self.field.name if self.descending else self.field.name


class Listing:
    """What clients may ask of a read model: its table, the columns it gives, its fields and order.

    ``key`` names the field that is unique within a book; it breaks ties in every order. ``order``
    is used when the client asks for none, written as on the wire: ``("-issueDate",)``.

    Raises:
        ValueError: A name is not a plain identifier, appears twice, or is not declared.
    """

    def __init__(
        self,
        name: str,
        *,
        table: str,
        columns: Sequence[str],
        fields: Sequence[Field],
        key: str = "id",
        order: Sequence[str] = (),
    ) -> None:
        for identifier in (*table.split("."), *columns):
            if not IDENTIFIER.fullmatch(identifier):
                raise ValueError(f"List {name}: {identifier!r} is not a plain identifier.")
        self.name = name
        self.table = table
        self.columns = tuple(columns)
        self.fields: dict[str, Field] = {it.name: it for it in fields}
        if len(self.fields) != len(fields):
            raise ValueError(f"List {name} declares a field twice.")
        if key not in self.fields or self.fields[key].nullable:
            raise ValueError(f"List {name}: its key {key!r} must be a field that is not nullable.")
        self.key = self.fields[key]
        self.sortable = tuple(it.name for it in fields if it.sortable)
        self.order = self.sort(order or (f"-{key}",))

    def order_for(self, where: Sequence[Condition]) -> tuple[SortKey, ...]:
        """The order when the client asks for none: that of a range which it asks for comes first.

        Rows of such a range stand together in an index, in the order of its field and in no other.
        """
        (first, *_) = self.order
        ranges = [it.field for it in where if it.is_range]
        if not ranges or first.field in ranges:
            return self.order
        keys = (SortKey(ranges[0], first.descending), *self.order)
        return self.sort([it.wire for it in keys])

    def sort(self, keys: Sequence[str]) -> tuple[SortKey, ...]:
        """The order that wire keys such as ``-total`` mean, made total by the key of the list.

        The key follows the direction of the step before it, so that one index serves both.

        Raises:
            ValueError: A key is no declared field.
        """
        steps: list[SortKey] = []
        for wire in keys:
            field = self.fields.get(wire.removeprefix("-"))
            if field is None:
                raise ValueError(f"List {self.name} has no field {wire!r} to sort by.")
            steps.append(SortKey(field, wire.startswith("-")))
            if field is self.key:
                return tuple(steps)  # Nothing after a unique key can decide anything.
        descending = bool(steps) and steps[-1].descending
        return (*steps, SortKey(self.key, descending))


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list: what, in which order, how many rows, and after which place."""

    sort: tuple[SortKey, ...]
    where: tuple[Condition, ...] = ()
    limit: int = DEFAULT_LIMIT
    after: Place | None = None


class Rows(msgspec.Struct, frozen=True):
    """The rows of a page, and the place to go on from; None when nothing follows."""

    rows: list[dict[str, Any]]
    last: Place | None


async def fetch_page(
    connection: Connection | Pool, listing: Listing, book_id: str, query: Query
) -> Rows:
    """Read one page of one book."""
    statement, values = page_sql(listing, book_id, query)
    records = await connection.fetch(statement, *values)
    rows = [{it: record[it] for it in listing.columns} for record in records[: query.limit]]
    if len(records) <= query.limit:
        return Rows(rows, None)
    last = records[query.limit - 1]
    return Rows(rows, tuple(last[f"@{it}"] for it in range(len(query.sort))))


def page_sql(listing: Listing, book_id: str, query: Query) -> tuple[str, list[object]]:
    """The statement for one page and its parameters. It asks for one row more than the limit."""
    bind = Binds()
    wheres = [where_sql(book_id, it, bind) for it in alternatives(query.where)]
    ranges = _ranges(query.sort, query.after, bind) if query.after is not None else ["TRUE"]
    limit = bind(query.limit + 1, "bigint")
    # The sort values come under names that no declared column can have.
    places = {f'"@{at}"': key for at, key in enumerate(query.sort)}
    given = [*listing.columns, *(f"{key.field.column} AS {it}" for it, key in places.items())]
    head = ["SELECT", ", ".join(given), "FROM", listing.table, "WHERE"]
    foot = ["ORDER BY", ", ".join(it.field.ordered + _way(it) for it in query.sort), "LIMIT", limit]
    pieces = [" ".join([*head, where, "AND", it, *foot]) for where in wheres for it in ranges]
    if len(pieces) == 1:
        return pieces[0], bind.values
    # Each piece is a range of one index and stops at the limit, so the sort around them is small.
    order = ", ".join(_named(it, key) + _way(key) for it, key in places.items())
    union = " UNION ALL ".join(f"({it})" for it in pieces)
    outer = ["SELECT * FROM (", union, ") AS page ORDER BY", order, "LIMIT", limit]
    return " ".join(outer), bind.values


def _way(key: SortKey) -> str:
    return " DESC" if key.descending else ""


def _named(name: str, key: SortKey) -> str:
    return name + key.field.ordered.removeprefix(key.field.column)


def _ranges(keys: Sequence[SortKey], place: Place, bind: Binds) -> list[str]:
    """Disjoint conditions for "after this place", each one range of the first column."""
    if not keys:
        return []
    (key, *more), (value, *deeper) = keys, place
    column = key.field.ordered
    if value is None:
        rest = _ranges(more, tuple(deeper), bind)
        same = [f"({column} IS NULL AND ({' OR '.join(rest)}))"] if rest else []
        return [*same, f"{column} IS NOT NULL"] if key.descending else same
    nulls = [f"{column} IS NULL"] if key.field.nullable and not key.descending else []
    if all(it.descending == key.descending and not it.field.nullable for it in more):
        return [_row_comparison(keys, place, bind), *nulls]
    sign = "<" if key.descending else ">"
    bound = bind(value, key.field.sql_type)
    rest = _ranges(more, tuple(deeper), bind)
    beyond = " OR ".join([f"{column} {sign} {bound}", *rest])
    return [f"({column} {sign}= {bound} AND ({beyond}))", *nulls]


def _row_comparison(keys: Sequence[SortKey], place: Place, bind: Binds) -> str:
    columns = ", ".join(it.field.ordered for it in keys)
    values = ", ".join(
        bind(value, it.field.sql_type) for it, value in zip(keys, place, strict=True)
    )
    return f"({columns}) {'<' if keys[0].descending else '>'} ({values})"


async def declaration_errors(connection: Connection | Pool, listing: Listing) -> list[str]:
    """What a list promises and its table does not keep; a test asks this of every list.

    A column that is declared as not nullable and holds NULL would lose rows between two pages.
    """
    records = await connection.fetch(_COLUMNS, listing.table)
    actual = {it["name"]: (it["type"], it["required"]) for it in records}
    errors = [f"{it} does not exist" for it in listing.columns if it not in actual]
    for field in listing.fields.values():
        for column in dict.fromkeys([field.column, *field.elsewhere.values()]):
            sql_type, required = actual.get(column, ("missing", True))
            if sql_type not in _COLUMN_TYPES[field.kind]:
                errors.append(f"{column} is {sql_type}, but {field.name} is of kind {field.kind}")
            if column == field.column and not (required or field.nullable):
                errors.append(f"{column} may be NULL, but {field.name} is not nullable")
    return errors


_COLUMNS = """
SELECT attname AS name, format_type(atttypid, NULL) AS type, attnotnull AS required
FROM pg_attribute
WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
"""
