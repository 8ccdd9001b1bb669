"""Circuit breakers: spare a receiver that fails, and the attempts of what waits for it.

After a few failures in a row nothing is sent for a while. Then one delivery is tried; the circuit
stays open as long as such probes fail, and what waits meanwhile does not use up its attempts.
"""

from datetime import datetime, timedelta

from store.leases import Health

FAILURES = 5
"""So many failures in a row open the circuit."""

SHORTEST = timedelta(seconds=10)
LONGEST = timedelta(minutes=10)
"""How long a circuit stays open: half as long as the receiver has been failing, within these."""

LONGEST_ASKED = timedelta(hours=1)
"""A receiver may ask for a pause of all its deliveries, but after this one is tried."""

HOPELESS_AFTER = timedelta(days=5)
"""An endpoint that failed for so long without a success in between is disabled."""

HOPELESS_FAILURES = 10
"""But not before so many failures: two bad answers in a quiet week say little."""

_OVERLOADED = frozenset({408, 425, 429})
_SERVER_ERROR = 500


def accepted(status: int | None) -> bool:
    """Whether the receiver has it: 2xx and nothing else (Standard Webhooks 1.0.0)."""
    return status is not None and 200 <= status < 300  # noqa: PLR2004 - the 2xx


def at_fault(status: int | None) -> bool:
    """Whether the answer, or that there is none, tells against the receiver as a whole.

    Other refusals, such as 400 and 404, may be about one event: they open no circuit.
    """
    return status is None or status >= _SERVER_ERROR or status in _OVERLOADED


def half_open(health: Health) -> bool:
    """Whether one delivery should be tried before others."""
    return health.failures >= FAILURES


def after(
    health: Health, status: int | None, *, now: datetime, asked: float | None, chance: float
) -> Health:
    """The health after an answer; ``status`` is ``None`` when there was no answer.

    ``asked`` is what the receiver asked for in seconds (Retry-After), ``chance`` a random number
    from 0 up to 1: it stretches a pause by up to a fifth, so that probes do not come in waves.
    """
    if accepted(status):
        return Health()
    since = min(health.failing_since or now, now)
    failures = health.failures + 1
    pause = timedelta(0)
    if at_fault(status) and failures >= FAILURES:
        pause = min(max((now - since) / 2, SHORTEST), LONGEST) * (1 + chance / 5)
    if at_fault(status) and asked:
        pause = max(pause, min(timedelta(seconds=asked), LONGEST_ASKED))
    open_until = now + pause if pause else health.open_until
    return Health(failures, since, open_until)


def hopeless(health: Health, *, now: datetime) -> bool:
    """Whether the endpoint has failed for so long that it should be disabled."""
    since = health.failing_since
    return (
        since is not None and now - since >= HOPELESS_AFTER and health.failures >= HOPELESS_FAILURES
    )
