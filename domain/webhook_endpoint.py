"""Webhook endpoint: state, decisions, evolve."""

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import assert_never

import msgspec

from domain.aggregate import Aggregate, Fact
from domain.changes import applied, effective, named
from domain.errors import NotAllowed, RuleBroken, Violation
from domain.facts.webhook_endpoint import (
    Header,
    WebhookEndpointChanged,
    WebhookEndpointCreated,
    WebhookEndpointDeleted,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointFact,
    WebhookEndpointSecretRotated,
)
from domain.webhook_headers import HeaderChanges, merged
from domain.webhook_rules import (
    MAX_ENDPOINTS,
    MAX_OVERLAP_HOURS,
    MAX_SECRETS,
    OWN_FAMILY,
    check,
)

# ---------------------------------------------------------------- state


class SigningSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that signs, until ``until``; those of one kind are counted from 1 in ``number``.

    ``id`` is that under which it is kept; the first one is found by its number.
    """

    kind: str
    number: int
    id: str | None = None
    until: datetime | None = None
    public_key: str | None = None


class WebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where an integrator wants events to be sent, and which. See ``WebhookEndpointCreated``.

    ``headers`` name what is sent along; the values are kept by ``store.webhook_headers``.
    ``secrets`` are, of each kind, the latest that may sign, in their order.
    """

    url: str
    events: tuple[str, ...]
    category: str
    description: str | None = None
    order: str = "none"
    rate_limit: int | None = None
    headers: tuple[Header, ...] = ()
    payload: str = "full"
    secrets: tuple[SigningSecret, ...] = (SigningSecret(kind="hmac", number=1),)
    status: str = "Enabled"
    disabled_reason: str | None = None

    def wants(self, topic: str) -> bool:
        """Whether an event of this topic is sent to the endpoint.

        ``*`` stands for every event of the business. Events about webhook endpoints have to be
        asked for by name or family: whoever wants all invoices does not thereby want those.
        """
        if self.status != "Enabled":
            return False
        family = topic.partition(".")[0]
        everything = "*" in self.events and family != OWN_FAMILY
        return everything or topic in self.events or f"{family}.*" in self.events


COMMANDS = MappingProxyType(
    {
        "change": ("Enabled", "Disabled"),
        "disable": ("Enabled",),
        "enable": ("Disabled",),
        "rotate-secret": ("Enabled", "Disabled"),
        "delete": ("Enabled", "Disabled"),
    }
)
"""In which status a command is allowed: the table behind refusals and ``availableActions``."""


def available_actions(status: str) -> tuple[str, ...]:
    """The commands that an endpoint in this status accepts."""
    return tuple(command for command, statuses in COMMANDS.items() if status in statuses)


def guard(endpoint: WebhookEndpoint, command: str) -> None:
    """Refuse the command when the endpoint's status forbids it."""
    if endpoint.status in COMMANDS[command]:
        return
    actions = available_actions(endpoint.status)
    detail = f"The webhook endpoint is {endpoint.status.lower()} already."
    raise NotAllowed(detail, actions=actions)


# ---------------------------------------------------------------- decisions


def create(
    created: WebhookEndpointCreated,
    *,
    headers: HeaderChanges = MappingProxyType({}),
    others: int = 0,
    loopback: bool = False,
) -> list[Fact]:
    """Send the events from here on that the endpoint asks for.

    ``headers`` are to be sent along, ``others`` is how many endpoints the book has already, and
    ``loopback`` says whether its webhooks may go to this machine: see ``url_problem``.
    """
    if others >= MAX_ENDPOINTS:
        detail = f"A book has at most {MAX_ENDPOINTS} webhook endpoints. Delete one first."
        raise RuleBroken((Violation("webhook-endpoints", "", detail),))
    fact = msgspec.structs.replace(created, headers=merged(created.headers, headers))
    check(fact, headers, loopback=loopback)
    return [fact]


