import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.aggregate import Fact, fold
from domain.errors import NotAllowed, RuleBroken
from domain.facts import TOPICS
from domain.facts.webhook_endpoint import (
    Header,
    WebhookEndpointChanged,
    WebhookEndpointCreated,
    WebhookEndpointDeleted,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
)
from domain.webhook_endpoint import (
    WEBHOOK_ENDPOINT,
    WebhookEndpoint,
    available_actions,
    change,
    create,
    delete,
    disable,
    enable,
)
from domain.webhook_headers import HeaderValue
from domain.webhook_rules import MAX_ENDPOINTS

CREATED = WebhookEndpointCreated(
    url="https://example.com/hooks", events=("invoice.posted",), category="standard"
)


def endpoint(*later: Fact, created: WebhookEndpointCreated = CREATED) -> WebhookEndpoint:
    state = fold(WEBHOOK_ENDPOINT, [created, *later])
    assert state is not None
    return state


def test_an_endpoint_is_created_as_asked() -> None:
    assert create(CREATED) == [CREATED]
    state = endpoint()
    assert (state.url, state.events, state.status) == (CREATED.url, CREATED.events, "Enabled")


def test_every_broken_rule_is_named_at_once_with_its_place() -> None:
    wrong = WebhookEndpointCreated(
        url="http://10.0.0.1/",
        events=("invoice.posted", "invoice.psted", "Invoice.*", "**", "invoice.", "nothing.*"),
        category="whenever",
        description="x" * 501,
        order="reverse",
        rate_limit=0,
        payload="fat",
    )
    headers = {"Host": HeaderValue(value="x", value_id="whh_1")}
    with pytest.raises(RuleBroken) as refusal:
        create(wrong, headers=headers)
    assert [violation.pointer for violation in refusal.value.violations] == [
        "/url",
        *(f"/events/{index}" for index in range(1, 6)),
        *("/category", "/order", "/payload", "/description", "/rateLimit", "/headers/Host"),
    ]
    assert [violation.code for violation in refusal.value.violations][-5:-1] == [
        *("webhook-order", "webhook-payload", "webhook-description", "webhook-rate-limit")
    ]


def test_a_book_has_a_bounded_number_of_endpoints() -> None:
    assert create(CREATED, others=MAX_ENDPOINTS - 1) == [CREATED]
    with pytest.raises(RuleBroken, match="at most 2000"):
        create(CREATED, others=MAX_ENDPOINTS)


@pytest.mark.parametrize("events", [(), ("*",) * 101])
def test_the_number_of_event_filters_has_bounds(events: tuple[str, ...]) -> None:
    with pytest.raises(RuleBroken, match="1 to 100"):
        create(WebhookEndpointCreated(url=CREATED.url, events=events, category="standard"))


def test_loopback_is_for_books_that_may_use_it() -> None:
    local = WebhookEndpointCreated(
        url="http://127.0.0.1:8080/", events=("*",), category="post-transaction"
    )
    with pytest.raises(RuleBroken):
        create(local)
    assert create(local, loopback=True) == [local]


def test_a_change_names_only_what_becomes_different() -> None:
    asked = WebhookEndpointChanged(url=CREATED.url, events=("invoice.*",), description=None)
    assert change(endpoint(), asked) == [WebhookEndpointChanged(events=("invoice.*",))]
    assert change(endpoint(), WebhookEndpointChanged(url=CREATED.url)) == []


def test_a_change_is_held_to_the_same_rules() -> None:
    for wrong in (
        WebhookEndpointChanged(url="https://localhost/"),
        WebhookEndpointChanged(events=("no.such",)),
        WebhookEndpointChanged(category="no"),
        WebhookEndpointChanged(order="no"),
        WebhookEndpointChanged(payload="no"),
        WebhookEndpointChanged(rate_limit=10_001),
    ):
        with pytest.raises(RuleBroken):
            change(endpoint(), wrong)


