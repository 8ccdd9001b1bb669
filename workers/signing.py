"""Signatures of webhooks: Standard Webhooks 1.0.0 (standardwebhooks.com), byte for byte.

What is signed is ``<id>.<unix seconds>.<body>`` with HMAC-SHA256. A secret is shown as ``whsec_``
and the base64 of its key, and the HMAC key is the *decoded* bytes. While a secret is being
replaced, one header carries a signature for each live secret, so receivers may change at leisure.
An endpoint may have a private ed25519 key besides, which adds signatures of the scheme ``v1a``.

``verify`` is what a receiver does. It is here for integrators to copy, and for tests.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TOLERANCE_SECONDS = 300
"""How far the signed time may be from the receiver's clock. All published verifiers use this."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix is public; what follows it is the secret
PRIVATE_PREFIX = "whsk_"
_SEED = 32


class SignatureInvalid(Exception):
    """The request is not what the holder of the secret sent, or it is not fresh."""


class Signer:
    """Signs with every live secret of an endpoint; their keys are decoded once."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """``secrets``, the newest first: ``whsec_`` for HMAC, ``whsk_`` for ed25519.

        Raises:
            ValueError: There is none, or one is malformed.
        """
        self._sign = [_signature_with(secret) for secret in secrets]
        if not self._sign:
            raise ValueError("Sign with at least one secret.")

    def headers(self, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        """The headers that sign this body.

        ``timestamp`` is in unix seconds and belongs to the attempt; the id stays the same at every
        attempt, so that the receiver can drop what it has seen.
        """
        if "." in message_id:
            raise ValueError("A message id must not contain a dot: the dot separates the parts.")
        content = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join([sign(content) for sign in self._sign]),
        }


def sign(message_id: str, timestamp: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """The headers that sign this body once: see ``Signer``."""
    return Signer(secrets).headers(message_id, timestamp, body)


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
    content = b"%s.%s.%s" % (message_id.encode(), stamp.encode(), body)
    expected = [_hmac(_key(secret), content).encode() for secret in secrets]
    # Every pair is compared, and each in constant time: the duration tells nothing of the match.
    matches = [
        hmac.compare_digest(ours, theirs.encode("utf-8", "replace"))
        for ours in expected
        for theirs in claimed
    ]
    if not any(matches):
        raise SignatureInvalid("No signature matches the body with any of the secrets.")


def _signature_with(secret: str) -> Callable[[bytes], str]:
    if secret.startswith(PRIVATE_PREFIX):
        return _ed25519(secret)
    key = _key(secret)
    return lambda content: _hmac(key, content)


def _hmac(key: bytes, content: bytes) -> str:
    digest = hmac.digest(key, content, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode("ascii")


def _ed25519(secret: str) -> Callable[[bytes], str]:
    """Sign with the private key: 32 bytes of it, or those and the 32 of the public one."""
    try:
        key = base64.b64decode(secret.removeprefix(PRIVATE_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if len(key) not in {_SEED, 2 * _SEED}:
        raise ValueError("A private key is written whsk_ and the base64 of its 32 or 64 bytes.")
    private = Ed25519PrivateKey.from_private_bytes(key[:_SEED])
    return lambda content: "v1a," + base64.b64encode(private.sign(content)).decode("ascii")


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
