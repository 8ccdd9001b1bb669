"""The scheme v1a of Standard Webhooks, and both schemes in one header."""

import base64
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from workers.signing import sign

# The third published vector; the other two are in test_signing.
PRIVATE = (
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
)
PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
SIGNATURE = (
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
)
ID, STAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def verify(signature: str, content: bytes) -> None:
    """What a receiver does with a public key, by another implementation."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(PUBLIC.removeprefix("whpk_")))
    key.verify(base64.b64decode(signature.removeprefix("v1a,")), content)


def test_the_published_vector_of_ed25519_is_reproduced() -> None:
    headers = sign(ID, STAMP, BODY, [PRIVATE])
    assert headers["webhook-signature"] == SIGNATURE
    verify(SIGNATURE, b"%s.%d.%s" % (ID.encode(), STAMP, BODY))


@given(body=st.binary(), at=st.integers(0, 10_000))
def test_every_flipped_bit_is_refused(body: bytes, at: int) -> None:
    signature = sign(ID, STAMP, body, [PRIVATE])["webhook-signature"]
    content = b"%s.%d.%s" % (ID.encode(), STAMP, body)
    verify(signature, content)
    index, bit = at // 8 % len(content), at % 8
    flipped = content[:index] + bytes([content[index] ^ (1 << bit)]) + content[index + 1 :]
    with pytest.raises(InvalidSignature):
        verify(signature, flipped)


def test_verifiers_that_know_only_hmac_accept_a_header_that_has_both() -> None:
    headers = sign(ID, int(time.time()), BODY, [PRIVATE, SECRET])
    schemes = [it.partition(",")[0] for it in headers["webhook-signature"].split(" ")]
    assert schemes == ["v1a", "v1"]
    Webhook(SECRET).verify(BODY, headers)
