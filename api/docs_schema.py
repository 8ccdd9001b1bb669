"""JSON Schemas as rows of a table: which fields there are, of which type, and what they mean."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Json = Mapping[str, Any]

_MAX_DEPTH = 4  # levels of nesting shown; deeper ones are named only


class Row(NamedTuple):
    """One field. ``name`` is its path: ``lines[].quantity``."""

    name: str
    type: str
    required: bool
    meaning: str


def rows_of(schema: Json, schemas: Json) -> list[Row]:
    """The fields of an object, those of objects inside it after them."""
    return list(_rows(schema, schemas, "", _MAX_DEPTH))


def type_of(schema: Json, schemas: Json) -> str:
    """The type and its bounds in a few words."""
    if "$ref" in schema:
        name, target = _target(schema, schemas)
        return type_of(target, schemas) if "enum" in target else name
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(type_of(it, schemas) for it in schema[word]))
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if schema.get("type") == "array":
        return f"array of {type_of(schema.get('items', {}), schemas)}{_bounds(schema)}"
    return f"{schema.get('format') or schema.get('type', 'any')}{_bounds(schema)}"


def _bounds(schema: Json) -> str:
    least = schema.get("minimum", schema.get("minLength", schema.get("minItems")))
    most = schema.get("maximum", schema.get("maxLength", schema.get("maxItems")))
    if most in (None, 2**53 - 1):
        return f" ≥ {least}" if least is not None else ""
    return f" ≤ {most}" if least in (None, 0) else f" {least}…{most}"


def _rows(schema: Json, schemas: Json, prefix: str, depth: int) -> Iterator[Row]:
    for inner, path in _objects(schema, schemas, prefix):
        required = inner.get("required", ())
        for name, member in inner.get("properties", {}).items():
            place = f"{path}.{name}" if path else name
            kind = type_of(member, schemas)
            yield Row(place, kind, name in required, _meaning(member, schemas))
            if depth:
                yield from _rows(member, schemas, place, depth - 1)


def _objects(schema: Json, schemas: Json, path: str) -> Iterator[tuple[Json, str]]:
    """The objects that a value of this schema may be or hold, with the path to each."""
    if "$ref" in schema:
        yield from _objects(_target(schema, schemas)[1], schemas, path)
    elif "properties" in schema:
        yield schema, path
    elif schema.get("type") == "array":
        yield from _objects(schema.get("items", {}), schemas, f"{path}[]")
    elif isinstance(schema.get("additionalProperties"), Mapping):
        yield from _objects(schema["additionalProperties"], schemas, f"{path}.*")
    else:
        for choice in schema.get("anyOf", schema.get("oneOf", ())):
            yield from _objects(choice, schemas, path)


def _meaning(schema: Json, schemas: Json) -> str:
    if "description" in schema:
        return str(schema["description"])
    choices = [it for it in schema.get("anyOf", ()) if it != {"type": "null"}]
    if len(choices) == 1:
        return _meaning(choices[0], schemas)
    if "$ref" in schema:
        return _meaning(_target(schema, schemas)[1], schemas)
    return _meaning(schema["items"], schemas) if "items" in schema else ""


def _target(schema: Json, schemas: Json) -> tuple[str, Json]:
    name = schema["$ref"].rpartition("/")[2]
    return name, schemas[name]