def test_order_rate_and_payload_are_changed_and_a_rate_limit_is_cleared() -> None:
    asked = WebhookEndpointChanged(order="strict", rate_limit=5, payload="thin")
    assert change(endpoint(), asked) == [asked]
    limited = endpoint(asked)
    assert (limited.order, limited.rate_limit, limited.payload) == ("strict", 5, "thin")
    unlimited = WebhookEndpointChanged(rate_limit=None)
    assert change(limited, unlimited) == [unlimited]
    assert endpoint(asked, unlimited).rate_limit is None


def test_headers_are_changed_one_by_one_and_what_is_so_already_is_no_change() -> None:
    one, two = (HeaderValue(value="v", value_id=id_) for id_ in ("whh_1", "whh_2"))
    [created] = create(CREATED, headers={"X-A": one})
    assert isinstance(created, WebhookEndpointCreated)
    state = endpoint(created=created)
    assert state.headers == (Header(name="X-A", value_id="whh_1"),)
    assert change(state, WebhookEndpointChanged(), headers={"X-A": one, "X-B": None}) == []
    [changed] = change(state, WebhookEndpointChanged(), headers={"X-B": two, "x-a": None})
    assert changed == WebhookEndpointChanged(headers=(Header(name="X-B", value_id="whh_2"),))


def test_disabling_and_enabling_alternate() -> None:
    assert disable(endpoint(), reason="Maintenance.") == [
        WebhookEndpointDisabled(reason="Maintenance.")
    ]
    off = endpoint(WebhookEndpointDisabled(reason="Maintenance."))
    assert (off.status, off.disabled_reason) == ("Disabled", "Maintenance.")
    with pytest.raises(NotAllowed, match="disabled already") as refusal:
        disable(off, reason="Again.")
    allowed = ("change", "enable", "rotate-secret", "delete")
    assert refusal.value.actions == available_actions("Disabled") == allowed
    assert enable(off) == [WebhookEndpointEnabled()]
    on = endpoint(WebhookEndpointDisabled(reason="x"), WebhookEndpointEnabled())
    assert on == endpoint()
    with pytest.raises(NotAllowed, match="enabled already"):
        enable(on)


def test_a_deleted_endpoint_is_gone() -> None:
    assert delete(endpoint()) == [WebhookEndpointDeleted()]
    assert fold(WEBHOOK_ENDPOINT, [CREATED, WebhookEndpointDeleted()]) is None
    assert (
        fold(WEBHOOK_ENDPOINT, [CREATED, WebhookEndpointDeleted(), WebhookEndpointEnabled()])
        is None
    )


@pytest.mark.parametrize(
    ("events", "wanted", "unwanted"),
    [
        (("invoice.posted",), ["invoice.posted"], ["invoice.voided", "customer.created"]),
        (("invoice.*",), ["invoice.posted", "invoice.voided"], ["customer.created"]),
        (("*",), ["invoice.posted", "customer.created"], ["webhook.endpoint_created"]),
        (("*", "webhook.*"), ["invoice.posted", "webhook.endpoint_disabled"], []),
    ],
)
def test_an_endpoint_wants_what_its_filters_name(
    events: tuple[str, ...], wanted: list[str], unwanted: list[str]
) -> None:
    state = endpoint(WebhookEndpointChanged(events=events))
    assert all(state.wants(topic) for topic in wanted)
    assert not any(state.wants(topic) for topic in unwanted)


@given(st.sampled_from(sorted(TOPICS)))
def test_every_topic_can_be_asked_for_and_a_disabled_endpoint_wants_none(topic: str) -> None:
    asked = WebhookEndpointCreated(url=CREATED.url, events=(topic,), category="standard")
    assert create(asked) == [asked]
    assert endpoint(created=asked).wants(topic)
    assert not endpoint(WebhookEndpointDisabled(reason="x"), created=asked).wants(topic)
