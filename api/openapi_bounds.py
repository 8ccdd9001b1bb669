"""How large things may be, said for every text, number and list of the contract.

What is sent to Daybook says its bounds in its type, and they are enforced. What Daybook sends keeps
to what was let in; where no type says how large that is, the generous bounds below hold, so that
a client can choose the sizes of its columns and buffers.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

Json = dict[str, Any]

MAX_TEXT = 1_048_576
MAX_ITEMS = 100_000
MAX_MEMBERS = 1_000
MAX_NUMBER = 2**53 - 1
"""Beyond it, JSON numbers lose digits in most clients (RFC 8259, section 6)."""

_INT32 = 2**31 - 1
_FILE = 10 * 1_048_576  # what the shell lets in at most
_LENGTHS: Mapping[str, int] = MappingProxyType(
    {"date": 10, "date-time": 40, "uri": 2048, "binary": _FILE}
)
_SCHEMAS = ("items", "not", "additionalProperties")
_LISTS = ("anyOf", "oneOf", "allOf")

_FORMS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("header", "If-Match"): r'^(\*|"(0|[1-9][0-9]{0,15})")$',
        ("header", "Last-Event-ID"): "^(0|[1-9][0-9]{0,18})$",
        ("query", "asOf"): r"^([0-9]{1,15}|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+)$",
    }
)
"""What parameters look like whose handlers read them themselves, and say what is wrong."""


def bound_all(document: Json) -> None:
    """Complete the bounds of every schema in the document, in place."""
    for schema in document["components"]["schemas"].values():
        bound(schema)
    waiting: list[Any] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            bound(node.get("schema"))
            waiting += [it for name, it in node.items() if name not in {"schemas", "example"}]
        elif isinstance(node, list):
            waiting += node


def describe_form(parameter: Json) -> None:
    """Give a parameter its pattern, in place."""
    form = _FORMS.get((parameter["in"], parameter["name"]))
    if form is not None:
        parameter["schema"].setdefault("pattern", form)


def bound(schema: Any) -> None:
    """Complete the bounds of a schema and of all schemas inside it, in place."""
    if not isinstance(schema, dict):
        return
    kinds = schema.get("type") or _type_of(schema.get("enum", ()))
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        _bound_one(kind, schema)
    for inner in schema.get("properties", {}).values():
        bound(inner)
    for word in _SCHEMAS:
        bound(schema.get(word))
    for word in _LISTS:
        for choice in schema.get(word, ()):
            bound(choice)


def _bound_one(kind: str | None, schema: Json) -> None:
    match kind:
        case "string" if not schema.keys() & {"const", "enum", "maxLength"}:
            schema["maxLength"] = _LENGTHS.get(schema.get("format", ""), MAX_TEXT)
        case "array":
            schema.setdefault("maxItems", MAX_ITEMS)
        case "integer":
            _bound_integer(schema)
        case "object" if schema.get("additionalProperties"):
            schema.setdefault("maxProperties", MAX_MEMBERS)


def _type_of(words: Collection[object]) -> str | None:
    """Msgspec does not say of whole numbers to choose from that they are integers."""
    return "integer" if words and all(type(it) is int for it in words) else None


def _bound_integer(schema: Json) -> None:
    only, words = schema.get("const"), schema.get("enum")
    least: Any = schema.get("exclusiveMinimum", schema.get("minimum", -MAX_NUMBER))
    most: Any = schema.get("exclusiveMaximum", schema.get("maximum", MAX_NUMBER))
    if only is not None:
        least = most = only
    elif words:
        schema["type"], least, most = "integer", min(words), max(words)
    if "exclusiveMinimum" not in schema:
        schema["minimum"] = least
    if "exclusiveMaximum" not in schema:
        schema["maximum"] = most
    small = least >= -_INT32 and most <= _INT32
    schema.setdefault("format", "int32" if small else "int64")
