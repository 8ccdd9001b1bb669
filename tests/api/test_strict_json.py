"""Strict bodies: one meaning or a refusal."""

import json
import time
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from litestar import post
from litestar.exceptions import ImproperlyConfiguredException
from litestar.params import JSONBody

from api.problems import Problem
from api.strict_json import MAX_DEPTH, decode
from api.wire import Wire
from tests.sample_api import Line, NewOrder, OrderPatch, client_of, sample_app

URL = "/api/orders"
LINE = b'{"description":"Tea","unitPrice":"1.10"}'


class Anything(Wire):
    """An open field, to reach what typed fields would refuse first."""

    value: Any = None


def refused(raw: bytes, kind: Any = NewOrder) -> str:
    with pytest.raises(Problem) as caught:
        decode(kind, raw)
    return f"{caught.value.kind.status} {caught.value.code}"


def test_a_good_body_is_decoded_exactly() -> None:
    order = decode(NewOrder, b'{"customerId":"12","lines":[' + LINE + b"]}")

    assert order == NewOrder(customer_id="12", lines=[Line(description="Tea", unit_price="1.10")])


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"{", "400 malformed-json"),
        (b'{"customerId":"12"} x', "400 malformed-json"),
        (b"{'customerId':'12'}", "400 malformed-json"),
        (b'{"customerId":NaN}', "400 malformed-json"),
        (b'{"customerId":-Infinity}', "400 malformed-json"),
        (b'\xef\xbb\xbf{"customerId":"12"}', "400 malformed-json"),
        (b'{"memo":"a\x00b"}', "400 malformed-json"),
        (b'{"customerId":"12",}', "400 malformed-json"),
        (b"  \n ", "400 body-required"),
        (b'{"customerId":"\xff"}', "400 invalid-text"),
        (b'{"\xff":1}', "400 invalid-text"),
        (b'{"customerId":"\xed\xa0\x80"}', "400 invalid-text"),
        (b'{"customerId":"a\\u0000"}', "400 invalid-text"),
        (b'{"customerId":"a\\\\\\u0000"}', "400 invalid-text"),
        (b'{"\\u0000":"a"}', "400 invalid-text"),
        (b'{"customerId":"\\ud800"}', "400 invalid-text"),
        (b'{"customerId":"\\udc00"}', "400 invalid-text"),
        (b'{"customerId":"\\uD83Dx"}', "400 invalid-text"),
        (b'{"customerId":"1","customerId":"2"}', "400 duplicate-key"),
        (b'{"customerId":"1","\\u0063ustomerId":"2"}', "400 duplicate-key"),
        (b'{"customerId":"1","lines":[{"quantity":"1","quantity":"2"}]}', "400 duplicate-key"),
        (b"[]", "422 invalid-body"),
        (b"null", "422 invalid-body"),
        (b'{"customerId":12}', "422 invalid-body"),
        (b'{"customer_id":"12"}', "422 invalid-body"),
        (b'{"customerId":"12","lines":null}', "422 invalid-body"),
        (b'{"customerId":1e999}', "422 invalid-body"),
        (b'{"customerId":' + b"9" * 5000 + b"}", "422 invalid-body"),
    ],
)
def test_a_bad_body_is_refused_with_the_right_problem(raw: bytes, expected: str) -> None:
    assert refused(raw) == expected


@pytest.mark.parametrize("raw", [b'{"value":"\\u0000"}', b'{"value":{"a":1,"a":2}}'])
def test_open_fields_are_held_to_the_same_rules(raw: bytes) -> None:
    assert refused(raw, Anything).startswith("400 ")


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert decode(Anything, b'{"value":"\\\\u0000"}').value == "\\u0000"


def test_a_surrogate_pair_is_one_character() -> None:
    assert decode(Anything, b'{"value":"\\ud83c\\udf89"}').value == "🎉"


def test_equal_names_in_different_objects_are_fine() -> None:
    order = decode(NewOrder, b'{"customerId":"12","lines":[' + LINE + b"," + LINE + b"]}")

    assert len(order.lines) == 2


def test_nesting_is_allowed_up_to_the_limit() -> None:
    inside = MAX_DEPTH - 1
    assert decode(Anything, b'{"value":' + b"[" * inside + b"]" * inside + b"}")
    deeper = b'{"value":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"
    assert refused(deeper, Anything) == "400 nested-too-deeply"