def change(
    endpoint: WebhookEndpoint,
    changes: WebhookEndpointChanged,
    *,
    headers: HeaderChanges = MappingProxyType({}),
    loopback: bool = False,
) -> list[Fact]:
    """Change fields, and the headers that are named. What is so already makes no fact."""
    guard(endpoint, "change")
    if headers:
        now = merged(endpoint.headers, headers)
        changes = msgspec.structs.replace(changes, headers=now)
    check(changes, headers, loopback=loopback)
    left = effective(changes, endpoint)
    return [] if left is None else [left]


def rotate_secret(
    endpoint: WebhookEndpoint,
    *,
    secret_id: str,
    overlap: timedelta,
    now: datetime,
    kind: str = "hmac",
    public_key: str | None = None,
) -> list[Fact]:
    """Sign with a new secret; the earlier ones of its kind stay good for the overlap.

    ``public_key`` belongs to a secret of the kind ``ed25519``; an endpoint gets its first one so.
    """
    guard(endpoint, "rotate-secret")
    if not timedelta(0) <= overlap <= timedelta(hours=MAX_OVERLAP_HOURS):
        detail = f"Let the secrets overlap for 0 to {MAX_OVERLAP_HOURS} hours."
        raise RuleBroken((Violation("webhook-overlap", "/overlapHours", detail),))
    live = [it for it in endpoint.secrets if it.kind == kind and (not it.until or it.until > now)]
    if overlap and len(live) >= MAX_SECRETS:
        detail = (
            f"{len(live)} secrets sign already, and more may not. Wait until the first one ends, "
            "or end them all with an overlap of 0 hours."
        )
        raise RuleBroken((Violation("webhook-overlap", "/overlapHours", detail),))
    rotated = WebhookEndpointSecretRotated(
        kind=kind, secret_id=secret_id, previous_until=now + overlap, public_key=public_key
    )
    return [rotated]


def disable(endpoint: WebhookEndpoint, *, reason: str) -> list[Fact]:
    """Stop sending; what is waiting stays so until the endpoint is enabled again."""
    guard(endpoint, "disable")
    return [WebhookEndpointDisabled(reason=reason)]


def enable(endpoint: WebhookEndpoint) -> list[Fact]:
    """Send again: what was waiting, and the events from here on."""
    guard(endpoint, "enable")
    return [WebhookEndpointEnabled()]


def delete(endpoint: WebhookEndpoint) -> list[Fact]:
    """Forget the endpoint. Its stream, and the record of its deliveries, stays."""
    guard(endpoint, "delete")
    return [WebhookEndpointDeleted()]


# ---------------------------------------------------------------- evolve


def evolve(endpoint: WebhookEndpoint | None, fact: WebhookEndpointFact) -> WebhookEndpoint | None:
    """The endpoint after the fact; ``None`` once it is deleted."""
    if isinstance(fact, WebhookEndpointCreated):
        return WebhookEndpoint(**named(fact))
    if endpoint is None:
        return None
    match fact:
        case WebhookEndpointChanged():
            return applied(endpoint, fact)
        case WebhookEndpointDisabled():
            return msgspec.structs.replace(endpoint, status="Disabled", disabled_reason=fact.reason)
        case WebhookEndpointEnabled():
            return msgspec.structs.replace(endpoint, status="Enabled", disabled_reason=None)
        case WebhookEndpointSecretRotated():
            return msgspec.structs.replace(endpoint, secrets=_rotated(endpoint.secrets, fact))
        case WebhookEndpointDeleted():
            return None
        case _:
            assert_never(fact)


def _rotated(
    secrets: tuple[SigningSecret, ...], fact: WebhookEndpointSecretRotated
) -> tuple[SigningSecret, ...]:
    """The secrets with the new one. Of its kind, those before it that may still sign are kept."""
    same = [
        msgspec.structs.replace(it, until=min(it.until or fact.previous_until, fact.previous_until))
        for it in secrets
        if it.kind == fact.kind
    ]
    new = SigningSecret(
        kind=fact.kind,
        number=same[-1].number + 1 if same else 1,
        id=fact.secret_id,
        public_key=fact.public_key,
    )
    others = [it for it in secrets if it.kind != fact.kind]
    return (*others, *same[-MAX_SECRETS:], new)


WEBHOOK_ENDPOINT: Aggregate[WebhookEndpoint] = Aggregate("webhook-endpoint", evolve)
