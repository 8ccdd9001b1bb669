from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.webhook_endpoint import WEBHOOK_ENDPOINT
from store.leases import Health
from tests.workers.receiver import reply
from tests.workers.stage import Stage
from workers.breaker import FAILURES, LONGEST, LONGEST_ASKED, SHORTEST, after, half_open, hopeless

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = 86_400


def fail(health: Health, times: int, status: int | None = 500) -> Health:
    for _ in range(times):
        health = after(health, status, now=NOW, asked=None, chance=0.0)
    return health


def test_a_few_failures_in_a_row_open_the_circuit_and_a_success_closes_it() -> None:
    assert fail(Health(), FAILURES - 1).open_until is None
    opened = fail(Health(), FAILURES)
    assert opened.open_until == NOW + SHORTEST
    assert half_open(opened)
    assert after(opened, 204, now=NOW, asked=None, chance=0.5) == Health()


@pytest.mark.parametrize("status", [400, 404, 301])
def test_what_may_be_about_one_event_opens_no_circuit(status: int) -> None:
    assert fail(Health(), 10 * FAILURES, status).open_until is None


@given(st.floats(0, 1e7), st.floats(0, 1, exclude_max=True))
def test_a_circuit_stays_open_the_longer_the_longer_it_failed_within_bounds(
    seconds: float, chance: float
) -> None:
    since = NOW - timedelta(seconds=seconds)
    health = after(Health(FAILURES, since), None, now=NOW, asked=None, chance=chance)
    assert health.open_until is not None
    assert SHORTEST <= health.open_until - NOW <= LONGEST * 1.2


def test_a_receiver_that_asks_for_a_pause_gets_it_at_once_but_not_for_ever() -> None:
    asked = after(Health(), 429, now=NOW, asked=60.0, chance=0.0)
    assert asked.open_until == NOW + timedelta(seconds=60)
    assert not half_open(asked)
    much = after(Health(), 503, now=NOW, asked=1e6, chance=0.0)
    assert much.open_until == NOW + LONGEST_ASKED
    impatient = after(fail(Health(), FAILURES), 503, now=NOW, asked=1.0, chance=0.0)
    assert impatient.open_until == NOW + SHORTEST, "asking for less does not shorten a pause"


def test_an_endpoint_is_hopeless_after_five_days_and_enough_failures() -> None:
    long_ago = NOW - timedelta(days=5)
    assert hopeless(Health(10, long_ago), now=NOW)
    assert not hopeless(Health(9, long_ago), now=NOW)
    assert not hopeless(Health(10, long_ago + timedelta(seconds=1)), now=NOW)


async def test_while_the_circuit_is_open_nothing_is_sent_and_then_one_probe(stage: Stage) -> None:
    endpoint = await stage.endpoint()
    await stage.customers(50)
    stage.receiver.behave = reply(500)
    await stage.deliver()
    opened = len(stage.receiver.requests)
    assert FAILURES <= opened < FAILURES + 3
    stage.clock.pass_(9)
    await stage.deliver()
    assert len(stage.receiver.requests) == opened, "it is still open"
    for probes in (1, 2, 3):
        stage.clock.pass_(700)
        await stage.deliver()
        assert len(stage.receiver.requests) == opened + probes
    untouched = [state for state in await stage.states(endpoint) if state == ("pending", 0)]
    assert len(untouched) >= 50 - opened - 3, "what waits does not use up its attempts"

    stage.receiver.behave = reply(200)
    stage.clock.pass_(700)
    await stage.deliver()
    stage.clock.pass_(DAY)
    await stage.deliver()
    assert {state for state, _ in await stage.states(endpoint)} == {"delivered"}


async def test_after_five_days_without_a_success_the_endpoint_is_disabled(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = await stage.endpoint(category="standard")
    await stage.customers(20)
    stage.receiver.behave = reply(500)
    for _ in range(12):
        await stage.deliver()
        entity = await stage.books.get(stage.book.book_id, WEBHOOK_ENDPOINT(endpoint))
        assert entity.state.status == "Enabled"
        stage.clock.pass_(DAY * 0.4)
    stage.clock.pass_(DAY)
    await stage.deliver()
    entity = await stage.books.get(stage.book.book_id, WEBHOOK_ENDPOINT(endpoint))
    assert entity.state.status == "Disabled"
    assert entity.state.disabled_reason == "It accepted nothing for 5 days."
    assert "is disabled. It accepted nothing for 5 days." in caplog.text
    events = await stage.books.history(stage.book.book_id, WEBHOOK_ENDPOINT(endpoint))
    assert events[-1].topic == "webhook.endpoint_disabled"
    assert events[-1].metadata.causation_id in stage.receiver.ids
