"""Filters of list queries: declared fields, conditions on them, and their SQL.

A read model declares each field that clients may filter by. Identifiers in the SQL come from these
declarations alone; every value is a bound parameter.

Case and order of text. Text is compared as it stands, code point by code point (``COLLATE "C"``),
so that an answer and a cursor mean the same on every machine. A read model that declares its text
columns as ``text COLLATE "C"`` gets ``startswith``, ranges and sorting from plain btree indexes.
Where people expect case not to matter, the read model keeps a second column filled with
``folded(text)`` and declares it with ``fold=True``: no function is ever applied to a column.
``contains``, and ``like`` that begins with ``*``, cannot use such an index and read all rows of the
book that the other conditions leave.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["text", "enum", "integer", "decimal", "date", "instant", "boolean"]
Operator: TypeAlias = Literal[
    "eq",
    "ne",
    "gt",
    "gte",
    "lt",
    "lte",
    "in",
    "nin",
    "between",
    "like",
    "contains",
    "startswith",
    "isnull",
]
Value: TypeAlias = str | int | bool | Decimal | date | datetime

SQL_TYPES: Mapping[Kind, str] = {
    "text": "text",
    "enum": "text",
    "integer": "bigint",
    "decimal": "numeric",
    "date": "date",
    "instant": "timestamptz",
    "boolean": "boolean",
}

_EQUALITY: tuple[Operator, ...] = ("eq", "ne", "in", "nin")
_ORDER: tuple[Operator, ...] = ("gt", "gte", "lt", "lte", "between")
_PATTERN: tuple[Operator, ...] = ("like", "contains", "startswith")

OPERATORS: Mapping[Kind, tuple[Operator, ...]] = {
    "text": (*_EQUALITY, *_ORDER, *_PATTERN, "isnull"),
    "enum": (*_EQUALITY, "isnull"),
    "integer": (*_EQUALITY, *_ORDER, "isnull"),
    "decimal": (*_EQUALITY, *_ORDER, "isnull"),
    "date": (*_EQUALITY, *_ORDER, "isnull"),
    "instant": (*_EQUALITY, *_ORDER, "isnull"),
    "boolean": ("eq", "ne", "isnull"),
}

IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
_COMPARISONS: Mapping[str, str] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_FEW = 8
_LAST_CODE_POINT = "\U0010ffff"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a read model that clients may filter or sort by.

    ``operators`` empty means all that the kind knows. ``values`` are the words of an enum;
    ``elsewhere`` maps further words to the column that holds them (``status.in=Posted,Paid`` where
    ``Paid`` stands in the column ``settlement``). ``nullable=False`` is a promise that the column
    is NOT NULL, and gives faster pages. ``fold=True`` says that the column holds ``folded`` text.
    A sortable text should stay below 300 characters, because a cursor carries it.

    Raises:
        ValueError: The declaration contradicts itself.
    """

    name: str
    column: str
    kind: Kind
    operators: tuple[Operator, ...] = ()
    values: tuple[str, ...] = ()
    elsewhere: dict[str, str] = {}
    sortable: bool = False
    nullable: bool = True
    fold: bool = False

    def __post_init__(self) -> None:
        """Fill in the operators of the kind, and refuse what cannot be meant."""
        for identifier in (self.column, *self.elsewhere.values()):
            if not IDENTIFIER.fullmatch(identifier):
                raise ValueError(f"Field {self.name}: {identifier!r} is not a plain column name.")
        known = [it for it in OPERATORS[self.kind] if it != "isnull" or self.nullable]
        if unknown := [it for it in self.operators if it not in known]:
            raise ValueError(f"Field {self.name} of kind {self.kind} has no operator {unknown}.")
        if (self.kind == "enum") != bool(self.values) or (self.elsewhere and not self.values):
            raise ValueError(f"Field {self.name}: an enum, and only an enum, lists its values.")
        if self.fold and self.kind != "text":
            raise ValueError(f"Field {self.name}: only text can be folded.")
        if not self.operators:
            msgspec.structs.force_setattr(self, "operators", tuple(known))

    @property
    def words(self) -> tuple[str, ...]:
        """Every word of an enum that a client may send."""
        return (*self.values, *self.elsewhere)

    @property
    def sql_type(self) -> str:
        """The PostgreSQL type that values of this field are bound as."""
        return SQL_TYPES[self.kind]

    @property
    def ordered(self) -> str:
        """The column as it is compared and sorted: text by code point, whatever the column says."""
        return self.column + ' COLLATE "C"' if self.sql_type == "text" else self.column

    def stored(self, value: Value) -> Value:
        """The value in the form in which the column holds it."""
        return folded(value) if self.fold and isinstance(value, str) else value


class Condition(msgspec.Struct, frozen=True):
    """One condition; ``values`` holds one value, two for between, any number for in and nin."""

    field: Field
    operator: Operator
    values: tuple[Value, ...]

    @property
    def is_range(self) -> bool:
        """Whether it holds for values that stand together in the order of the field."""
        if self.operator == "like":
            before, asterisk, _ = str(self.values[0]).partition("*")
            return bool(before and asterisk)
        return self.operator in {*_ORDER, "startswith"}


