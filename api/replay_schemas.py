"""Replays on the wire."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import Meta

from api.wire import Instant, Reply, Wire
from store.replays import Kind, Replay

Position = Annotated[
    int, Meta(ge=1, le=2**53 - 1, description="Place in the book.", examples=[1042])
]


class ReplayOne(Wire, tag="one", tag_field="kind"):
    """One event, whether or not the endpoint asks for its type."""

    position: Position


class ReplayRange(Wire, tag="range", tag_field="kind"):
    """Every event of these positions that the endpoint asks for, whatever became of it before.

    Without ``last``: up to the latest one.
    """

    first: Position
    last: Position | None = None


class ReplayFailed(Wire, tag="failed", tag_field="kind"):
    """Every delivery that was given up since then, by its last attempt."""

    since: Instant


class ReplayNeverAttempted(Wire, tag="never-attempted", tag_field="kind"):
    """Every event that the endpoint asks for and for which there has been no request.

    That is what happened before there was the endpoint, or while it asked for less. Without
    ``since``: all of it.
    """

    since: Instant | None = None


class ReplayIn(Wire):
    """Which deliveries are to be sent again."""

    select: ReplayOne | ReplayRange | ReplayFailed | ReplayNeverAttempted

    @property
    def kind(self) -> Kind:
        """How the deliveries are selected."""
        match self.select:
            case ReplayOne():
                return "one"
            case ReplayRange():
                return "range"
            case ReplayFailed():
                return "failed"
            case ReplayNeverAttempted():
                return "never-attempted"


class ReplayOut(Reply):
    """A replay.

    ``total`` is how many deliveries it has, null until they were counted. ``done`` of them were
    delivered, or ``failed``: tried as often as the endpoint's category says. ``waiting`` ones are
    due; so many only are at a time, so that new events need not queue behind them.
    """

    id: str
    endpoint_id: str
    kind: Literal["one", "range", "failed", "never-attempted"]
    first: int
    last: int
    state: Literal["pending", "running", "done", "cancelled"]
    total: int | None
    done: int
    waiting: int
    failed: int
    per_second: float | None
    seconds_left: float | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, replay: Replay) -> "ReplayOut":
        """The replay as clients see it."""
        now = datetime.now(UTC)
        return cls(
            id=replay.replay_id,
            endpoint_id=replay.endpoint_id,
            kind=replay.kind,
            first=replay.after + 1,
            last=replay.until,
            state=replay.state,
            total=replay.total if replay.counted else None,
            done=replay.done,
            waiting=replay.waiting,
            failed=replay.failed,
            per_second=replay.rate(now),
            seconds_left=replay.seconds_left(now),
            created_by=replay.created_by,
            created_at=replay.created_at,
            started_at=replay.started_at,
            ended_at=replay.ended_at,
        )


class ReplayPage(Reply):
    """Replays, the newest first. ``nextBefore`` continues; null when nothing follows."""

    items: list[ReplayOut]
    next_before: str | None
