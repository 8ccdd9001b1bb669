"""Conditions on the fields of a list, with values that PostgreSQL's statistics know of."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

from projections.filters import Condition, Field, Kind, Value, positive
from projections.page import Listing
from store.database import Connection

_ABSENT: Mapping[Kind, Value] = {
    "text": "~ no row has this ~",
    "integer": -1,
    "decimal": Decimal("-1.23"),
    "date": date(1999, 1, 1),
    "instant": datetime(1999, 1, 1, tzinfo=UTC),
}

_FEW, _MOST = 0.01, 0.5

# What is common comes first; the bounds divide the other values into parts of equal size.
_STATISTICS = """
select most_common_vals::text::text[], most_common_freqs, histogram_bounds::text::text[]
  from pg_stats where schemaname = 'projections' and tablename = $1 and attname = $2
"""


class _Known(NamedTuple):
    """Values of a column: which part of the rows has the common ones; and some in order."""

    common: dict[Value, float]
    ordered: list[Value]

    def middle(self, count: int = 1) -> list[Value]:
        """Some values around the median."""
        return self.ordered[len(self.ordered) // 2 :][:count]


async def middles(connection: Connection, listing: Listing) -> AsyncIterator[Condition]:
    """For each field that can be sorted by: the rows from its median on."""
    for name in listing.sortable:
        field = listing.fields[name]
        known = await _known(connection, listing, field)
        if known.ordered:
            yield Condition(field, "gte", tuple(known.middle()))


async def conditions(
    connection: Connection, listing: Listing
) -> AsyncIterator[tuple[str, Condition]]:
    """Conditions on each field, with a name."""
    for field in listing.fields.values():
        known = await _known(connection, listing, field)
        for condition in _conditions(field, known):
            if condition.operator in field.operators:
                values = ",".join(str(it)[:26] for it in condition.values)
                yield f"{field.name}.{condition.operator}={values}", condition


def _conditions(field: Field, known: _Known) -> Iterator[Condition]:
    common = list(known.common)
    absent = [_ABSENT[field.kind]] if field.kind in _ABSENT else []
    asked = list(dict.fromkeys([*common[:1], *common[-1:], *known.middle(), *field.words, *absent]))
    for value in asked:
        yield Condition(field, "eq", (value,))
        yield from _excluding(field, known, [value])
    yield Condition(field, "in", tuple(asked[:3]))
    yield from _excluding(field, known, asked[:3])
    for nothing in (True, False):
        yield Condition(field, "isnull", (nothing,))
    for value in (*known.ordered[:1], *known.middle(), *known.ordered[-1:]):
        yield Condition(field, "gte", (value,))
        yield Condition(field, "lt", (value,))
        if field.kind == "text":
            yield Condition(field, "startswith", (str(value)[:-1],))
    for value in known.middle():
        if field.kind == "text":
            yield Condition(field, "startswith", (str(value)[:2],))
        if field.kind == "text" and sum(known.common.values()) < _MOST:
            yield Condition(field, "like", (f"{str(value)[:-2]}*{str(value)[-1]}",))
        yield Condition(field, "between", (value, known.middle(2)[-1]))


def _excluding(field: Field, known: _Known, values: list[Value]) -> Iterator[Condition]:
    """Rows without these values, if many are left or the index finds the few."""
    left = 1 - sum(known.common.get(it, 0) for it in values)
    condition = Condition(field, "nin", tuple(values))
    if left > _FEW or positive(condition) is not condition:
        yield condition


async def _known(connection: Connection, listing: Listing, field: Field) -> _Known:
    row = await connection.fetchrow(_STATISTICS, listing.table, field.column)
    if row is None:
        return _Known({}, [])
    texts, shares, bounds = row
    typed = f"select array_agg(it::{field.sql_type}) from unnest($1::text[]) it"  # noqa: S608 - a type
    common, some = [await connection.fetchval(typed, it or []) or [] for it in (texts, bounds)]
    return _Known(dict(zip(common, shares or (), strict=True)), sorted({*common, *some}))
