"""The public form of events: what integrators and auditors see, and not the bytes that are stored.

It is a function of the recorded event alone, so every attempt and every replay sends the same
bytes. Names are camelCase, amounts are decimal strings, instants are RFC 3339 in UTC. A field that
a change did not touch is left out; one that it cleared is null.

What is published stays: a fact whose stored shape changes keeps its public one here.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import msgspec

from domain.aggregate import Fact
from domain.facts.invoice import InvoiceNoteAdded, InvoiceNoteChanged
from domain.facts.webhook_endpoint import WebhookEndpointChanged, WebhookEndpointCreated
from store.recorded import Recorded

_encode = msgspec.json.Encoder().encode


class AggregateRef(msgspec.Struct, frozen=True):
    """Which entity an event belongs to."""

    type: str
    id: str


class PublicEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event as integrators see it.

    ``type`` and ``schemaVersion`` name its schema. ``rowVersion`` orders the events of one entity,
    ``position`` those of the whole book; a consumer that has seen ``previousRowVersion`` has missed
    nothing of the entity.
    """

    id: str
    type: str
    schema_version: int
    timestamp: datetime
    book_id: str
    position: int
    row_version: int
    previous_row_version: int
    aggregate: AggregateRef
    actor: str
    data: dict[str, Any]


class AuditedEvent(PublicEvent, frozen=True, kw_only=True, rename="camel"):
    """An event as auditors see it: also by which request, in which editor, and why."""

    request_id: str | None
    correlation_id: str | None
    causation_id: str | None
    edit_session: str | None
    edit_seq: int | None
    reason: str | None


def public_event(event: Recorded) -> PublicEvent:
    """The public form of a recorded event."""
    return PublicEvent(**_members(event))


def audited_event(event: Recorded) -> AuditedEvent:
    """The auditors' form of a recorded event."""
    said = event.metadata
    return AuditedEvent(
        **_members(event),
        request_id=said.request_id,
        correlation_id=said.correlation_id,
        causation_id=said.causation_id,
        edit_session=said.edit_session,
        edit_seq=said.edit_seq,
        reason=said.reason,
    )


def render(event: Recorded) -> bytes:
    """The public form as UTF-8 JSON: the body of a webhook."""
    return _encode(public_event(event))


def render_thin(event: Recorded) -> bytes:
    """The thin form: the same, but of the data only the id; the rest is to be asked for."""
    members = {**_members(event), "data": {"id": event.aggregate[1]}}
    return _encode(PublicEvent(**members))


def public_fact(fact: Fact) -> dict[str, Any]:
    """The fields of a fact under their public names."""
    fields = _changes(fact) if "to" in fact.__struct_fields__ else _fields(fact)
    adapt = _ADAPTED.get(type(fact))
    return adapt(fields) if adapt else fields


def _members(event: Recorded) -> dict[str, Any]:
    return {
        "id": event.event_id,
        "type": event.topic,
        "schema_version": type(event.fact).class_version,
        "timestamp": event.recorded_at,
        "book_id": event.book_id,
        "position": event.position,
        "row_version": event.version,
        "previous_row_version": event.version - 1,
        "aggregate": AggregateRef(*event.aggregate),
        "actor": event.metadata.actor,
        "data": public_fact(event.fact),
    }


def _changes(fact: Any) -> dict[str, Any]:
    """Of a change only what changed, and of which part: as one would write a merge patch."""
    id_ = {"id": fact.to.id} if hasattr(fact.to, "id") else {}
    return {**id_, **{public_name(it): public_value(getattr(fact.to, it)) for it in fact.fields}}


def _fields(struct: msgspec.Struct) -> dict[str, Any]:
    """The fields, after the one that tells the kind where there are several kinds."""
    config = struct.__struct_config__
    kind = {public_name(config.tag_field): config.tag} if config.tag_field and config.tag else {}
    named = {
        public_name(name): public_value(value)
        for name in struct.__struct_fields__
        if (value := getattr(struct, name)) is not msgspec.UNSET
    }
    return {**kind, **named}


def public_value(value: Any) -> Any:
    """A value under the public names of its fields, with amounts as decimal strings."""
    if isinstance(value, msgspec.Struct):
        return _fields(value)
    if isinstance(value, tuple | list):
        return [public_value(item) for item in value]
    if isinstance(value, Decimal):
        return format(value, "f")  # never with an exponent, however many zeros that takes
    return msgspec.to_builtins(value)


def public_name(field: str) -> str:
    """The public name of a field."""
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _without_path(fields: dict[str, Any]) -> dict[str, Any]:
    """Of an endpoint's URL only where it is: paths often hold the receiver's own secret."""
    if "url" not in fields:
        return fields
    parts = urlsplit(fields["url"])
    return {**fields, "url": f"{parts.scheme}://{parts.netloc}"}


def _without_text(fields: dict[str, Any]) -> dict[str, Any]:
    """Of a note everything but its text: it is internal, and may be redacted afterwards."""
    if "note" in fields:
        return {"note": {**fields["note"], "text": None}}
    return {**fields, "text": None} if "text" in fields else fields


_ADAPTED: dict[type[Fact], Callable[[dict[str, Any]], dict[str, Any]]] = {
    InvoiceNoteAdded: _without_text,
    InvoiceNoteChanged: _without_text,
    WebhookEndpointCreated: _without_path,
    WebhookEndpointChanged: _without_path,
}
