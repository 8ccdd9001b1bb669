"""What only sandboxes can do over HTTP: set their clock, and begin again empty."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from api.caller import Caller
from api.commands import REPLAYED, Ask
from api.once import once
from api.problems import Problem
from api.wire import Instant, Reply, Wire
from store.database import Connection, Pool
from store.once import once_only
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
        await _set(caller.doors.pool, caller, data.now)
        caller.doors.keys.forget(caller.book_id)
        return ClockOut(now=data.now, standing=True)

    @post(
        "/clock/advance",
        operation_id="advanceClock",
        summary="Advance it",
        opt={**ADMIN, "example": {"days": 30}},
        status_code=200,
    )
    async def advance_clock(
        self, request: Ask, caller: By, data: JSONBody[AdvanceIn]
    ) -> Response[ClockOut]:
        """Advance the clock, and let it stand there. Live books refuse it."""
        if data.days == data.seconds == 0:
            raise Problem("invalid-parameter", "Say by how much: days, seconds, or both.")
        span = timedelta(days=data.days, seconds=data.seconds)
        if span > _LATEST - caller.now:
            raise Problem("invalid-parameter", "The clock cannot pass the year 9000.")
        doors, key = caller.doors, await once(request, caller)
        async with once_only(doors.pool, caller.book_id, key) as turn:
            made = turn.made or f"clock/{(caller.now + span).isoformat()}"
            at = datetime.fromisoformat(made.partition("/")[2])
            if turn.made is None:
                await _set(turn.connection, caller, at)
                await turn.note(made)
        doors.keys.forget(caller.book_id)
        headers = REPLAYED if turn.made else {}
        return Response(ClockOut(now=at, standing=True), headers=headers)

    @delete("/clock", operation_id="releaseClock", summary="Let it go", opt=ADMIN, status_code=200)
    async def release_clock(self, caller: By) -> ClockOut:
        """Let the clock go with the world's again."""
        await _set(caller.doors.pool, caller, None)
        caller.doors.keys.forget(caller.book_id)
        return ClockOut(now=datetime.now(UTC), standing=False)

    @post(
        "/reset",
        operation_id="resetSandbox",
        summary="Begin again",
        opt={**ADMIN, "problems": ("live-book", "invalid-transition")},
        status_code=200,
    )
    async def reset_sandbox(self, request: Ask, caller: By) -> Response[ResetOut]:
        """Begin again with an empty book, which all keys of this one open. Live books refuse it."""
        doors, key = caller.doors, await once(request, caller)
        async with once_only(doors.pool, caller.book_id, key) as turn:
            if turn.made is None:
                with _refused_if_live():
                    fresh = await reset(turn.connection, caller.book_id)
                # The repetition asks by a key that opens the new book; or the old one still.
                for book_id in (caller.book_id, fresh):
                    await turn.note(f"book/{fresh}", in_book=book_id)
            else:
                fresh = turn.made.partition("/")[2]
        doors.keys.forget(caller.book_id)
        return Response(ResetOut(book_id=fresh), headers=REPLAYED if turn.made else {})


async def _set(connection: Connection | Pool, caller: Caller, at: datetime | None) -> None:
    with _refused_if_live():
        await set_clock(connection, caller.book_id, at)


@contextmanager
def _refused_if_live() -> Iterator[None]:
    """What live books refuse, as a problem."""
    try:
        yield
    except LiveBook as refusal:
        raise Problem("live-book", str(refusal)) from refusal
