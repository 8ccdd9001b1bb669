"""Webhook endpoint: state, decisions, evolve."""

import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import assert_never

import msgspec

from domain.aggregate import Aggregate, Fact
from domain.changes import applied, effective, named
from domain.errors import NotAllowed, RuleBroken, Violation
from domain.facts import TOPICS
from domain.facts.webhook_endpoint import (
    WebhookEndpointChanged,
    WebhookEndpointCreated,
    WebhookEndpointDeleted,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointFact,
)
from domain.webhook_url import url_problem

CATEGORIES = ("post-transaction", "standard")
"""The retry policies an endpoint may choose from; what they mean is the sender's affair."""

MAX_EVENTS = 100
MAX_DESCRIPTION = 500

_OWN_FAMILY = "webhook"
_FILTER = re.compile(r"\*|[a-z][a-z0-9_]*\.(?:\*|[a-z][a-z0-9_]*)")

# ---------------------------------------------------------------- state


class WebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where an integrator wants events to be sent, and which. See ``WebhookEndpointCreated``."""

    url: str
    events: tuple[str, ...]
    category: str
    description: str | None = None
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
        everything = "*" in self.events and family != _OWN_FAMILY
        return everything or topic in self.events or f"{family}.*" in self.events


COMMANDS = MappingProxyType(
    {
        "change": ("Enabled", "Disabled"),
        "disable": ("Enabled",),
        "enable": ("Disabled",),
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


def create(created: WebhookEndpointCreated, *, loopback: bool = False) -> list[Fact]:
    """Send the events from here on that the endpoint asks for.

    ``loopback`` says whether this book's webhooks may go to this machine: see ``url_problem``.
    """
    _check(created, loopback=loopback)
    return [created]


def change(
    endpoint: WebhookEndpoint, changes: WebhookEndpointChanged, *, loopback: bool = False
) -> list[Fact]:
    """Change fields. What is so already is no change, and makes no fact."""
    guard(endpoint, "change")
    left = effective(changes, endpoint)
    if left is None:
        return []
    _check(left, loopback=loopback)
    return [left]


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


def _check(fact: WebhookEndpointCreated | WebhookEndpointChanged, *, loopback: bool) -> None:
    fields = named(fact)
    violations: list[Violation] = []
    if "url" in fields and (problem := url_problem(fields["url"], loopback=loopback)):
        violations.append(Violation("webhook-url", "/url", problem))
    if "events" in fields:
        violations += _events_violations(fields["events"])
    if fields.get("category", CATEGORIES[0]) not in CATEGORIES:
        detail = f"There is no such retry policy. Choose one of: {', '.join(CATEGORIES)}."
        violations.append(Violation("webhook-category", "/category", detail))
    if len(fields.get("description") or "") > MAX_DESCRIPTION:
        detail = f"Describe the endpoint in at most {MAX_DESCRIPTION} characters."
        violations.append(Violation("webhook-description", "/description", detail))
    if violations:
        raise RuleBroken(tuple(violations))


def _events_violations(events: tuple[str, ...]) -> Iterable[Violation]:
    if not 1 <= len(events) <= MAX_EVENTS:
        detail = f"Name 1 to {MAX_EVENTS} events; * stands for all of them."
        yield Violation("webhook-events", "/events", detail)
        return
    for index, event in enumerate(events):
        if not _names_something(event):
            detail = (
                f"No event is called {event[:60]!r}. Name one such as invoice.posted, "
                "a family such as invoice.*, or * for all."
            )
            yield Violation("webhook-events", f"/events/{index}", detail)


def _names_something(event: str) -> bool:
    if not _FILTER.fullmatch(event):
        return False
    prefix = event.removesuffix("*")
    return event in TOPICS or (
        prefix != event and any(topic.startswith(prefix) for topic in TOPICS)
    )


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
        case WebhookEndpointDeleted():
            return None
        case _:
            assert_never(fact)


WEBHOOK_ENDPOINT: Aggregate[WebhookEndpoint] = Aggregate("webhook-endpoint", evolve)
