from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.webhook_rules import CATEGORIES
from workers.schedule import (
    HOUR,
    MAX_RETRY_AFTER,
    POLICIES,
    RetryPolicy,
    next_delay,
    policy_of,
    retry_after_seconds,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
policies = st.sampled_from(sorted(POLICIES.values(), key=lambda policy: policy.category))
chances = st.floats(0, 1, exclude_max=True)


def test_every_category_that_an_endpoint_may_choose_has_a_policy() -> None:
    assert set(POLICIES) == set(CATEGORIES)


def test_post_transaction_means_three_attempts() -> None:
    assert POLICIES["post-transaction"].attempts == 3


def test_a_category_that_is_no_longer_offered_is_treated_patiently() -> None:
    assert policy_of("post-transaction").attempts == 3
    assert policy_of("retired").attempts == 10


def test_standard_means_ten_attempts_within_a_good_three_days() -> None:
    policy = POLICIES["standard"]
    assert policy.attempts == 10
    assert 72 * HOUR < sum(policy.delays) < 80 * HOUR


@given(policies, chances)
def test_a_policy_is_followed_to_its_end_and_no_further(policy: RetryPolicy, chance: float) -> None:
    delays = [
        next_delay(policy, attempts, retry_after=None, chance=chance)
        for attempts in range(1, policy.attempts + 1)
    ]
    assert delays[-1] is None
    for planned, delay in zip(policy.delays, delays[:-1], strict=True):
        assert delay is not None
        assert planned <= delay <= planned * (1 + policy.jitter)


@given(policies, chances, st.floats(0, 10 * MAX_RETRY_AFTER))
def test_a_delay_is_never_shorter_than_what_the_receiver_asked_for_within_a_day(
    policy: RetryPolicy, chance: float, asked: float
) -> None:
    delay = next_delay(policy, 1, retry_after=asked, chance=chance)
    assert delay is not None
    assert delay >= max(policy.delays[0], min(asked, MAX_RETRY_AFTER))
    assert delay <= max(policy.delays[0], MAX_RETRY_AFTER) * (1 + policy.jitter)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("999999999999", MAX_RETRY_AFTER),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("१२०", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after_seconds(header, now=NOW) == seconds


@given(st.text())
def test_no_retry_after_header_makes_the_reader_stumble(header: str) -> None:
    assert (retry_after_seconds(header, now=NOW) or 0) >= 0
