"""The catalogue of events: which types there are, and the JSON Schema of each."""

import hashlib
from functools import cache
from typing import Annotated, Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter

from api.caller import Caller
from api.wire import Reply
from domain.errors import NotFound
from store.public_schema import event_schemas, schema_bytes

READ = {"scope": "read"}
_MEDIA_TYPE = "application/schema+json"


class EventType(Reply):
    """A type of event. ``schema`` is where its JSON Schema is."""

    type: str
    schema_version: int
    description: str
    schema: str


class EventTypes(Reply):
    """Every type of event, in the order of the catalogue."""

    items: list[EventType]


@get(
    "/api/event-types",
    operation_id="listEventTypes",
    summary="List event types",
    tags=["Events"],
    opt=READ,
    sync_to_thread=False,
)
def list_event_types(caller: NamedDependency[Caller]) -> EventTypes:  # noqa: ARG001 - it needs a key
    """Every type that a webhook may bring, with its meaning and its current schema."""
    return EventTypes(
        items=[
            EventType(
                type=topic,
                schema_version=version,
                description=schema["description"],
                schema=f"/api/event-types/{topic}/schema",
            )
            for (topic, version), schema in event_schemas().items()
        ]
    )


Topic = Annotated[
    str,
    PathParameter(
        max_length=100,
        pattern=r"^[a-z_]+\.[a-z_]+(?![\s\S])",
        description="A type of event, such as invoice.posted.",
    ),
]


@get(
    "/api/event-types/{topic:str}/schema",
    operation_id="getEventSchema",
    summary="Get the schema of an event type",
    tags=["Events"],
    opt=READ,
    media_type=_MEDIA_TYPE,
    sync_to_thread=False,
)
def get_event_schema(
    caller: NamedDependency[Caller],  # noqa: ARG001 - it needs a key
    topic: Topic,
) -> Response[dict[str, Any]]:
    """The JSON Schema (2020-12) of an event's body: of its envelope and of its data.

    New members may appear at any time; a type whose data changes shape gets a higher version.
    """
    served = _served().get(topic)
    if served is None:
        raise NotFound("event type", topic[:100])
    headers = {"ETag": f'"{hashlib.sha256(served).hexdigest()[:32]}"'}
    return Response(served, headers=headers, media_type=_MEDIA_TYPE)  # type: ignore[arg-type] # as bytes


@cache
def _served() -> dict[str, bytes]:
    return {topic: schema_bytes(schema) for (topic, _), schema in event_schemas().items()}
