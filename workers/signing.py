"""Signatures of webhooks: Standard Webhooks 1.0.0 (standardwebhooks.com), byte for byte.

What is signed is ``<id>.<unix seconds>.<body>`` with HMAC-SHA256. A secret is shown as ``whsec_``
and the base64 of its key, and the HMAC key is the *decoded* bytes. While a secret is being
replaced, one header carries a signature for each live secret, so receivers may change at leisure.

``verify`` is what a receiver does. It is here for integrators to copy, and for tests.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

TOLERANCE_SECONDS = 300
"""How far the signed time may be from the receiver's clock. All published verifiers use this."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix is public; what follows it is the secret
_SCHEME = "v1"


class SignatureInvalid(Exception):
    """The request is not what the holder of the secret sent, or it is not fresh."""


def sign(message_id: str, timestamp: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """The headers that sign this body: one signature for each secret, the newest first.

    ``timestamp`` is in unix seconds and belongs to the attempt; the id stays the same at every
    attempt, so that the receiver can drop what it has seen.
    """
    if "." in message_id:
        raise ValueError("A message id must not contain a dot: the dot separates what is signed.")
    signatures = [_signature(message_id, str(timestamp), body, secret) for secret in secrets]
    if not signatures:
        raise ValueError("Sign with at least one secret.")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def verify(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], *, now: float) -> None:
    """Raise ``SignatureInvalid`` unless one of the secrets signed exactly this request lately.

    ``now`` is in unix seconds. Signatures of unknown schemes are passed over, as the standard asks.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        message_id = lower["webhook-id"]
        stamp = lower["webhook-timestamp"]
        claimed = lower["webhook-signature"].split(" ")
    except KeyError as missing:
        raise SignatureInvalid(f"The header {missing} is missing.") from None
    if abs(now - _seconds(stamp)) > TOLERANCE_SECONDS:
        raise SignatureInvalid(
            f"The signature is more than {TOLERANCE_SECONDS} seconds away from this clock."
        )
    expected = [_signature(message_id, stamp, body, secret).encode() for secret in secrets]
    # Every pair is compared, and each in constant time: the duration tells nothing of the match.
    matches = [
        hmac.compare_digest(ours, theirs.encode("utf-8", "replace"))
        for ours in expected
        for theirs in claimed
    ]
    if not any(matches):
        raise SignatureInvalid("No signature matches the body with any of the secrets.")


def _signature(message_id: str, timestamp: str, body: bytes, secret: str) -> str:
    content = b"%s.%s.%s" % (message_id.encode(), timestamp.encode(), body)
    digest = hmac.digest(_key(secret), content, hashlib.sha256)
    return f"{_SCHEME},{base64.b64encode(digest).decode('ascii')}"


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not key or not secret.startswith(SECRET_PREFIX):
        raise ValueError("A signing secret is written whsec_ and the base64 of its key.")
    return key


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(2**63))):
        raise SignatureInvalid("The header webhook-timestamp is not a number of seconds.")
    return int(text)
