"""Examples made from schemas, so that every operation can be tried as it is documented."""

from collections.abc import Mapping
from typing import Any

_FORMATS = {"date": "2026-11-01", "date-time": "2026-11-01T09:30:00Z", "uri": "https://example.com"}
_PLAIN = {"string": "text", "integer": 1, "number": 1.5, "boolean": True, "null": None}
_MAX_DEPTH = 8  # schemas may refer to themselves


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that fits the JSON Schema; ``schemas`` are the components it refers to.

    Of an object it shows what is required and what has an example of its own.
    """
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, depth)
    for given in (schema.get("examples"), schema.get("enum")):
        if given:
            return given[0]
    for word in ("const", "example", "default"):
        if schema.get(word):
            return schema[word]
    for choice in schema.get("anyOf", schema.get("oneOf", ())):
        if choice != {"type": "null"}:
            return example_of(choice, schemas, depth)
    kind = schema.get("type")
    if depth >= _MAX_DEPTH or kind not in {"array", "object"}:
        return _scalar(schema)
    if kind == "array":
        return [example_of(schema["items"], schemas, depth + 1)] if "items" in schema else []
    return {
        name: example_of(member, schemas, depth + 1)
        for name, member in schema.get("properties", {}).items()
        if name in schema.get("required", ()) or _is_telling(member)
    }


def _scalar(schema: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if kind in {"integer", "number"} and "minimum" in schema:
        return max(schema["minimum"], 1)
    return _FORMATS.get(schema.get("format", ""), _PLAIN.get(str(kind)))


def _is_telling(schema: Mapping[str, Any]) -> bool:
    """Whether an optional member is worth showing."""
    choices = [schema, *schema.get("anyOf", ())]
    return any(
        choice.get("examples") or choice.get("format") in _FORMATS or "items" in choice
        for choice in choices
    )
