"""Any life of a webhook endpoint: its secrets, and every order of its commands and facts."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.aggregate import Fact, fold
from domain.errors import NotAllowed, Refusal, RuleBroken
from domain.facts import FACTS
from domain.facts.webhook_endpoint import (
    WebhookEndpointChanged,
    WebhookEndpointCreated,
    WebhookEndpointDisabled,
    WebhookEndpointSecretRotated,
)
from domain.webhook_endpoint import (
    COMMANDS,
    WEBHOOK_ENDPOINT,
    SigningSecret,
    WebhookEndpoint,
    available_actions,
    change,
    create,
    delete,
    disable,
    enable,
    rotate_secret,
)
from domain.webhook_headers import HeaderValue
from domain.webhook_rules import CATEGORIES, MAX_SECRETS, ORDERS, PAYLOADS
from tests.strategies import structs

CREATED = WebhookEndpointCreated(
    url="https://example.com/hooks", events=("invoice.posted",), category="standard"
)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OWN = [fact for fact in FACTS if fact.TOPIC.startswith("webhook.endpoint_")]


def state_after(*facts: Fact) -> WebhookEndpoint:
    state = fold(WEBHOOK_ENDPOINT, [CREATED, *facts])
    assert state is not None
    return state


def rotated(
    endpoint: WebhookEndpoint,
    id_: str = "whs_2",
    *,
    kind: str = "hmac",
    overlap: timedelta = DAY,
    now: datetime = NOON,
) -> WebhookEndpoint:
    facts = rotate_secret(endpoint, secret_id=id_, overlap=overlap, now=now, kind=kind)
    state = fold(WEBHOOK_ENDPOINT, facts, endpoint)
    assert state is not None
    return state


def live(endpoint: WebhookEndpoint, kind: str, now: datetime) -> list[SigningSecret]:
    return [it for it in endpoint.secrets if it.kind == kind and (not it.until or it.until > now)]


def test_a_new_secret_signs_beside_the_old_one_until_the_overlap_ends() -> None:
    assert state_after().secrets == (SigningSecret(kind="hmac", number=1),)
    state = rotated(state_after())
    assert state.secrets == (
        SigningSecret(kind="hmac", number=1, until=NOON + DAY),
        SigningSecret(kind="hmac", number=2, id="whs_2"),
    )
    at_once = rotated(state, "whs_3", overlap=timedelta(0))
    assert [it.until for it in at_once.secrets] == [NOON, NOON, None], "an end is brought forward"


def test_a_private_key_is_counted_apart_from_the_shared_secrets() -> None:
    fact = WebhookEndpointSecretRotated(
        kind="ed25519", secret_id="whs_9", previous_until=NOON, public_key="whpk_x"
    )
    assert rotate_secret(
        state_after(),
        secret_id="whs_9",
        overlap=timedelta(0),
        now=NOON,
        kind="ed25519",
        public_key="whpk_x",
    ) == [fact]
    shared, private = state_after(fact).secrets
    assert shared == SigningSecret(kind="hmac", number=1)
    assert (private.number, private.public_key, private.until) == (1, "whpk_x", None)


def test_so_many_secrets_sign_at_a_time_and_no_more() -> None:
    state = state_after()
    for number in range(2, MAX_SECRETS + 1):
        state = rotated(state, f"whs_{number}")
    with pytest.raises(RuleBroken, match="5 secrets sign already"):
        rotated(state, "whs_6")
    assert len(live(rotated(state, "whs_6", overlap=timedelta(0)), "hmac", NOON)) == 1
    assert rotated(state, "whs_6", now=NOON + DAY).secrets[-1].number == MAX_SECRETS + 1


@pytest.mark.parametrize("hours", [-1, 7 * 24 + 1])
def test_an_overlap_has_bounds(hours: int) -> None:
    with pytest.raises(RuleBroken, match="0 to 168 hours"):
        rotated(state_after(), overlap=timedelta(hours=hours))


# ---------------------------------------------------------------- any life

_TIMES = st.integers(0, 100).map(lambda hours: NOON + timedelta(hours=hours))
_HEADERS = st.dictionaries(
    st.sampled_from(["X-A", "x-a", "X-B", "Host", "a b", *(f"X-{it}" for it in range(12))]),
    st.none() | st.builds(HeaderValue, value=st.sampled_from(["v", " "]), value_id=st.text()),
)
_CHANGES = st.builds(
    WebhookEndpointChanged,
    url=st.sampled_from(["https://example.com/", "https://10.0.0.1/", "x"]),
    events=st.lists(st.sampled_from(["*", "invoice.*", "no.such", ""])).map(tuple),
    category=st.sampled_from([*CATEGORIES, "?"]),
    order=st.sampled_from([*ORDERS, "?"]),
    payload=st.sampled_from([*PAYLOADS, "?"]),
    rate_limit=st.none() | st.integers(-1, 10_001),
)
Command = Callable[[WebhookEndpoint], list[Fact]]
_COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(lambda c, h: lambda it: change(it, c, headers=h), _CHANGES, _HEADERS),
    st.builds(lambda h: lambda it: change(it, WebhookEndpointChanged(), headers=h), _HEADERS),
    st.just(lambda it: disable(it, reason="x")),
    st.just(enable),
    st.builds(
        lambda kind, id_, hours, now: (
            lambda it: rotate_secret(
                it, kind=kind, secret_id=id_, overlap=timedelta(hours=hours), now=now
            )
        ),
        st.sampled_from(("hmac", "ed25519")),
        st.uuids().map(str),
        st.sampled_from([0, 1, 24, 168]),
        _TIMES,
    ),
)


@given(st.lists(_COMMANDS, max_size=30))
def test_a_decision_is_the_same_each_time_and_its_facts_keep_the_rules(
    commands: list[Command],
) -> None:
    state = state_after()
    for command in commands:
        try:
            facts = command(state)
        except Refusal as refusal:
            with pytest.raises(type(refusal), match=re.escape(str(refusal))):
                command(state)
            continue
        assert command(state) == facts
        after = fold(WEBHOOK_ENDPOINT, facts, state)
        assert after is not None
        assert (after == state) == (facts == [])
        state = after
    asked = WebhookEndpointCreated(
        url=state.url, events=state.events, category=state.category, headers=state.headers
    )
    assert create(asked) == [asked], "whatever was decided would be accepted as new"
    names = [header.name.lower() for header in state.headers]
    assert len(set(names)) == len(names)


@given(st.lists(st.tuples(_TIMES, st.sampled_from([0, 1, 24, 168])), max_size=30))
def test_however_secrets_rotate_the_state_has_all_that_sign_and_few_that_do_not(
    rotations: list[tuple[datetime, int]],
) -> None:
    state, all_ever = state_after(), {1: SigningSecret(kind="hmac", number=1)}
    for now, hours in sorted(rotations):
        try:
            state = rotated(state, f"{now}", overlap=timedelta(hours=hours), now=now)
        except RuleBroken:
            assert len(live(state, "hmac", now)) == MAX_SECRETS
            continue
        end = now + timedelta(hours=hours)
        all_ever = {
            number: SigningSecret(kind="hmac", number=number, until=min(it.until or end, end))
            for number, it in all_ever.items()
        }
        all_ever[len(all_ever) + 1] = SigningSecret(kind="hmac", number=len(all_ever) + 1)
        signing = [it.number for it in all_ever.values() if not it.until or it.until > now]
        assert [it.number for it in live(state, "hmac", now)] == signing
        assert 1 <= len(signing) <= MAX_SECRETS
        assert len(state.secrets) <= MAX_SECRETS + 1


@given(st.lists(st.one_of([structs(fact) for fact in OWN]), max_size=12))
def test_evolve_copes_with_any_facts_in_any_order(facts: list[Fact]) -> None:
    state = fold(WEBHOOK_ENDPOINT, facts)
    assert state == fold(WEBHOOK_ENDPOINT, facts)
    if state is not None:
        assert state.status in {"Enabled", "Disabled"}
        assert set(available_actions(state.status)) <= set(COMMANDS)


def test_commands_are_refused_exactly_where_the_table_says_so() -> None:
    commands: dict[str, Command] = {
        "change": lambda it: change(it, WebhookEndpointChanged(events=("*",))),
        "disable": lambda it: disable(it, reason="x"),
        "enable": enable,
        "rotate-secret": lambda it: rotate_secret(it, secret_id="x", overlap=DAY, now=NOON),
        "delete": delete,
    }
    assert set(commands) == set(COMMANDS)
    for state in (state_after(), state_after(WebhookEndpointDisabled(reason="x"))):
        for name, command in commands.items():
            if state.status in COMMANDS[name]:
                assert command(state)
            else:
                with pytest.raises(NotAllowed):
                    command(state)
