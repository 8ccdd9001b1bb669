"""Webhook endpoints and deliveries on the wire."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.wire import Patch, Reply, RowVersion, ShortText, Wire, sent
from domain.facts.webhook_endpoint import WebhookEndpointChanged, WebhookEndpointCreated
from domain.webhook_endpoint import WebhookEndpoint, available_actions
from domain.webhook_rules import MAX_EVENTS
from store.delivery_log import AttemptMade, Delivery
from store.recorded import Versioned

Url = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=2000,
        pattern=r"^[!-~]+(?![\s\S])",
        description="Where to POST the events: https, without user and fragment.",
        examples=["https://example.com/hooks/daybook"],
    ),
]
EventFilter = Annotated[
    str,
    Meta(
        max_length=100,
        description="An event such as invoice.posted, a family such as invoice.*, or * for all.",
        examples=["invoice.*"],
    ),
]
EventFilters = Annotated[list[EventFilter], Meta(min_length=1, max_length=MAX_EVENTS)]
Category = Annotated[
    Literal["post-transaction", "standard"],
    Meta(description="Retry policy: three attempts within minutes, or ten over about three days."),
]


class WebhookEndpointIn(Wire):
    """An endpoint to create. It gets the events that happen from then on."""

    url: Url
    events: EventFilters
    description: ShortText | None = None
    category: Category = "post-transaction"

    def created(self) -> WebhookEndpointCreated:
        """The fact that creates the endpoint."""
        return WebhookEndpointCreated(
            url=self.url,
            events=tuple(self.events),
            description=self.description,
            category=self.category,
        )


class WebhookEndpointPatch(Wire):
    """Fields to change (RFC 7396): a field that is absent keeps its value."""

    url: Url | UnsetType = UNSET
    events: EventFilters | UnsetType = UNSET
    description: Patch[ShortText] = UNSET
    category: Category | UnsetType = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self) -> WebhookEndpointChanged:
        """The change that was sent."""
        values = sent(self)
        values.pop("row_version", None)
        if "events" in values:
            values["events"] = tuple(values["events"])
        return WebhookEndpointChanged(**values)


class DisableIn(Wire):
    """Why nothing more is to be sent."""

    reason: Annotated[ShortText, Meta(min_length=1)]
    row_version: RowVersion | UnsetType = UNSET


class WebhookEndpointOut(Reply):
    """A webhook endpoint. ``secret`` is shown in the answer to its creation, and never again."""

    id: str
    url: str
    events: list[str]
    description: str | None
    category: str
    status: str
    disabled_reason: str | None
    row_version: int
    available_actions: list[str]
    secret: str | UnsetType = UNSET

    @classmethod
    def of(cls, entity: Versioned[WebhookEndpoint]) -> "WebhookEndpointOut":
        """The endpoint as clients see it."""
        values = msgspec.structs.asdict(entity.state)
        values["events"] = list(entity.state.events)
        for hidden in ("headers", "secrets", "order", "rate_limit", "payload"):
            del values[hidden]
        return cls(
            id=entity.id,
            row_version=entity.version,
            available_actions=list(available_actions(entity.state.status)),
            **values,
        )


class WebhookEndpointListed(Reply):
    """A webhook endpoint in a list."""

    id: str
    url: str
    events: list[str]
    description: str | None
    category: str
    status: str
    disabled_reason: str | None
    ordering: str = msgspec.field(name="order")
    header_names: list[str] = msgspec.field(name="headers")
    rate_limit: int | None
    payload: str
    row_version: int
    created_at: datetime
    changed_at: datetime


class WebhookEndpointPage(Reply):
    """One page of webhook endpoints."""

    items: list[WebhookEndpointListed]
    next_cursor: str | None
    as_of: int


class DeliveryOut(Reply):
    """One event for one endpoint. The ``last`` fields are those of its latest attempt, if any."""

    endpoint_id: str
    position: int
    event_id: str
    type: str
    aggregate_id: str
    recorded_at: datetime
    state: str
    attempts: int
    next_at: datetime | None
    last_at: datetime | None
    last_status: int | None
    last_error: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryOut":
        """The delivery as clients see it."""
        values = msgspec.structs.asdict(delivery)
        topic, stream = values.pop("topic"), values.pop("stream")
        return cls(type=topic, aggregate_id=stream.partition("/")[2], **values)


class DeliveryPage(Reply):
    """Deliveries, the newest event first. ``nextBefore`` continues; null when nothing follows."""

    items: list[DeliveryOut]
    next_before: int | None


class AttemptOut(Reply):
    """One try of a delivery. ``response`` is the beginning of what the receiver answered."""

    number: int
    at: datetime
    status: int | None
    error: str | None
    duration_ms: int
    peer: str | None
    response: str

    @classmethod
    def of(cls, attempt: AttemptMade) -> "AttemptOut":
        """The attempt as clients see it."""
        return cls(**msgspec.structs.asdict(attempt))


class AttemptPage(Reply):
    """The attempts of one delivery, in order. ``nextAfter`` continues; null at the end."""

    items: list[AttemptOut]
    next_after: int | None
