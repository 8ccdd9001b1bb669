"""What can happen to a webhook endpoint. The storage format: see ``domain.aggregate.Fact``.

Signing secrets and the values of custom headers are in none of these: facts are read by auditors
and kept for ever. They hold ids, under which ``store`` keeps the secret itself, encrypted.
"""

from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from domain.aggregate import Fact


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """A header that goes with every request; ``value_id`` stands for its value, which is secret."""

    name: str
    value_id: str


class WebhookEndpointCreated(Fact, frozen=True, kw_only=True):
    """An integrator asked for events.

    ``events`` are topics (``invoice.posted``), families (``invoice.*``) or ``*`` for all;
    ``category`` names the retry policy. ``order`` is ``none``, ``aggregate`` (each entity's events
    one after the other) or ``strict`` (all of them); ``rate_limit`` is in requests a second;
    ``payload`` is ``full``, or ``thin`` for events without their data.
    """

    TOPIC = "webhook.endpoint_created"
    class_version = 2

    url: str
    events: tuple[str, ...]
    category: str
    description: str | None = None
    order: str = "none"
    rate_limit: int | None = None
    headers: tuple[Header, ...] = ()
    payload: str = "full"

    @staticmethod
    def upcast_v1_v2(fields: dict[str, Any]) -> None:
        """Version 1 knew no order, rate limit, headers and payload: the defaults are its ways."""


class WebhookEndpointChanged(Fact, frozen=True, kw_only=True):
    """Fields got new values. A field that is not named kept its value; null cleared it."""

    TOPIC = "webhook.endpoint_changed"
    class_version = 2

    url: str | UnsetType = UNSET
    events: tuple[str, ...] | UnsetType = UNSET
    category: str | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    order: str | UnsetType = UNSET
    rate_limit: int | None | UnsetType = UNSET
    headers: tuple[Header, ...] | UnsetType = UNSET
    payload: str | UnsetType = UNSET

    @staticmethod
    def upcast_v1_v2(fields: dict[str, Any]) -> None:
        """Version 1 could change less, and left all else as it was."""


class WebhookEndpointDisabled(Fact, frozen=True, kw_only=True):
    """Deliveries to the endpoint stopped; ``reason`` is a sentence for its owner."""

    TOPIC = "webhook.endpoint_disabled"

    reason: str


class WebhookEndpointEnabled(Fact, frozen=True, kw_only=True):
    """Deliveries go on: first those that were waiting when it was disabled, then new events."""

    TOPIC = "webhook.endpoint_enabled"


class WebhookEndpointSecretRotated(Fact, frozen=True, kw_only=True):
    """The endpoint got a new secret; the ones before it stay good beside it for a while.

    ``kind`` is ``hmac`` or ``ed25519``, whose ``public_key`` is no secret. ``previous_until`` is
    when the earlier secrets of that kind stop signing.
    """

    TOPIC = "webhook.endpoint_secret_rotated"

    kind: str
    secret_id: str
    previous_until: datetime
    public_key: str | None = None


class WebhookEndpointDeleted(Fact, frozen=True, kw_only=True):
    """The endpoint is gone; what was still waiting for it will not be delivered."""

    TOPIC = "webhook.endpoint_deleted"


WebhookEndpointFact: TypeAlias = (
    WebhookEndpointCreated
    | WebhookEndpointChanged
    | WebhookEndpointDisabled
    | WebhookEndpointEnabled
    | WebhookEndpointSecretRotated
    | WebhookEndpointDeleted
)
