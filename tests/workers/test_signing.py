import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from svix.webhooks import Webhook as Svix
from svix.webhooks import WebhookVerificationError as SvixVerificationError

from workers.signing import SignatureInvalid, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

keys = st.binary(min_size=24, max_size=64).map(
    lambda key: "whsec_" + base64.b64encode(key).decode()
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
bodies = json_values.map(
    lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
)
message_ids = st.from_regex(r"evt_[0-9A-Z]{26}", fullmatch=True)


@pytest.mark.parametrize(
    ("secret", "message_id", "timestamp", "body", "signature"),
    [
        (
            SECRET,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            "whsec_plJ3nmyCDGBKInavdOK15jsl",
            "msg_loFOjxBNrRLzqYUf",
            1731705121,
            b'{"event_type":"ping","data":{"success":true}}',
            "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
        ),
    ],
)
def test_the_published_vectors_are_reproduced(
    secret: str, message_id: str, timestamp: int, body: bytes, signature: str
) -> None:
    headers = sign(message_id, timestamp, body, [secret])
    assert headers == {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }
    verify(headers, body, [secret], now=timestamp)


@given(body=bodies, message_id=message_ids, secrets=st.lists(keys, min_size=1, max_size=3))
def test_an_independent_verifier_accepts_every_live_secret(
    body: bytes, message_id: str, secrets: list[str]
) -> None:
    headers = sign(message_id, int(time.time()), body, secrets)
    for secret in secrets:
        Webhook(secret).verify(body, headers, json_parse=False)
        Svix(secret).verify(body, headers)
        verify(headers, body, [secret], now=time.time())


@given(body=bodies, secret=keys, other=keys, message_id=message_ids, data=st.data())
def test_every_mutation_is_refused_by_independent_verifiers_and_by_ours(
    body: bytes, secret: str, other: str, message_id: str, data: st.DataObject
) -> None:
    now = int(time.time())
    headers = sign(message_id, now, body, [secret])
    index = data.draw(st.integers(0, len(body) - 1))
    flipped = body[:index] + bytes([body[index] ^ 1]) + body[index + 1 :]
    mutations: list[tuple[dict[str, str], bytes, str]] = [
        (headers, flipped, secret),
        (headers, body + b" ", secret),
        ({**headers, "webhook-id": message_id + "x"}, body, secret),
        ({**headers, "webhook-timestamp": str(now - 1)}, body, secret),
        ({**headers, "webhook-signature": "v1,AAAA"}, body, secret),
        (
            {**headers, "webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")},
            body,
            secret,
        ),
    ]
    if other != secret:
        mutations.append((headers, body, other))
    for mutated, content, key in mutations:
        with pytest.raises(SignatureInvalid):
            verify(mutated, content, [key], now=now)
        # The other verifiers decode first: a flipped bit may also leave no UTF-8 behind.
        with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
            Webhook(key).verify(content, mutated, json_parse=False)
        with pytest.raises((SvixVerificationError, UnicodeDecodeError)):
            Svix(key).verify(content, mutated)


@pytest.mark.parametrize("age", [-301, 301])
def test_a_signature_is_refused_when_it_is_more_than_five_minutes_away(age: int) -> None:
    headers = sign("evt_1", 1_700_000_000, b"{}", [SECRET])
    verify(headers, b"{}", [SECRET], now=1_700_000_000 + age // 301 * 300)
    with pytest.raises(SignatureInvalid, match="300 seconds"):
        verify(headers, b"{}", [SECRET], now=1_700_000_000 + age)


def test_the_timestamp_is_verified_as_it_is_written() -> None:
    headers = sign("evt_1", 1_700_000_000, b"{}", [SECRET])
    with pytest.raises(SignatureInvalid):
        verify({**headers, "webhook-timestamp": "01700000000"}, b"{}", [SECRET], now=1_700_000_000)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_named(missing: str) -> None:
    headers = sign("evt_1", 1_700_000_000, b"{}", [SECRET])
    del headers[missing]
    with pytest.raises(SignatureInvalid, match=missing):
        verify(headers, b"{}", [SECRET], now=1_700_000_000)


@given(stamp=st.text(), signature=st.text())
def test_nothing_in_the_headers_makes_the_verifier_stumble(stamp: str, signature: str) -> None:
    headers = {"Webhook-Id": "x", "Webhook-Timestamp": stamp, "Webhook-Signature": signature}
    with pytest.raises(SignatureInvalid):
        verify(headers, b"{}", [SECRET], now=0)


def test_signatures_of_other_schemes_are_passed_over() -> None:
    headers = sign("evt_1", 1_700_000_000, b"{}", [SECRET])
    headers["webhook-signature"] = "v1a,Zm9v " + headers["webhook-signature"]
    verify(headers, b"{}", [SECRET], now=1_700_000_000)


@pytest.mark.parametrize("secret", ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%%"])
def test_a_malformed_secret_is_refused_rather_than_used(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        sign("evt_1", 0, b"{}", [secret])


def test_an_id_with_a_dot_or_no_secret_at_all_is_refused() -> None:
    wrong: list[Any] = [("evt.1", [SECRET]), ("evt_1", [])]
    for message_id, secrets in wrong:
        with pytest.raises(ValueError, match=r"dot|secret"):
            sign(message_id, 0, b"{}", secrets)
