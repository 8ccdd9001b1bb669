import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts.webhook_endpoint import Header
from domain.webhook_headers import (
    MAX_HEADERS,
    MAX_NAME,
    MAX_VALUE,
    HeaderValue,
    header_violations,
    merged,
)


def value(text: str = "v", id_: str = "whh_1") -> HeaderValue:
    return HeaderValue(value=text, value_id=id_)


def pointers(**changes: HeaderValue | None) -> list[str]:
    return [it.pointer for it in header_violations((), changes)]


def test_headers_are_set_replaced_and_taken_away_by_name_whatever_its_case() -> None:
    headers = (Header(name="X-A", value_id="1"), Header(name="X-B", value_id="2"))
    changes = {"x-a": value(id_="3"), "X-B": None, "X-C": value(id_="4"), "X-None": None}
    assert merged(headers, changes) == (
        Header(name="x-a", value_id="3"),
        Header(name="X-C", value_id="4"),
    )
    assert merged(headers, {}) == headers


@pytest.mark.parametrize(
    "name",
    [
        *("", "X A", "X:A", "X-Ä", "X-A\n", "(x)", "X" * (MAX_NAME + 1)),
        *("Host", "content-length", "Content-Type", "Transfer-Encoding", "connection", "TE"),
        *("Keep-Alive", "Upgrade", "Proxy-Authorization", "User-Agent", "Accept-Encoding"),
        *("webhook-id", "Webhook-Signature", "svix-id", "X-Forwarded-For", "Expect", "Trailer"),
    ],
)
def test_a_name_that_is_malformed_or_not_the_integrators_is_refused(name: str) -> None:
    [violation] = header_violations((), {name: value()})
    assert violation.pointer == f"/headers/{name}"


@pytest.mark.parametrize("name", ["X-Api-Key", "Authorization", "x_tenant", "A", "Cookie"])
def test_other_names_are_allowed(name: str) -> None:
    assert list(header_violations((), {name: value()})) == []


@pytest.mark.parametrize(
    "text",
    ["", " ", " a", "a ", "a\n", "a\r\nHost: b", "ä", "\x00", "a\x7f", "x" * (MAX_VALUE + 1)],
)
def test_a_value_that_cannot_stand_in_a_header_is_refused(text: str) -> None:
    assert pointers(X=value(text)) == ["/headers/X"]


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=99))
def test_any_visible_ascii_is_a_value(text: str) -> None:
    assert pointers(X=value(text), Y=value(f"{text} \t{text}")) == []


def test_every_wrong_header_is_named_and_pointers_are_escaped() -> None:
    assert pointers(**{"a/b": None, "Host": value(" "), "X-A": value(), "x-a": value()}) == [
        "/headers/a~1b",
        "/headers/Host",
        "/headers/Host",
        "/headers/x-a",
    ]


def test_the_number_of_headers_has_a_bound() -> None:
    many = tuple(Header(name=f"X-{number}", value_id="1") for number in range(MAX_HEADERS + 1))
    assert [it.pointer for it in header_violations(many, {})] == ["/headers"]
    assert list(header_violations(many[1:], {})) == []