class Binds:
    """The bound parameters of one statement, numbered in order of use."""

    def __init__(self) -> None:
        self.values: list[object] = []

    def __call__(self, value: object, sql_type: str) -> str:
        """Bind a value and give its placeholder, cast so that no type is left to be guessed."""
        self.values.append(value)
        return f"${len(self.values)}::{sql_type}"


def folded(text: str) -> str:
    """Text without distinctions of case and compatibility (Unicode caseless matching, NFKC)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def where_sql(book_id: str, conditions: Sequence[Condition], bind: Binds) -> str:
    """All conditions as one SQL condition, the book first."""
    book = "book_id = " + bind(book_id, "text")
    return " AND ".join([book, *(condition_sql(it, bind) for it in conditions)])


def condition_sql(condition: Condition, bind: Binds) -> str:
    """One condition as SQL.

    ``ne`` and ``nin`` are the complements of ``eq`` and ``in``: they hold where no value is.
    """
    field = condition.field
    values = [field.stored(it) for it in condition.values]
    match condition.operator:
        case "eq" | "in":
            return f"({_any_of(field, values, bind)})" if values else "FALSE"
        case "ne" | "nin":
            return f"({_any_of(field, values, bind)}) IS NOT TRUE"
        case "gt" | "gte" | "lt" | "lte":
            comparison = _COMPARISONS[condition.operator]
            return f"{field.ordered} {comparison} {bind(values[0], field.sql_type)}"
        case "between":
            low, high = (bind(it, field.sql_type) for it in values)
            return f"({field.ordered} >= {low} AND {field.ordered} <= {high})"
        case "isnull":
            return f"{field.column} IS {'NULL' if values[0] else 'NOT NULL'}"
        case "startswith":
            return _starts_with(field, str(values[0]), bind)
        case "contains":
            return f"{field.ordered} LIKE {bind(f'%{_literal(str(values[0]))}%', 'text')}"
        case "like":
            return _like(field, str(condition.values[0]), bind)


def positive(condition: Condition) -> Condition:
    """The same condition, as ``in`` where it says what a column with few words does not hold.

    An index finds the rows that have a value, and none finds those that have not.
    """
    field = condition.field
    every: tuple[Value, ...] = (False, True) if field.kind == "boolean" else field.values
    excluded = frozenset(condition.values)
    if condition.operator not in {"ne", "nin"} or field.nullable or not excluded <= {*every}:
        return condition
    return Condition(field, "in", tuple(it for it in every if it not in excluded))


def alternatives(conditions: Sequence[Condition]) -> list[tuple[Condition, ...]]:
    """Conditions of which exactly one holds where these do, each with one value for an ``in``.

    Each is a range of an index that is in order already; ``in`` is several that are not. Of more
    values than a few, or where words stand in different columns, it stays one.
    """
    given = tuple(map(positive, conditions))
    for at, condition in enumerate(given):
        field = condition.field
        values = dict.fromkeys(map(field.stored, condition.values))
        if (
            condition.operator == "in"
            and 1 < len(values) <= _FEW
            and not field.elsewhere.keys() & values
        ):
            return [
                (*given[:at], Condition(field, "eq", (value,)), *given[at + 1 :])
                for value in values
            ]
    return [given]


def _any_of(field: Field, values: Sequence[Value], bind: Binds) -> str:
    columns: dict[str, list[Value]] = {}
    for value in values:
        column = (
            field.elsewhere.get(value, field.column) if isinstance(value, str) else field.column
        )
        columns.setdefault(column, []).append(value)
    return " OR ".join(_equals(it, columns[it], field.sql_type, bind) for it in columns)


def _equals(column: str, values: list[Value], sql_type: str, bind: Binds) -> str:
    # A plain equality keeps the order of an index behind it; = ANY does not before PostgreSQL 17.
    if len(values) == 1:
        return f"{column} = {bind(values[0], sql_type)}"
    return f"{column} = ANY({bind(values, sql_type + '[]')})"


def _starts_with(field: Field, prefix: str, bind: Binds) -> str:
    # A range, because the planner cannot see an index range in a LIKE whose pattern is a parameter.
    low = f"{field.ordered} >= {bind(prefix, 'text')}"
    end = after_prefix(prefix)
    return low if end is None else f"({low} AND {field.ordered} < {bind(end, 'text')})"


def _like(field: Field, pattern: str, bind: Binds) -> str:
    # Folding comes after splitting: it could turn another character into an asterisk.
    pieces = [str(field.stored(it)) for it in pattern.split("*")]
    if len(pieces) == 1:
        return f"{field.column} = {bind(pieces[0], 'text')}"
    matches = f"{field.ordered} LIKE {bind('%'.join(map(_literal, pieces)), 'text')}"
    return f"({_starts_with(field, pieces[0], bind)} AND {matches})" if pieces[0] else matches


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def after_prefix(prefix: str) -> str | None:
    """The smallest text that is greater than every text with this prefix; None if there is none."""
    stem = prefix.rstrip(_LAST_CODE_POINT)
    if not stem:
        return None
    # PostgreSQL stores no surrogates, so the code point after U+D7FF is U+E000.
    last = stem[-1]
    return stem[:-1] + ("\ue000" if last == "\ud7ff" else chr(ord(last) + 1))
