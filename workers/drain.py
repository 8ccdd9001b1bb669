"""Send what is due to one endpoint, and write down what came of it.

At most a few deliveries are under way to an endpoint at a time: more as long as its receiver keeps
up, fewer when it does not. What came of them is fenced by the lease, so what a sender wrote after
it was thought dead counts for nothing; its receiver may get those webhooks again, with the same id
and the same bytes.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from store.deliveries import Attempt, Due, State
from store.leases import Released
from workers import breaker
from workers.disabling import disable_endpoint
from workers.dispatch import FEW, Dispatch, Ready, Target, Wanted
from workers.pace import Pace
from workers.queue import Queue
from workers.schedule import next_delay, policy_of, retry_after_seconds
from workers.sender import OWN_HEADERS, Answer, Request

DRAIN_SECONDS = 20.0
"""A drain starts nothing new after this, so that no endpoint goes without its latest settings."""

IN_FLIGHT = 8
"""So many requests are under way to an endpoint at most."""

UNRECORDED = 64
"""So many deliveries of an endpoint are sent again at most when their sender is killed."""

_AT_FIRST = 2
_GONE = 410

logger = logging.getLogger(__name__)


class Drain:
    """The sending to one endpoint under one lease."""

    def __init__(
        self,
        dispatch: Dispatch,
        target: Target,
        *,
        stopping: Callable[[], bool],
        hinted: Callable[[], bool],
    ) -> None:
        """``stopping`` tells whether the process wants to end: then nothing new is started.

        ``hinted`` tells whether there may be new work since it was last asked.
        """
        self._dispatch = dispatch
        self._means = dispatch.means
        self._target = target
        self._stopping = stopping
        self._hinted = hinted
        self._loop = asyncio.get_running_loop()
        self._start_until = self._loop.time() + DRAIN_SECONDS
        self._health = target.hold.lease.health
        self._window = 1 if breaker.half_open(self._health) else _AT_FIRST
        self._pace = self._pace_of(target)
        self._policy = policy_of(target.endpoint.category)
        self._queue = Queue(target.endpoint.order, ())
        self._page: dict[int, Ready] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._idle: asyncio.Future[None] | None = None
        self._under_way = 0
        self._unrecorded = 0
        # Why the endpoint is to be disabled, and the event whose attempt showed that.
        self._verdict: tuple[str, str] | None = None
        self._lost = False
        self._error: BaseException | None = None

    async def run(self, page: Sequence[Ready]) -> None:
        """Send what is due, and what becomes due meanwhile; then give the lease back."""
        try:
            while page:
                await self._send(page)
                more = len(page) >= FEW or self._hinted()
                if not (more and self._may_start()):
                    break
                wanted = Wanted(self._target, failing=self._health.failures > 0)
                page = await self._dispatch.next_page(wanted)
        finally:
            for task in self._tasks:
                task.cancel()
        if self._error is not None:
            raise self._error
        if self._lost:
            logger.warning("the lease of %s was taken over", self._target.id)
            return
        await self._end()

    async def _send(self, page: Sequence[Ready]) -> None:
        """Send a page, and wait until all that came of it is on the record."""
        self._page = {ready.due.position: ready for ready in page}
        self._queue = Queue(self._target.endpoint.order, (ready.due for ready in page))
        self._idle = self._loop.create_future()
        self._go_on()
        await self._idle

    def _may_start(self) -> bool:
        now = self._loop.time()
        return (
            now < self._start_until
            # A request that is started now ends before the lease does.
            and now + self._means.timeout <= self._target.hold.until
            and self._health.open_until is None
            and not (self._verdict or self._lost or self._error or self._stopping())
        )

    def _go_on(self) -> None:
        """Start what may be started. Called whenever something was recorded, or its time came."""
        while due := self._next():
            task = self._loop.create_task(self._work(due))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not self._unrecorded and self._timer is None and self._idle and not self._idle.done():
            self._idle.set_result(None)

    def _next(self) -> Due | None:
        """What may be started now; it counts as under way from here on."""
        if not (
            self._queue
            and self._under_way < self._window
            and self._unrecorded < UNRECORDED
            and self._timer is None
            and self._may_start()
        ):
            return None
        now = self._loop.time()
        if wait := self._pace.wait(now):
            if now + wait < self._start_until:
                self._timer = self._loop.call_later(wait, self._on_time)
            return None
        self._pace.take(now)
        self._under_way += 1
        self._unrecorded += 1
        return self._queue.take()

    def _on_time(self) -> None:
        self._timer = None
        self._go_on()

    async def _work(self, due: Due) -> None:
        """One attempt after the other: a task for each would cost more than its signature."""
        following: Due | None = due
        while following:
            await self._attempt(following)
            following = self._next()
            self._go_on()

    async def _attempt(self, due: Due) -> None:
        """One attempt, unless it is not to be started any more."""
        attempt: Attempt | None = None
        try:
            async with self._means.sockets:
                if self._may_start():
                    at = self._means.clock()
                    request = self._request(due, at)
                    answer = await self._means.sender.send(request, timeout=self._means.timeout)
                    attempt = self._judge(due, at, request, answer)
        except Exception as error:  # noqa: BLE001 - it ends this drain, which raises it
            self._error = error
        self._under_way -= 1
        if attempt is None:
            self._unrecorded -= 1
        else:
            self._queue.ended(due, over=attempt.state != "pending")
            recorded = self._dispatch.record(self._target.book_id, attempt)
            recorded.add_done_callback(self._on_recorded)

    def _on_recorded(self, recorded: asyncio.Future[bool]) -> None:
        self._unrecorded -= 1
        if recorded.cancelled():
            self._lost = True
        elif error := recorded.exception():
            self._error = error
        elif not recorded.result():
            self._lost = True
        self._go_on()

    def _request(self, due: Due, at: datetime) -> Request:
        target, body = self._target, self._page[due.position].body
        signed = target.signer.headers(body.event_id, int(at.timestamp()), body.content)
        return Request(
            url=target.endpoint.url,
            body=body.content,
            headers={**dict(target.headers), **signed},
            sandbox=target.sandbox,
        )

    def _judge(self, due: Due, at: datetime, request: Request, answer: Answer) -> Attempt:
        """What becomes of the delivery, and of the endpoint, by this answer."""
        now = self._means.clock()
        asked = None
        if not answer.accepted:
            asked = retry_after_seconds(answer.retry_after, now=now)
        body = self._page[due.position].body
        self._heed(answer, now, asked)
        if reason := self._hopeless(answer, now):
            self._verdict = (reason, body.event_id)
        state, next_at = self._outcome(due, answer, now, asked)
        return Attempt(
            lease=self._target.hold.lease,
            position=due.position,
            number=due.attempts + 1,
            at=at,
            status=answer.status,
            error=answer.error,
            duration_ms=answer.duration_ms,
            peer=answer.peer,
            response=answer.body,
            state=state,
            next_at=next_at,
            request_headers=self._logged(request),
            body_sha256=body.sha256,
            timings=answer.timings,
        )

    def _heed(self, answer: Answer, now: datetime, asked: float | None) -> None:
        """Let the receiver's health and the number of requests under way follow the answer."""
        self._health = breaker.after(
            self._health, answer.status, now=now, asked=asked, chance=self._means.chance()
        )
        if not breaker.at_fault(answer.status):
            self._window = min(self._window + 1, IN_FLIGHT)
        else:
            self._window = max(self._window // 2, 1)

    def _hopeless(self, answer: Answer, now: datetime) -> str | None:
        """Why nothing should be sent to the endpoint any more."""
        if answer.status == _GONE:
            return "It answered 410 Gone."
        if breaker.hopeless(self._health, now=now):
            return f"It accepted nothing for {breaker.HOPELESS_AFTER.days} days."
        return None

    def _outcome(
        self, due: Due, answer: Answer, now: datetime, asked: float | None
    ) -> tuple[State, datetime | None]:
        if answer.accepted:
            return "delivered", None
        tries = due.attempts + 1 - due.attempts_before
        chance = self._means.chance()
        delay = next_delay(self._policy, tries, retry_after=asked, chance=chance)
        if answer.status == _GONE or delay is None:
            return "failed", None
        return "pending", now + timedelta(seconds=delay)

    def _logged(self, request: Request) -> bytes:
        """The headers for the record: of an integrator's own, which may be credentials, names."""
        masked = dict.fromkeys((name for name, _ in self._target.headers), "***")
        return msgspec.json.encode({**OWN_HEADERS, **request.headers, **masked})

    async def _end(self) -> None:
        """Give the lease back, and disable the endpoint if that is what came of it."""
        target = self._target
        if self._verdict is not None:
            reason, event_id = self._verdict
            await disable_endpoint(
                self._means, target.book_id, target.id, reason=reason, causation_id=event_id
            )
        released = Released(target.hold.lease, self._health, self._next_send_at())
        await self._dispatch.release(target.book_id, released)

    def _pace_of(self, target: Target) -> Pace:
        """The pace, from where the holder before left it."""
        next_at = target.hold.lease.next_send_at
        ahead = (next_at - self._means.clock()).total_seconds() if next_at else 0.0
        return Pace(target.endpoint.rate_limit, next_at=self._loop.time() + ahead)

    def _next_send_at(self) -> datetime | None:
        ahead = self._pace.next_at - self._loop.time()
        return self._means.clock() + timedelta(seconds=ahead) if ahead > 0 else None
