"""The public form of events: what integrators and auditors see.

It is derived from what is stored, and versioned on its own: names are camelCase, and a field that a
fact leaves unset does not appear. It is the same for webhooks, feeds and histories, and the same
bytes at every attempt.
"""

from typing import Any

import msgspec
from msgspec import UNSET

from domain.aggregate import Fact
from store.recorded import Recorded


class Aggregated(msgspec.Struct, frozen=True, rename="camel"):
    """Which entity an event belongs to."""

    type: str
    id: str


class PublicEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event as integrators see it.

    ``rowVersion`` orders the events of one entity, ``position`` those of the whole book; a
    consumer that has seen ``previousRowVersion`` has missed nothing of the entity.
    """

    id: str
    type: str
    timestamp: str
    book_id: str
    position: int
    row_version: int
    previous_row_version: int
    aggregate: Aggregated
    actor: str
    data: dict[str, Any]
    request_id: str | None = None
    reason: str | None = None


def public_event(event: Recorded) -> PublicEvent:
    """The public form of a recorded event."""
    return PublicEvent(
        id=event.event_id,
        type=event.topic,
        timestamp=event.recorded_at.isoformat().replace("+00:00", "Z"),
        book_id=event.book_id,
        position=event.position,
        row_version=event.version,
        previous_row_version=event.version - 1,
        aggregate=Aggregated(*event.aggregate),
        actor=event.metadata.actor,
        data=public_fact(event.fact),
        request_id=event.metadata.request_id,
        reason=event.metadata.reason,
    )


def public_fact(fact: Fact) -> dict[str, Any]:
    """The fields of a fact under their public names."""
    public: dict[str, Any] = _public(fact)
    return public


def _public(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        fields = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return {_camel(name): _public(item) for name, item in fields if item is not UNSET}
    if isinstance(value, list | tuple):
        return [_public(item) for item in value]
    return msgspec.to_builtins(value)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
