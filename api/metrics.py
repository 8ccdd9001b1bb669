"""Metrics in Prometheus' text format: how many requests, how long they took, how far followers are.

Counting happens in the shell, so that 404 and 405 are counted too. Routes are named by their
template, never by their path: an id in a label would make a new time series for every invoice.
"""

import ipaddress
from typing import Any

from litestar import MediaType, Request, Response, get
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from api.caller import Doors
from api.problems import Problem
from store.checkup import heads, lags

UNMATCHED = "unmatched"
"""The route of requests that no route answers."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meters:
    """What this process counts. ``registry`` holds it all."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "daybook_http_requests",
            "Requests answered, by method, route template and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "daybook_http_request_seconds",
            "Seconds from the first byte of a request to the last of its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        # Finding a label's child costs more than counting, so they are kept.
        self._children: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One more request."""
        found = self._children.get((method, route, status))
        if found is None:
            counter = self._requests.labels(method, route, str(status))
            found = (counter, self._seconds.labels(method, route))
            self._children[method, route, status] = found
        counter, histogram = found
        counter.inc()
        histogram.observe(seconds)


@get(
    "/metrics",
    operation_id="getMetrics",
    summary="Metrics",
    tags=["Operation"],
    media_type=MediaType.TEXT,
    opt={"problems": ("not-authenticated", "not-permitted")},
)
async def metrics(request: Request[Any, Any, Any]) -> Response[str]:
    """Metrics of this process and lags of all followers, in Prometheus' text format.

    Only for those on the same machine, or who hold the token of `DAYBOOK_METRICS_TOKEN`.
    """
    doors: Doors = request.app.state.doors
    _admit(request, doors.metrics_token)
    registry = CollectorRegistry()
    head = Gauge("daybook_book_head", "Latest position.", ("book",), registry=registry)
    lag = Gauge(
        "daybook_follower_lag_events",
        "Events that a follower has still to see.",
        ("book", "follower"),
        registry=registry,
    )
    async with doors.pool.acquire() as connection:
        for book_id, position in await heads(connection):
            head.labels(book_id).set(position)
        for found in await lags(connection):
            lag.labels(found.book_id, found.follower).set(found.lag)
    text = generate_latest(registry)
    meters: Meters | None = request.app.state.get("meters")
    if meters is not None:
        text = generate_latest(meters.registry) + text
    return Response(text.decode(), media_type=MediaType.TEXT)


def _admit(request: Request[Any, Any, Any], token: str | None) -> None:
    """Let nobody see what is not meant for everybody."""
    if token is not None:
        if request.headers.get("authorization") != f"Bearer {token}":
            raise Problem("not-authenticated", "Send the token of DAYBOOK_METRICS_TOKEN.")
        return
    host = request.client.host if request.client else ""
    try:
        near = ipaddress.ip_address(host).is_loopback
    except ValueError:
        # A unix socket has no address, and nobody from outside can reach it.
        near = not host
    if not near:
        detail = "Metrics are for this machine only, unless DAYBOOK_METRICS_TOKEN is set."
        raise Problem("not-permitted", detail)
