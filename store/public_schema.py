"""JSON Schemas (2020-12) of the public form of events: one a type and version, from the code.

They describe and do not restrict: a field that a schema does not name may appear at any time, and
is to be ignored.
"""

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec
from msgspec import inspect as types

from domain.aggregate import Fact
from domain.facts import FACTS
from store.public import PublicEvent, public_name

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PING = "webhook.ping"
"""The type of what a ping sends: no event of the book, so it has no position."""

_DECIMAL = r"^-?[0-9]+(\.[0-9]+)?$"
_PLAIN: Mapping[type[types.Type], Schema] = MappingProxyType(
    {
        types.StrType: {"type": "string"},
        types.BoolType: {"type": "boolean"},
        types.IntType: {"type": "integer"},
        types.NoneType: {"type": "null"},
        types.DateType: {"type": "string", "format": "date"},
        types.DateTimeType: {"type": "string", "format": "date-time"},
        types.DecimalType: {"type": "string", "pattern": _DECIMAL},
        types.AnyType: {},
    }
)
# What the envelope's members mean. Every one of them is there, in every event.
_ENVELOPE: Mapping[str, str] = MappingProxyType(
    {
        "id": "Identifies the event. It is the same in every attempt and replay.",
        "schemaVersion": "Which schema of this type it has: a new shape gets a higher number.",
        "timestamp": "When it was recorded, in UTC.",
        "bookId": "The book in which it happened.",
        "position": "Its place among all events of the book: 1, 2, 3 … without gaps.",
        "rowVersion": "Its place among the events of its entity, without gaps.",
        "previousRowVersion": "The rowVersion of the event before it; 0 if it is the first.",
        "actor": "The API key, or the part of the program, that caused it.",
    }
)


def event_schemas() -> dict[tuple[str, int], Schema]:
    """The schema of every type in its current version, and of pings."""
    schemas = {(fact.TOPIC, fact.class_version): event_schema(fact) for fact in FACTS}
    return {**schemas, (PING, 1): _ping_schema()}


def schema_bytes(schema: Schema) -> bytes:
    """A schema as it is served and as it is kept in ``docs/events``."""
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def event_schema(fact: type[Fact]) -> Schema:
    """The schema of the events that carry this fact."""
    envelope = _struct(types.type_info(PublicEvent), {})
    parts: dict[str, Schema] = {}
    changes = "to" in fact.__struct_fields__
    data = (_changed if changes else _struct)(types.type_info(fact), parts)
    members: dict[str, Schema] = envelope["properties"]
    members |= {name: {**members[name], "description": _ENVELOPE[name]} for name in _ENVELOPE}
    members["type"] = {"const": fact.TOPIC}
    members["schemaVersion"] |= {"const": fact.class_version}
    members["aggregate"] = _aggregate()
    members["data"] = data
    return {
        **_head(fact.TOPIC, fact.class_version, meaning(fact)),
        **{key: envelope[key] for key in ("type", "properties", "required")},
        **({"$defs": dict(sorted(parts.items()))} if parts else {}),
    }


def thin(schema: Schema) -> Schema:
    """The schema of the same event for endpoints that ask for ``thin`` payloads."""
    data = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    without_parts = {key: value for key, value in schema.items() if key != "$defs"}
    return {
        **without_parts,
        "$id": schema["$id"] + ":thin",
        "properties": {**schema["properties"], "data": data},
    }


def meaning(type_: type[msgspec.Struct]) -> str:
    """The docstring as one paragraph, with fields under their public names."""
    text = " ".join((inspect.getdoc(type_) or "").split())
    fields = type_.__struct_fields__

    def named(found: re.Match[str]) -> str:
        return f"`{public_name(found[1]) if found[1] in fields else found[1]}`"

    return re.sub(r"``(.+?)``", named, text)


def _head(topic: str, version: int, description: str) -> Schema:
    return {
        "$schema": DIALECT,
        "$id": f"urn:daybook:event:{topic}:{version}",
        "title": topic,
        "description": description,
    }


