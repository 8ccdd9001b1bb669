"""Webhook endpoints and deliveries on the wire."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.wire import Patch, Reply, RowVersion, ShortText, Wire, sent
from domain.facts.webhook_endpoint import WebhookEndpointChanged, WebhookEndpointCreated
from domain.webhook_endpoint import WebhookEndpoint, available_actions
from domain.webhook_headers import MAX_HEADERS, MAX_VALUE
from domain.webhook_rules import MAX_EVENTS, MAX_OVERLAP_HOURS, MAX_RATE
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


Order = Annotated[
    Literal["none", "aggregate", "strict"],
    Meta(
        description="In which order events arrive: any; those of each entity one after the other; "
        "or all of them one after the other, where a failing one holds up the rest."
    ),
]
Payload = Annotated[
    Literal["full", "thin"],
    Meta(description="Bodies with the event's data, or with the entity's id for you to read it."),
]
RateLimit = Annotated[
    int, Meta(ge=1, le=MAX_RATE, description="At most so many requests a second.", examples=[50])
]
HeaderText = Annotated[str, Meta(min_length=1, max_length=MAX_VALUE)]
Headers = Annotated[
    dict[str, HeaderText],
    Meta(
        max_length=MAX_HEADERS,
        description="Headers of your own, sent along with every webhook. Values are encrypted at "
        "rest and never shown again.",
        examples=[{"X-Api-Key": "k-1"}],
    ),
]
HeadersPatch = Annotated[
    dict[str, HeaderText | None],
    Meta(
        max_length=2 * MAX_HEADERS,
        description="Headers to set, or to take away with null; the others stay.",
        examples=[{"X-Api-Key": "k-2"}],
    ),
]


class WebhookEndpointIn(Wire):
    """An endpoint to create. It gets the events that happen from then on."""

    url: Url
    events: EventFilters
    description: ShortText | None = None
    category: Category = "post-transaction"
    order: Order = "none"
    rate_limit: RateLimit | None = None
    headers: Headers = msgspec.field(default_factory=dict)
    payload: Payload = "full"

    def created(self) -> WebhookEndpointCreated:
        """The fact that creates the endpoint, but for its headers."""
        return WebhookEndpointCreated(
            url=self.url,
            events=tuple(self.events),
            description=self.description,
            category=self.category,
            order=self.order,
            rate_limit=self.rate_limit,
            payload=self.payload,
        )


class WebhookEndpointPatch(Wire):
    """Fields to change (RFC 7396): a field that is absent keeps its value."""

    url: Url | UnsetType = UNSET
    events: EventFilters | UnsetType = UNSET
    description: Patch[ShortText] = UNSET
    category: Category | UnsetType = UNSET
    order: Order | UnsetType = UNSET
    rate_limit: Patch[RateLimit] = UNSET
    headers: HeadersPatch | UnsetType = UNSET
    payload: Payload | UnsetType = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self) -> WebhookEndpointChanged:
        """The change that was sent, but for the headers."""
        values = sent(self)
        for elsewhere in ("row_version", "headers"):
            values.pop(elsewhere, None)
        if "events" in values:
            values["events"] = tuple(values["events"])
        return WebhookEndpointChanged(**values)


class RotateIn(Wire):
    """A new secret, and how long the ones before it stay good beside it.

    The kind `ed25519` adds signatures of the scheme `v1a` with a private key that never leaves
    Daybook; the answer shows its public key.
    """

    kind: Literal["hmac", "ed25519"] = "hmac"
    overlap_hours: Annotated[
        int,
        Meta(
            ge=0,
            le=MAX_OVERLAP_HOURS,
            description="Until then both secrets sign; 0 ends the earlier ones at once.",
        ),
    ] = 24
    row_version: RowVersion | UnsetType = UNSET


class DisableIn(Wire):
    """Why nothing more is to be sent."""

    reason: Annotated[ShortText, Meta(min_length=1)]
    row_version: RowVersion | UnsetType = UNSET


class SigningSecretOut(Reply):
    """A secret that signs, or did until ``until``; of ed25519 keys with the public key.

    Those of a kind are counted from 1. The secret itself is not shown.
    """

    kind: str
    number: int
    until: datetime | None
    public_key: str | None


class WebhookEndpointOut(Reply):
    """A webhook endpoint. Of ``headers`` the names are shown.

    ``secret`` is in the answers to its creation and to ``rotate-secret``, and never again.
    """

    id: str
    url: str
    events: list[str]
    description: str | None
    category: str
    order: str
    rate_limit: int | None
    headers: list[str]
    payload: str
    status: str
    disabled_reason: str | None
    secrets: list[SigningSecretOut]
    row_version: int
    available_actions: list[str]
    secret: str | UnsetType = UNSET

    @classmethod
    def of(cls, entity: Versioned[WebhookEndpoint]) -> "WebhookEndpointOut":
        """The endpoint as clients see it."""
        state = entity.state
        return cls(
            id=entity.id,
            url=state.url,
            events=list(state.events),
            description=state.description,
            category=state.category,
            order=state.order,
            rate_limit=state.rate_limit,
            headers=[header.name for header in state.headers],
            payload=state.payload,
            status=state.status,
            disabled_reason=state.disabled_reason,
            secrets=[
                SigningSecretOut(
                    kind=it.kind, number=it.number, until=it.until, public_key=it.public_key
                )
                for it in state.secrets
            ],
            row_version=entity.version,
            available_actions=list(available_actions(state.status)),
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
