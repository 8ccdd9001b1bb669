"""The rules of a webhook endpoint's fields: what may be asked for, and how much of it."""

import re
from collections.abc import Iterator
from types import MappingProxyType

from domain.changes import named
from domain.errors import RuleBroken, Violation
from domain.facts import TOPICS
from domain.facts.webhook_endpoint import WebhookEndpointChanged, WebhookEndpointCreated
from domain.webhook_headers import HeaderChanges, header_violations
from domain.webhook_url import url_problem

CATEGORIES = ("post-transaction", "standard")
"""The retry policies an endpoint may choose from; what they mean is the sender's affair."""

ORDERS = ("none", "aggregate", "strict")
"""In which order events arrive: any, each entity's one after the other, or all of them."""

PAYLOADS = ("full", "thin")
"""What a body holds: the event, or only what it is about, for receivers that read it themselves."""

MAX_ENDPOINTS = 2_000
"""How many endpoints a book may have."""

MAX_EVENTS = 100
MAX_DESCRIPTION = 500
MAX_RATE = 10_000
MAX_OVERLAP_HOURS = 7 * 24
MAX_SECRETS = 5
"""How many secrets of one kind sign at a time."""

OWN_FAMILY = "webhook"
"""The family of the events about endpoints themselves."""

_FILTER = re.compile(r"\*|[a-z][a-z0-9_]*\.(?:\*|[a-z][a-z0-9_]*)")
_CHOICES = MappingProxyType({"category": CATEGORIES, "order": ORDERS, "payload": PAYLOADS})


def check(
    fact: WebhookEndpointCreated | WebhookEndpointChanged,
    headers: HeaderChanges,
    *,
    loopback: bool,
) -> None:
    """Refuse fields that break a rule, naming all that do. See ``create`` and ``change``.

    Raises:
        RuleBroken: With a violation for each broken rule.
    """
    fields = named(fact)
    violations: list[Violation] = []
    if "url" in fields and (problem := url_problem(fields["url"], loopback=loopback)):
        violations.append(Violation("webhook-url", "/url", problem))
    if "events" in fields:
        violations += _events_violations(fields["events"])
    for field, choices in _CHOICES.items():
        if fields.get(field, choices[0]) not in choices:
            detail = f"There is no such {field}. Choose one of: {', '.join(choices)}."
            violations.append(Violation(f"webhook-{field}", f"/{field}", detail))
    if len(fields.get("description") or "") > MAX_DESCRIPTION:
        detail = f"Describe the endpoint in at most {MAX_DESCRIPTION} characters."
        violations.append(Violation("webhook-description", "/description", detail))
    if (rate := fields.get("rate_limit")) is not None and not 1 <= rate <= MAX_RATE:
        detail = f"Limit the rate to 1 to {MAX_RATE} requests a second; null is no limit."
        violations.append(Violation("webhook-rate-limit", "/rateLimit", detail))
    violations += header_violations(fields.get("headers", ()), headers)
    if violations:
        raise RuleBroken(tuple(violations))


def _events_violations(events: tuple[str, ...]) -> Iterator[Violation]:
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
