"""What can happen to a webhook endpoint. The storage format: see ``domain.aggregate.Fact``.

The endpoint's signing secret is in none of these: facts are read by auditors and kept for ever.
"""

from typing import TypeAlias

from msgspec import UNSET, UnsetType

from domain.aggregate import Fact


class WebhookEndpointCreated(Fact, frozen=True, kw_only=True):
    """An integrator asked for events.

    ``events`` are topics (``invoice.posted``), families (``invoice.*``) or ``*`` for all;
    ``category`` names the retry policy.
    """

    TOPIC = "webhook.endpoint_created"

    url: str
    events: tuple[str, ...]
    category: str
    description: str | None = None


class WebhookEndpointChanged(Fact, frozen=True, kw_only=True):
    """Fields got new values. A field that is not named kept its value; null cleared it."""

    TOPIC = "webhook.endpoint_changed"

    url: str | UnsetType = UNSET
    events: tuple[str, ...] | UnsetType = UNSET
    category: str | UnsetType = UNSET
    description: str | None | UnsetType = UNSET


class WebhookEndpointDisabled(Fact, frozen=True, kw_only=True):
    """Deliveries to the endpoint stopped; ``reason`` is a sentence for its owner."""

    TOPIC = "webhook.endpoint_disabled"

    reason: str


class WebhookEndpointEnabled(Fact, frozen=True, kw_only=True):
    """Deliveries go on: first those that were waiting when it was disabled, then new events."""

    TOPIC = "webhook.endpoint_enabled"


class WebhookEndpointDeleted(Fact, frozen=True, kw_only=True):
    """The endpoint is gone; what was still waiting for it will not be delivered."""

    TOPIC = "webhook.endpoint_deleted"


WebhookEndpointFact: TypeAlias = (
    WebhookEndpointCreated
    | WebhookEndpointChanged
    | WebhookEndpointDisabled
    | WebhookEndpointEnabled
    | WebhookEndpointDeleted
)