def test_brackets_in_text_do_not_count_as_nesting() -> None:
    text = "[{" * 200 + '"' + "[" * 200 + "\\"

    assert decode(Anything, json.dumps({"value": text}).encode()).value == text


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 2000 + b"]" * 2000,
        b'{"lines":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"[" * 1_000_000,
        b'{"a":' * 100_000,
        b'{"memo":"' + b'\\"' * 500_000,
        b'{"memo":"' + b"\\" * 999_999,
        b'{"memo":"' + b"\\" * 999_999 + b'"}',
        b'{"customerId":"' + b"9" * 1_000_000 + b'"}',
        b'{"customerId":' + b"9" * 1_000_000 + b"}",
    ],
)
def test_a_hostile_body_is_refused_quickly(raw: bytes) -> None:
    started = time.process_time()
    with pytest.raises(Problem):
        decode(NewOrder, raw)
    assert time.process_time() - started < 0.25  # 5 ms when nothing else runs


def test_all_violations_are_told_at_once() -> None:
    with pytest.raises(Problem) as caught:
        decode(NewOrder, b'{"customerId":"","currency":"eur","lines":[{"quantity":1}],"x":1}')

    assert {fault.pointer for fault in caught.value.errors} == {
        "/customerId",
        "/currency",
        "/lines/0/quantity",
        "/lines/0/description",
        "/lines/0/unitPrice",
        "/x",
    }


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0dc8a1 ', max_size=40).map(str.encode))
@example(b'"\\ud800')
@example(b'{"a":1,"a"')
def test_any_bytes_are_decoded_or_refused_as_a_problem(raw: bytes) -> None:
    for kind in (NewOrder, Anything, OrderPatch | None):
        with suppress(Problem):
            decode(kind, raw)


_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)


@given(
    st.recursive(
        st.none() | st.integers(-(2**63), 2**63) | _TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
        max_leaves=10,
    )
)
def test_what_json_can_say_is_read_back_unchanged(value: object) -> None:
    assert decode(Anything, msgspec.json.encode({"value": value})).value == value


# ---------------------------------------------------------------- over HTTP


async def test_a_patch_takes_both_media_types() -> None:
    async with client_of(sample_app()) as client:
        for media_type in (
            "application/merge-patch+json",
            "application/json",
            "Application/JSON; charset=UTF-8",
            'application/json;charset="utf-8"',
        ):
            reply = await client.patch(
                f"{URL}/a", content=b'{"memo":null}', headers={"content-type": media_type}
            )
            assert reply.json()["memo"] == "{'memo': None}", media_type


@pytest.mark.parametrize(
    ("method", "url", "media_type", "header", "accepted"),
    [
        ("POST", URL, "text/plain", "accept", "application/json"),
        ("POST", URL, "application/merge-patch+json", "accept", "application/json"),
        ("POST", URL, "application/json; charset=latin-1", "accept", "application/json"),
        ("POST", URL, "application/x-www-form-urlencoded", "accept", "application/json"),
        (
            "PATCH",
            f"{URL}/a",
            "application/json-patch+json",
            "accept-patch",
            "application/json, application/merge-patch+json",
        ),
    ],
)
async def test_another_media_type_is_told_what_is_accepted(
    method: str, url: str, media_type: str, header: str, accepted: str
) -> None:
    async with client_of(sample_app()) as client:
        reply = await client.request(
            method, url, content=b"{}", headers={"content-type": media_type}
        )

    assert reply.status_code == 415
    assert reply.json()["code"] == "unsupported-media-type"
    assert reply.headers[header] == accepted


async def test_a_body_without_a_media_type_is_refused() -> None:
    async with client_of(sample_app()) as client:
        assert (await client.post(URL, content=b"{}")).status_code == 415


async def test_a_compressed_body_is_refused() -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    async with client_of(sample_app()) as client:
        reply = await client.post(URL, content=b"{}", headers=headers)

    assert reply.status_code == 415
    assert reply.headers["accept-encoding"] == "identity"


async def test_a_missing_body_is_named_when_one_is_needed() -> None:
    async with client_of(sample_app()) as client:
        needed = await client.post(URL)
        optional = await client.post(f"{URL}/a/ship")

    assert (needed.status_code, needed.json()["code"]) == (400, "body-required")
    assert optional.status_code == 200


async def test_violations_are_listed_in_the_problem() -> None:
    async with client_of(sample_app()) as client:
        reply = await client.post(URL, json={"customerId": "a", "priority": "asap"})

    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["errors"] == [
        {
            "code": "unknown-value",
            "detail": "Expected one of: low, high.",
            "pointer": "/priority",
        }
    ]


def test_a_body_must_be_a_struct() -> None:
    @post("/list", sync_to_thread=False)
    def take(data: JSONBody[list[int]]) -> None:
        del data

    with pytest.raises(ImproperlyConfiguredException, match="is a Struct"):
        sample_app(None, take)