def _aggregate() -> Schema:
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "The entity that it happened to.",
        "properties": {"type": text, "id": text},
        "required": ["type", "id"],
    }


def _ping_schema() -> Schema:
    text = {"type": "string"}
    data = {
        "type": "object",
        "properties": {"endpointId": text},
        "required": ["endpointId"],
    }
    members = {
        "id": {**text, "description": "Identifies the ping."},
        "type": {"const": PING},
        "schemaVersion": {"type": "integer", "const": 1},
        "timestamp": {**text, "format": "date-time"},
        "bookId": text,
        "data": data,
    }
    description = "Somebody tries the endpoint out. It is no event of the book."
    return {
        **_head(PING, 1, description),
        "type": "object",
        "properties": members,
        "required": list(members),
    }


def _of(type_: types.Type, parts: dict[str, Schema]) -> Schema:
    if (plain := _PLAIN.get(type(type_))) is not None:
        return dict(plain)
    return _COMPOUND[type(type_)](type_, parts)


def _struct(type_: Any, parts: dict[str, Schema]) -> Schema:
    properties: dict[str, Schema] = {}
    required = []
    if type_.tag_field is not None:
        properties[public_name(type_.tag_field)] = {"const": type_.tag}
        required.append(public_name(type_.tag_field))
    for field, declared in zip(type_.fields, msgspec.structs.fields(type_.cls), strict=True):
        name = public_name(field.name)
        properties[name] = _of(field.type, parts)
        if msgspec.UnsetType not in typing.get_args(declared.type):
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


def _changed(type_: Any, parts: dict[str, Schema]) -> Schema:
    """Of a change: any of the fields that it may name, and of which part they are."""
    to = next(field.type for field in type_.fields if field.name == "to")
    properties: dict[str, Schema] = {}
    options: tuple[Any, ...] = to.types if isinstance(to, types.UnionType) else (to,)
    for option in options:
        fields = _struct(option, parts)["properties"]
        # A change never changes the kind of what it changes, and does not repeat it.
        fields.pop(option.tag_field, None)
        for name, schema in fields.items():
            same = properties.get(name, schema)
            # Two kinds of one thing may have a field of one name and different types.
            properties[name] = schema if same == schema else {"anyOf": [same, schema]}
    required = [name for name in ("id",) if name in properties]
    return {"type": "object", "properties": properties, "required": required}


def _part(type_: Any, parts: dict[str, Schema]) -> Schema:
    name = type_.cls.__name__
    if name not in parts:
        parts[name] = {}  # it may hold itself
        parts[name] = {"description": meaning(type_.cls), **_struct(type_, parts)}
    return {"$ref": f"#/$defs/{name}"}


def _union(type_: Any, parts: dict[str, Schema]) -> Schema:
    return {"anyOf": [_of(option, parts) for option in type_.types]}


def _list(type_: Any, parts: dict[str, Schema]) -> Schema:
    return {"type": "array", "items": _of(type_.item_type, parts)}


def _object(type_: Any, parts: dict[str, Schema]) -> Schema:
    return {"type": "object", "additionalProperties": _of(type_.value_type, parts)}


def _literal(type_: Any, _parts: dict[str, Schema]) -> Schema:
    return {"enum": list(type_.values)}


def _enumeration(type_: Any, _parts: dict[str, Schema]) -> Schema:
    return {"enum": [each.value for each in type_.cls]}


def _annotated(type_: Any, parts: dict[str, Schema]) -> Schema:
    return _of(type_.type, parts)


_COMPOUND: Mapping[type[types.Type], Callable[[Any, dict[str, Schema]], Schema]] = MappingProxyType(
    {
        types.StructType: _part,
        types.UnionType: _union,
        types.VarTupleType: _list,
        types.ListType: _list,
        types.DictType: _object,
        types.LiteralType: _literal,
        types.EnumType: _enumeration,
        types.Metadata: _annotated,
    }
)
