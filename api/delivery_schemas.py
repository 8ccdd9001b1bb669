"""Deliveries, attempts, pings and lost leases on the wire."""

from datetime import datetime

import msgspec

from api.wire import Reply
from store.attempt_log import AttemptMade
from store.delivery_log import Delivery
from store.pings import Ping


class DeliveryOut(Reply):
    """One event for one endpoint. The ``last`` fields are those of its latest attempt, if any.

    ``replayId`` is the replay that last sent it again.
    """

    endpoint_id: str
    position: int
    event_id: str
    type: str
    aggregate_id: str
    recorded_at: datetime
    state: str
    attempts: int
    next_at: datetime | None
    replay_id: str | None
    last_at: datetime | None
    last_status: int | None
    last_error: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryOut":
        """The delivery as clients see it."""
        values = msgspec.structs.asdict(delivery)
        topic, stream = values.pop("topic"), values.pop("stream")
        return cls(type=topic, aggregate_id=stream.partition("/")[2], **values)


class DeliveryPage(Reply):
    """Deliveries, the newest event first. ``nextBefore`` continues; null when nothing follows."""

    items: list[DeliveryOut]
    next_before: int | None


class EventDeliveries(Reply):
    """The deliveries of one event, by endpoint. ``nextAfter`` continues; null at the end."""

    items: list[DeliveryOut]
    next_after: str | None


class Phases(Reply):
    """Milliseconds from the start of a request until each phase of it was over.

    ``name``: the host's name was known; ``connect``: a connection stood, TLS included;
    ``firstByte``: the answer began. Null where a kept connection was used, or it came to none.
    """

    name: float | None
    connect: float | None
    first_byte: float | None


class AttemptOut(Reply):
    """One try of a delivery.

    ``response`` is the beginning of what the receiver answered, up to 16 KiB, read as UTF-8.
    ``requestHeaders`` are those that were sent; of your own headers the values are masked.
    ``bodySha256`` is that of the body, in hexadecimal digits; ``peer`` is the address that was
    connected to. ``deliveryState`` is what has become of the delivery by now.
    """

    endpoint_id: str
    position: int
    event_id: str
    type: str
    delivery_state: str
    number: int
    at: datetime
    status: int | None
    error: str | None
    duration_ms: int
    phases_ms: Phases
    peer: str | None
    request_headers: dict[str, str]
    body_sha256: str | None
    response: str

    @classmethod
    def of(cls, attempt: AttemptMade) -> "AttemptOut":
        """The attempt as clients see it."""
        values = msgspec.structs.asdict(attempt)
        phases = Phases(
            name=values.pop("name_ms"),
            connect=values.pop("connect_ms"),
            first_byte=values.pop("first_byte_ms"),
        )
        topic, state = values.pop("topic"), values.pop("state")
        return cls(type=topic, delivery_state=state, phases_ms=phases, **values)


class AttemptPage(Reply):
    """The attempts of one delivery, in order. ``nextAfter`` continues; null at the end."""

    items: list[AttemptOut]
    next_after: int | None


class AttemptsFound(Reply):
    """Attempts, the newest first. ``nextCursor`` continues; null when nothing follows."""

    items: list[AttemptOut]
    next_cursor: str | None


class PingOut(Reply):
    """A ping that was sent, and what came of it: see the members of an attempt."""

    id: str
    at: datetime
    accepted: bool
    status: int | None
    error: str | None
    duration_ms: int
    phases_ms: Phases
    peer: str | None
    request_headers: dict[str, str]
    body_sha256: str
    response: str

    @classmethod
    def of(cls, ping: Ping) -> "PingOut":
        """The ping as clients see it."""
        return cls(
            id=ping.ping_id,
            at=ping.at,
            accepted=ping.accepted,
            status=ping.status,
            error=ping.error,
            duration_ms=ping.duration_ms,
            phases_ms=Phases(
                name=ping.timings.name_ms,
                connect=ping.timings.connect_ms,
                first_byte=ping.timings.first_byte_ms,
            ),
            peer=ping.peer,
            request_headers=msgspec.json.decode(ping.request_headers),
            body_sha256=ping.body_sha256.hex(),
            response=ping.response.decode("utf-8", "replace"),
        )


class PingPage(Reply):
    """Pings, the newest first. ``nextBefore`` continues; null when nothing follows."""

    items: list[PingOut]
    next_before: str | None


class LostLeaseOut(Reply):
    """A time in which a sender was lost: by a crash, or by being cut off.

    What it sent between ``leasedAt`` and ``lostAt`` may be missing from the attempts, and may have
    been sent again, with the same id and the same bytes.
    """

    epoch: int
    leased_at: datetime
    lost_at: datetime


class LostLeases(Reply):
    """The latest lost leases of an endpoint, the latest first."""

    items: list[LostLeaseOut]
