"""What answers have in common: headers of every one, and fields that are never left out."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Union, get_args, get_origin

import msgspec
from msgspec import UnsetType

from api.shell import API_VERSION

Json = dict[str, Any]

_TEXT = MappingProxyType({"type": "string", "maxLength": 200})

HEADERS: Mapping[str, Json] = MappingProxyType(
    {
        "X-Request-Id": {
            "description": "The id of the request: yours, if it was sent, else one made here. "
            "Tell it when you ask for help.",
            "schema": {"type": "string", "maxLength": 128, "pattern": "^[A-Za-z0-9._-]+$"},
            "example": "req_0f8c4d1e7a52b963",
        },
        "Api-Version": {
            "description": "The version of this API by which the request was answered.",
            "schema": {"type": "string", "maxLength": 10},
            "example": API_VERSION,
        },
        "RateLimit": {
            "description": "Requests that the key may make at once (`r`), and in how many seconds "
            "its quota is whole again (`t`). Left out where there is no quota, or no key.",
            "schema": dict(_TEXT),
            "example": '"default";r=9990;t=1',
        },
        "RateLimit-Policy": {
            "description": "The quota of a key: `q` requests in any `w` seconds.",
            "schema": dict(_TEXT),
            "example": '"default";q=10000;w=10',
        },
        "Access-Control-Allow-Origin": {
            "description": "The origin of the web page that asks, where the operator allows it.",
            "schema": {"type": "string", "maxLength": 2048},
            "example": "https://shop.example",
        },
        "Location": {
            "description": "Where that which was created is.",
            "schema": {"type": "string", "maxLength": 2048},
            "example": "/api/invoices/inv_01K9VXEH3T0000000000000002",
        },
        "Link": {
            "description": 'The next page, as `rel="next"` (RFC 8288), while there is one.',
            "schema": {"type": "string", "maxLength": 8192},
            "example": '</api/invoices?cursor=eyJ2IjoxfQ>; rel="next"',
        },
        "Idempotent-Replayed": {
            "description": "This request ran before, and was not run again.",
            "schema": {"type": "string", "enum": ["true"]},
            "example": "true",
        },
        "Preference-Applied": {
            "description": "`conflict=rebase`: the change was applied over changes of other "
            "fields. `return=minimal`: the entity is not in the answer.",
            "schema": {
                "type": "string",
                "enum": ["conflict=rebase", "return=minimal", "conflict=rebase, return=minimal"],
            },
            "example": "conflict=rebase",
        },
        "Dry-Run": {
            "description": "This tells what would be. Nothing was changed.",
            "schema": {"type": "string", "enum": ["true"]},
            "example": "true",
        },
        "Retry-After": {
            "description": "After how many seconds the request may be sent again.",
            "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86_400},
            "example": 2,
        },
    }
)
"""Components of the document; responses refer to them."""

_EVERYWHERE = (
    *("X-Request-Id", "Api-Version", "RateLimit", "RateLimit-Policy"),
    "Access-Control-Allow-Origin",
)
_WAITING = frozenset({"409", "429", "503"})


def add_headers(status: str, response: Json) -> None:
    """Refer to the headers that a response of this status may have."""
    for name in (*_EVERYWHERE, *(["Retry-After"] if status in _WAITING else ())):
        refer(response, name)


def refer(response: Json, name: str) -> None:
    """Refer to a header that a response may have."""
    reference = {"$ref": f"#/components/headers/{name}"}
    response.setdefault("headers", {}).setdefault(name, reference)


def complete_replies(kinds: Iterable[Any], schemas: Json) -> None:
    """Say of the fields of replies which are always sent, and which are instants.

    A default makes a field optional to whoever writes it. Who reads it finds it in every answer,
    unless it may be unset. What forbids unknown fields is the body of a request, and stays.
    """
    for struct in _structs(kinds):
        name = struct.__name__
        schema = schemas.get(name) or schemas.get(f"{struct.__module__}.{struct.__qualname__}")
        config = struct.__struct_config__
        if schema is None or config.omit_defaults or config.forbid_unknown_fields:
            continue
        sent = [
            field.encode_name
            for field in msgspec.structs.fields(struct)
            if not _may_be_unset(field.type)
        ]
        for field in msgspec.structs.fields(struct):
            if datetime in (field.type, *get_args(field.type)):
                _name_instant(schema["properties"][field.encode_name])
        known = {*sent, *schema.get("required", ())}
        schema["required"] = [it for it in schema["properties"] if it in known]


def allow_selection(json: Json, schemas: Json) -> None:
    """Require nothing of the items of a list whose client may name the members that it wants."""
    if not any(it["name"] == "fields" for it in json.get("parameters", ())):
        return
    for media in json["responses"]["200"]["content"].values():
        page = schemas.get(_target(media["schema"]), {})
        item = page.get("properties", {}).get("items", {}).get("items", {})
        schemas.get(_target(item), {}).pop("required", None)


def _target(schema: Json) -> str:
    name: str = schema.get("$ref", "").rpartition("/")[2]
    return name


def _name_instant(schema: Json) -> None:
    """Msgspec does not promise an offset where it does not demand one. We write UTC everywhere."""
    for choice in (schema, *schema.get("anyOf", ())):
        if choice.get("type") == "string":
            choice["format"] = "date-time"


def _may_be_unset(kind: Any) -> bool:
    return kind is UnsetType or any(_may_be_unset(it) for it in get_args(kind) if _is_union(kind))


def _is_union(kind: Any) -> bool:
    return UnsetType in get_args(kind) or get_origin(kind) is Union


def _structs(kinds: Iterable[Any]) -> Iterator[type[msgspec.Struct]]:
    """The Structs in these types, in their members, and so on; each once."""
    seen: set[Any] = set()
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        waiting += get_args(kind)
        if not isinstance(kind, type) or kind in seen or not issubclass(kind, msgspec.Struct):
            continue
        seen.add(kind)
        waiting += [field.type for field in msgspec.structs.fields(kind)]
        yield kind
