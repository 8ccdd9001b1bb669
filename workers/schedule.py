"""When a failed delivery is tried again: policies are data, and this is all that reads them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType

import msgspec

MINUTE = 60.0
HOUR = 60 * MINUTE

MAX_RETRY_AFTER = 24 * HOUR
"""A receiver may ask for patience, but for no more seconds than this."""


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often, and when.

    ``delays`` are the seconds between one attempt and the next, so there is one attempt more than
    there are delays. ``jitter`` is the greatest share by which a delay is stretched: it only ever
    lengthens, because a shortened delay could undercut what the receiver asked for.
    """

    category: str
    delays: tuple[float, ...]
    jitter: float = 0.2

    @property
    def attempts(self) -> int:
        """All attempts, the first one included."""
        return len(self.delays) + 1


POLICIES: Mapping[str, RetryPolicy] = MappingProxyType(
    {
        policy.category: policy
        for policy in (
            RetryPolicy(category="post-transaction", delays=(30.0, 5 * MINUTE)),
            # The table of Standard Webhooks 1.0.0: ten attempts within a good three days.
            RetryPolicy(
                category="standard",
                delays=(
                    *(5.0, 5 * MINUTE, 30 * MINUTE),
                    *(2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR),
                ),
            ),
        )
    }
)


def policy_of(category: str) -> RetryPolicy:
    """The policy of a category; the patient one for a category that is no longer offered."""
    return POLICIES.get(category, POLICIES["standard"])


def next_delay(
    policy: RetryPolicy, attempts: int, *, retry_after: float | None, chance: float
) -> float | None:
    """Seconds until the next attempt, after ``attempts`` failed ones; ``None``: give up.

    ``retry_after`` is what the receiver asked for, in seconds; ``chance`` is a random number from
    0 up to 1.
    """
    if attempts > len(policy.delays):
        return None
    asked = min(retry_after or 0.0, MAX_RETRY_AFTER)
    delay = max(policy.delays[attempts - 1], asked)
    return delay * (1 + policy.jitter * chance)


def retry_after_seconds(header: str | None, *, now: datetime) -> float | None:
    """The value of a Retry-After header in seconds (RFC 9110, 10.2.3); ``None`` if there is none.

    What cannot be read counts as not said: a receiver's mistake must not stop its deliveries.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), MAX_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((at - now).total_seconds(), 0.0)
