"""Headers of their own that integrators have sent along: which are allowed, and how they change.

Facts and states name the headers; their values, which are often credentials, stay outside of them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec

from domain.errors import Violation
from domain.facts.webhook_endpoint import Header

MAX_HEADERS = 10
MAX_NAME = 64
MAX_VALUE = 1024


class HeaderValue(msgspec.Struct, frozen=True, kw_only=True):
    """A header's value, and the id under which it is kept."""

    value: str
    value_id: str


HeaderChanges: TypeAlias = Mapping[str, HeaderValue | None]
"""New values by the name of the header; ``None`` takes the header away (RFC 7396)."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # token: RFC 9110, 5.6.2
_VALUE = re.compile(r"[!-~](?:[\t -~]*[!-~])?")  # field-value without obs-text: RFC 9110, 5.5

# What the sender says itself; what belongs to one connection (RFC 9110, 7.6.1) or to proxies; and
# what would make the answer's body larger or of another kind.
_RESERVED = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-encoding", "content-length"),
        *("content-type", "date", "expect", "forwarded", "host", "keep-alive", "range", "te"),
        *("trailer", "transfer-encoding", "upgrade", "user-agent", "via"),
    }
)
_RESERVED_FAMILIES = ("webhook-", "svix-", "proxy-", "x-forwarded-", "sec-")


def merged(headers: tuple[Header, ...], changes: HeaderChanges) -> tuple[Header, ...]:
    """The headers after the changes. Names are the same whatever their case."""
    after: dict[str, Header | None] = {header.name.lower(): header for header in headers}
    for name, given in changes.items():
        kept = None if given is None else Header(name=name, value_id=given.value_id)
        after[name.lower()] = kept
    return tuple(header for header in after.values() if header is not None)


def header_violations(headers: tuple[Header, ...], changes: HeaderChanges) -> Iterator[Violation]:
    """What is wrong with these changes, or with ``headers``, which they lead to."""
    if len(headers) > MAX_HEADERS:
        detail = f"Send at most {MAX_HEADERS} headers of your own; these are {len(headers)}."
        yield Violation("webhook-header", "/headers", detail)
    seen: set[str] = set()
    for name, given in changes.items():
        pointer = f"/headers/{name.replace('~', '~0').replace('/', '~1')}"
        if problem := _name_problem(name):
            yield Violation("webhook-header", pointer, problem)
        elif name.lower() in seen:
            detail = "The header is named twice: upper and lower case make no difference."
            yield Violation("webhook-header", pointer, detail)
        if given is not None and not _is_value(given.value):
            detail = (
                f"A header's value has 1 to {MAX_VALUE} printable ASCII characters, and no space "
                "at its ends."
            )
            yield Violation("webhook-header", pointer, detail)
        seen.add(name.lower())


def _name_problem(name: str) -> str | None:
    lower = name.lower()
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        return (
            f"A header's name has 1 to {MAX_NAME} letters, digits and hyphens, such as X-Api-Key."
        )
    if lower in _RESERVED or lower.startswith(_RESERVED_FAMILIES):
        return "This header is set by the sender or by the connection. Choose a name of your own."
    return None


def _is_value(value: str) -> bool:
    return len(value) <= MAX_VALUE and _VALUE.fullmatch(value) is not None
