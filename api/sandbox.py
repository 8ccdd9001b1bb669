"""What only sandboxes can do over HTTP: set their clock, and begin again empty."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from api.caller import Caller
from api.problems import Problem
from api.wire import Instant, Reply, Wire
from store.sandbox import LiveBook, reset, set_clock

By = NamedDependency[Caller]
ADMIN = {"scope": "admin", "problems": ("live-book",)}

_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
_MAX_SECONDS = 366 * 24 * 3600

Seconds = Annotated[int, Meta(ge=0, le=_MAX_SECONDS, description="Seconds to advance by.")]
Days = Annotated[int, Meta(ge=0, le=36_600, description="Days to advance by.")]


class ClockIn(Wire):
    """Where the clock is to stand."""

    now: Instant


class AdvanceIn(Wire):
    """By how much the clock is to be advanced."""

    days: Days = 0
    seconds: Seconds = 0


class ClockOut(Reply):
    """What time it is in the book. ``standing`` tells that it was set, and stands still."""

    now: datetime
    standing: bool


class ResetOut(Reply):
    """The book that the keys open now: empty, with another id."""

    book_id: str


class SandboxController(Controller):
    """For tests of integrators: due dates, ageing and closing of periods without waiting."""

    path = "/api/sandbox"
    tags = ["Sandbox"]  # noqa: RUF012 - Litestar reads it from the class

    @get("/clock", operation_id="getClock", summary="What time is it?", opt={"scope": "read"})
    async def get_clock(self, caller: By) -> ClockOut:
        """The time by which the book decides what today is. Events are dated by the real one."""
        return ClockOut(now=caller.now, standing=caller.key.clock is not None)

    @put("/clock", operation_id="setClock", summary="Set the clock", opt=ADMIN)
    async def set_clock(self, caller: By, data: JSONBody[ClockIn]) -> ClockOut:
        """Let the clock stand at an instant. Live books refuse it."""
        return await _set(caller, data.now)

    @post(
        "/clock/advance",
        operation_id="advanceClock",
        summary="Advance it",
        opt=ADMIN,
        status_code=200,
    )
    async def advance_clock(self, caller: By, data: JSONBody[AdvanceIn]) -> ClockOut:
        """Advance the clock, and let it stand there. Live books refuse it."""
        if data.days == data.seconds == 0:
            raise Problem("invalid-parameter", "Say by how much: days, seconds, or both.")
        span = timedelta(days=data.days, seconds=data.seconds)
        if span > _LATEST - caller.now:
            raise Problem("invalid-parameter", "The clock cannot pass the year 9000.")
        return await _set(caller, caller.now + span)

    @delete("/clock", operation_id="releaseClock", summary="Let it go", opt=ADMIN, status_code=200)
    async def release_clock(self, caller: By) -> ClockOut:
        """Let the clock go with the world's again."""
        return await _set(caller, None)

    @post("/reset", operation_id="resetSandbox", summary="Begin again", opt=ADMIN, status_code=200)
    async def reset_sandbox(self, caller: By) -> ResetOut:
        """Begin again with an empty book, which all keys of this one open. Live books refuse it."""
        try:
            fresh = await reset(caller.doors.pool, caller.book_id)
        except LiveBook as refusal:
            raise Problem("live-book", str(refusal)) from refusal
        caller.doors.keys.forget(caller.book_id)
        return ResetOut(book_id=fresh.book_id)


async def _set(caller: Caller, at: datetime | None) -> ClockOut:
    try:
        await set_clock(caller.doors.pool, caller.book_id, at)
    except LiveBook as refusal:
        raise Problem("live-book", str(refusal)) from refusal
    caller.doors.keys.forget(caller.book_id)
    return ClockOut(now=at or datetime.now(UTC), standing=at is not None)
