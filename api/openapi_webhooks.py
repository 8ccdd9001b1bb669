"""Webhooks in the published contract: what Daybook sends, for every type of event.

OpenAPI 3.1 has a place for them (``webhooks``), and 3.0 has ``callbacks`` of the operation that
asks for them. The schemas are those of the catalogue of events.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from api.examples import example_of
from store.public_schema import event_schemas

Json = dict[str, Any]

_COMPONENTS = "#/components/schemas/"
_LOCAL = "#/$defs/"
_ANY = "WebhookBody"
_TAG = "Webhooks"

_SIGNATURE = (
    "Signatures, separated by spaces: `v1,` and the base64 of the HMAC-SHA256 of "
    "`<webhook-id>.<webhook-timestamp>.<body>` under your secret; while a secret is being "
    "replaced one for each, and with an ed25519 key `v1a,` besides."
)
_HEADERS = (
    ("webhook-id", "Identifies the event: the same in every attempt. Drop what you have seen."),
    ("webhook-timestamp", "When this attempt was signed, in seconds since 1970."),
    ("webhook-signature", _SIGNATURE),
)
_RESPONSES: Mapping[str, Json] = MappingProxyType(
    {
        "2XX": {"description": "Received. Answer at once, and do the work afterwards."},
        "410": {"description": "Gone for good: the endpoint is disabled."},
        "429": {"description": "Too many: sent again later, not before `Retry-After`."},
        "default": {"description": "Not received: sent again as the endpoint's category says."},
    }
)
# What members of these names look like, wherever they stand.
_EXAMPLES: Mapping[str, Any] = MappingProxyType(
    {
        "actor": "key_01K9VXEH3T0000000000000005",
        "bookId": "bok_01K9VXEH3T0000000000000003",
        "city": "Berlin",
        "country": "DE",
        "currency": "EUR",
        "customerId": "ACME",
        "description": "Wood stove, 7 kW",
        "endpointId": "whe_01K9VXEH3T0000000000000006",
        "email": "billing@acme.example",
        "events": "invoice.*",
        "name": "Acme Heating GmbH",
        "number": "INV-2026-000001",
        "position": 1042,
        "previousRowVersion": 6,
        "reason": "Entered twice.",
        "rowVersion": 7,
        "series": "sales-2026",
        "url": "https://hooks.acme.example",
        "valueId": "whh_01K9VXEH3T0000000000000007",
        "vatId": "DE123456788",
    }
)
_TYPES: Mapping[Any, tuple[type, ...]] = MappingProxyType({"string": (str,), "integer": (int,)})
_DECIMAL = "12.50"
_THIN = "An endpoint with the payload `thin` gets the same, with only the entity's `id` as `data`."
_HEADER_NAME = "X-Tenant"
_ENTITIES = MappingProxyType({"webhook": ("webhook-endpoint", "whe")})
"""Type and prefix of the entity, where they do not follow from the first part of the topic."""


def add_webhooks(document: Json, asking: Sequence[Json]) -> Json:
    """Describe what is sent to those who ask for it by these operations; answers the schemas."""
    if not asking:
        return {}
    schemas: Json = {}
    names: dict[str, str] = {}
    for (topic, _), schema in event_schemas().items():
        names[topic] = _name(topic)
        schemas |= _components(topic, schema)
    schemas[_ANY] = _anything({topic: _COMPONENTS + name for topic, name in names.items()})
    document["webhooks"] = {
        topic: {"post": _operation(topic, name, schemas)} for topic, name in names.items()
    }
    anything = {"post": _operation("Any event", _ANY, schemas)}
    for operation in asking:
        operation["callbacks"] = {"event": {"{$request.body#/url}": anything}}
    return schemas


def _anything(references: Mapping[str, str]) -> Json:
    return {
        "description": "What a webhook may bring. Ignore types and fields that you do not know.",
        "oneOf": [{"$ref": it} for it in references.values()],
        "discriminator": {"propertyName": "type", "mapping": dict(references)},
    }


def _name(topic: str) -> str:
    return "".join(word.capitalize() for word in topic.replace(".", "_").split("_")) + "Event"


def _components(topic: str, schema: Json) -> Json:
    """The schema of an event and those of its parts, as components that refer to each other."""
    kept = {key: value for key, value in schema.items() if key not in {"$schema", "$id", "$defs"}}
    parts = {f"Event{part}": _placed(it) for part, it in schema.get("$defs", {}).items()}
    if "EventHeader" in parts:
        parts["EventHeader"]["properties"]["name"]["examples"] = [_HEADER_NAME]
    event = _placed(kept)
    members = event["properties"]
    members["id"]["examples"] = ["evt_01K9VXEH3T0000000000000004"]
    if "aggregate" in members:
        family = topic.partition(".")[0]
        kind, prefix = _ENTITIES.get(family, (family.replace("_", "-"), family[:3]))
        example = {"type": kind, "id": f"{prefix}_01K9VXEH3T0000000000000002"}
        members["aggregate"]["examples"] = [example]
    return {_name(topic): event, **parts}


def _placed(node: Any, name: str = "") -> Any:
    """With references to components, and with examples. ``name`` is that of the member."""
    if isinstance(node, list):
        return [_placed(it, name) for it in node]
    if not isinstance(node, dict):
        return node
    if str(node.get("$ref", "")).startswith(_LOCAL):
        return {"$ref": f"{_COMPONENTS}Event{node['$ref'].removeprefix(_LOCAL)}"}
    placed = {
        key: {it: _placed(value, it) for it, value in inner.items()}
        if key == "properties"
        else _placed(inner, name)
        for key, inner in node.items()
    }
    if node.get("type") == "string" and "pattern" in node:
        placed["examples"] = [_DECIMAL]
    elif "const" not in node and isinstance(_EXAMPLES.get(name), _TYPES.get(node.get("type"), ())):
        placed["examples"] = [_EXAMPLES[name]]
    return placed


def _operation(topic: str, name: str, schemas: Json) -> Json:
    schema = {"$ref": _COMPONENTS + name}
    return {
        "tags": [_TAG],
        "operationId": "on" + name.removesuffix("Event"),
        "summary": topic,
        "description": f"{schemas[name]['description']}\n\n{_THIN}",
        "security": [],
        "parameters": [
            {
                "name": header,
                "in": "header",
                "required": True,
                "description": description,
                "schema": {"type": "string"},
            }
            for header, description in _HEADERS
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": schema, "example": example_of(schema, schemas)}
            },
        },
        "responses": {status: dict(response) for status, response in _RESPONSES.items()},
    }
