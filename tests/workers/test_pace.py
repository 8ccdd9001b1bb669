import asyncio
import time
from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.receiver import Received, reply
from tests.workers.stage import Stage
from workers.deliver import Deliverer
from workers.pace import Pace


@given(
    rate=st.integers(1, 1000),
    idle=st.lists(st.floats(0, 3), max_size=20),
)
def test_no_second_has_more_requests_than_the_rate_and_a_twentieth(
    rate: int, idle: list[float]
) -> None:
    pace, now = Pace(rate, next_at=0.0), 0.0
    times: list[float] = []
    for pause in [*idle, *[0.0] * 30]:
        now += pause
        for _ in range(3):
            now += pace.wait(now)
            pace.take(now)
            times.append(now)
    for start in times:
        within = sum(start <= time < start + 1 for time in times)
        assert within <= max(rate * 1.05, rate + 1) + 1e-6


@given(st.integers(1, 1000))
def test_the_rate_is_used_to_the_full(rate: int) -> None:
    pace, now = Pace(rate, next_at=0.0), 0.0
    for _ in range(rate + 1):
        now += pace.wait(now)
        pace.take(now)
    assert now <= 1.0 + 1e-6


def test_without_a_limit_nothing_waits() -> None:
    pace = Pace(None, next_at=99.0)
    pace.take(0.0)
    assert pace.wait(0.0) == 0.0


async def test_a_rate_limit_holds_across_senders_that_take_turns(stage: Stage) -> None:
    endpoint = await stage.endpoint(rate_limit=40)
    means = msgspec.structs.replace(stage.means, clock=lambda: datetime.now(UTC))
    times: list[float] = []

    async def note(request: Received, writer: asyncio.StreamWriter) -> None:
        times.append(time.monotonic())
        await reply(200)(request, writer)

    stage.receiver.behave = note
    for _ in range(10):
        await stage.customers(3)
        sender = Deliverer(means)
        await sender.sweep()
        await sender.settled()
    assert await stage.delivered(endpoint, 30)
    # Each gap is that of the rate but for the slack of a twentieth of a second, however many.
    assert times[-1] - times[0] >= (len(times) - 1) / 40 - 0.06
