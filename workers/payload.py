"""The body of a webhook: a public form of a recorded event, and not the bytes that are stored.

It is a function of the event alone, so every attempt and every replay sends the same bytes. Names
are camelCase, amounts are decimal strings, instants are RFC 3339 in UTC. A field that a change did
not touch is left out; one that it cleared is null. ``position`` and ``rowVersion`` let a receiver
order what it gets and drop what it has.

What is published stays: a fact whose stored shape changes keeps its public one here.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from domain.aggregate import Fact
from domain.facts.webhook_endpoint import WebhookEndpointChanged, WebhookEndpointCreated
from store.recorded import Recorded

_encode = msgspec.json.Encoder().encode


def render(event: Recorded) -> bytes:
    """The body that tells of this event, as UTF-8 JSON."""
    kind, id_ = event.aggregate
    return _encode(
        {
            "id": event.event_id,
            "type": event.topic,
            "timestamp": event.recorded_at,
            "bookId": event.book_id,
            "position": event.position,
            "rowVersion": event.version,
            "previousRowVersion": event.version - 1,
            "aggregate": {"type": kind, "id": id_},
            "actor": event.metadata.actor,
            "data": _public(event.fact),
        }
    )


def _public(fact: Fact) -> dict[str, Any]:
    fields = _fields(fact)
    adapt = _ADAPTED.get(type(fact))
    return adapt(fields) if adapt else fields


def _fields(struct: msgspec.Struct) -> dict[str, Any]:
    return {
        _camel(name): _value(value)
        for name in struct.__struct_fields__
        if (value := getattr(struct, name)) is not msgspec.UNSET
    }


def _value(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return _fields(value)
    if isinstance(value, tuple | list):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        # The keys of a mapping are somebody's data, and stay as they are.
        return {key: _value(item) for key, item in value.items()}
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _without_path(fields: dict[str, Any]) -> dict[str, Any]:
    """Of an endpoint's URL only where it is: paths often hold the receiver's own secret."""
    if "url" not in fields:
        return fields
    parts = urlsplit(fields["url"])
    return {**fields, "url": f"{parts.scheme}://{parts.netloc}"}


_ADAPTED: dict[type[Fact], Callable[[dict[str, Any]], dict[str, Any]]] = {
    WebhookEndpointCreated: _without_path,
    WebhookEndpointChanged: _without_path,
}
