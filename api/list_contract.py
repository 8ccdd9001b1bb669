"""List queries in the OpenAPI document: every parameter that ``api.lists`` understands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    Schema,
)

from api.expansion import EXPAND, MOST
from api.list_values import DECIMAL, MAX_INTEGER, MAX_LENGTH
from api.lists import MAX_SORT_KEYS, MAX_VALUES
from api.paging import MAX_CURSOR
from projections.filters import Field, Kind, Operator
from projections.page import DEFAULT_LIMIT, MAX_LIMIT, Listing

READ_AFTER = "Read-After"
CONSISTENCY = "consistency"
EVENTUAL = "eventual"
CONSISTENCIES = ("latest", EVENTUAL)

_MEANINGS: Mapping[Operator, str] = {
    "eq": "is this value",
    "ne": "is not this value, or has none",
    "gt": "is greater than this value",
    "gte": "is this value or greater",
    "lt": "is less than this value",
    "lte": "is this value or less",
    "in": "is one of these values; a comma inside a value is written %2C",
    "nin": "is none of these values, or has none",
    "between": "lies between these two values or is one of them",
    "like": "is as a whole like this pattern, in which * stands for any characters",
    "contains": "contains this text",
    "startswith": "begins with this text (also spelled startsWith)",
    "isnull": "has no value (true) or has one (false) (also spelled isNull)",
}

_STRING = partial(Schema, type=OpenAPIType.STRING)
_SCHEMAS: Mapping[Kind, partial[Schema]] = {
    "text": partial(_STRING, max_length=MAX_LENGTH, pattern=r"^[^\x00]*$"),
    "integer": partial(
        Schema,
        type=OpenAPIType.INTEGER,
        minimum=-MAX_INTEGER,
        maximum=MAX_INTEGER,
    ),
    "decimal": partial(_STRING, pattern=f"^{DECIMAL}$", max_length=32),
    "date": partial(_STRING, format=OpenAPIFormat.DATE),
    "instant": partial(_STRING, format=OpenAPIFormat.DATE_TIME),
    "boolean": partial(Schema, type=OpenAPIType.BOOLEAN),
}


def parameters(
    listing: Listing, selectable: Collection[str] = (), expandable: Collection[str] = ()
) -> list[Parameter]:
    """Every query parameter of a list, in the order of its fields; the paging ones come last."""
    filters = [_filter(field, it) for field in listing.fields.values() for it in field.operators]
    keys = [sign + name for name in listing.sortable for sign in ("", "-")]
    order = ",".join(it.wire for it in listing.order)
    return [
        *filters,
        _several(
            "sort",
            f"Fields to sort by, descending after a minus. Without it: {order}, or by the field of "
            "which a range is asked.",
            _words(keys),
            most=MAX_SORT_KEYS,
        ),
        Parameter(
            name="limit",
            param_in="query",
            description="The most items on a page.",
            schema=Schema(
                type=OpenAPIType.INTEGER,
                minimum=1,
                maximum=MAX_LIMIT,
                default=DEFAULT_LIMIT,
            ),
        ),
        Parameter(
            name="cursor",
            param_in="query",
            description="`nextCursor` of the page before, with the same filters and order.",
            schema=_STRING(max_length=MAX_CURSOR, pattern="^[A-Za-z0-9_-]+$"),
        ),
        *_selection(list(selectable)),
        *_expansion(list(expandable)),
        Parameter(
            name=CONSISTENCY,
            param_in="query",
            description="`latest` waits, for a bounded time, until the list shows what is "
            "committed; `eventual` answers at once. `asOf` says what it shows.",
            schema=_words(list(CONSISTENCIES)),
        ),
        Parameter(
            name=READ_AFTER,
            param_in="header",
            description="Wait only until the list shows this position of the book.",
            schema=_STRING(max_length=15, pattern="^[0-9]+$"),
        ),
    ]


def list_operation(
    listing: Listing, selectable: Collection[str] = (), expandable: Collection[str] = ()
) -> type[Operation]:
    """A class for a handler's ``operation_class`` that adds the parameters of a list."""

    @dataclass
    class ListOperation(Operation):
        def __post_init__(self) -> None:
            own: list[Parameter | Reference] = list(self.parameters or ())
            self.parameters = [*own, *parameters(listing, selectable, expandable)]

    return ListOperation


def _filter(field: Field, operator: Operator) -> Parameter:
    name = f"{field.name}.{operator}"
    description = f"`{field.name}` {_MEANINGS[operator]}."
    match operator:
        case "isnull":
            schema = _SCHEMAS["boolean"]()
        case "in" | "nin":
            return _several(name, description, _element(field), most=MAX_VALUES)
        case "between":
            return _several(name, description, _element(field), least=2, most=2)
        case "like" | "contains" | "startswith":
            schema = _SCHEMAS["text"](min_length=1)
        case _:
            schema = _schema(field)
    return Parameter(name=name, param_in="query", description=description, schema=schema)


def _schema(field: Field) -> Schema:
    return _words(list(field.words)) if field.kind == "enum" else _SCHEMAS[field.kind]()


def _element(field: Field) -> Schema:
    # An empty element is more likely a comma too many than a text that is empty.
    return _SCHEMAS["text"](min_length=1) if field.kind == "text" else _schema(field)


def _words(words: list[str]) -> Schema:
    return _STRING(enum=words)


def _several(name: str, description: str, items: Schema, *, most: int, least: int = 1) -> Parameter:
    return Parameter(
        name=name,
        param_in="query",
        description=description,
        schema=Schema(type=OpenAPIType.ARRAY, items=items, min_items=least, max_items=most),
        style="form",
        explode=False,
    )


def _selection(selectable: list[str]) -> list[Parameter]:
    if not selectable:
        return []
    sentence = "Members of the items to give; without it, all."
    return [_several("fields", sentence, _words(selectable), most=len(selectable))]


def _expansion(expandable: list[str]) -> list[Parameter]:
    if not expandable:
        return []
    sentence = f"Members of the whole entities to add to the items; `limit` is at most {MOST} then."
    return [_several(EXPAND, sentence, _words(expandable), most=len(expandable))]
