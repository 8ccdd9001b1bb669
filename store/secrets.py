"""The secrets that sign webhooks: shown once, encrypted at rest.

A shared secret is 32 random bytes, written ``whsec_`` and base64; a private ed25519 key is written
``whsk_`` and the base64 of its seed and its public key, and the public one ``whpk_`` (Standard
Webhooks 1.0.0). An endpoint always has the former, and the latter if that was asked for.

The first key of the ring encrypts and every key decrypts. What is encrypted says by which key, so a
key is replaced by putting a new one in front, ``reseal``-ing every book, and then leaving the old
one out.
"""

import base64
import hashlib
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.webhook_endpoint import SigningSecret
from store.database import Connection, Pool
from store.ids import new_id

_BYTES = 32
_KEY_ID_DIGITS = 8

_SCHEMES = MappingProxyType({"hmac": "v1", "ed25519": "v1a"})
"""How a signature is marked, by the kind of the secret that makes it."""

_SEALED = (("webhook_secrets", "secret_id", "secret"), ("webhook_headers", "value_id", "value"))
"""What is encrypted: table, id within an endpoint, column."""


class SecretUnreadable(Exception):
    """The key that encrypted a secret is missing from the ring."""


class NewSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that was just made; ``public_key`` is that of an ed25519 key."""

    id: str
    secret: str
    public_key: str | None


class Keyring:
    """The keys that encrypt secrets at rest. Each has an id, which tells nothing of the key."""

    def __init__(self, keys: Sequence[str]) -> None:
        """``keys``: the newest first, each as ``Keyring.new_key`` makes them.

        Raises:
            ValueError: There is no key, or one is malformed.
        """
        try:
            self._keys = {_key_id(key): Fernet(key) for key in keys}
            self.newest = next(iter(self._keys))
        except (ValueError, TypeError, StopIteration) as error:
            raise ValueError(
                "Secrets are encrypted with at least one key of 32 random bytes in URL-safe "
                "base64. Make one with: daybook keys secret"
            ) from error

    @staticmethod
    def new_key() -> str:
        """A fresh key."""
        return Fernet.generate_key().decode("ascii")

    def seal(self, secret: str) -> bytes:
        """The secret, encrypted with the newest key: ``<id of the key>.<token>``."""
        return f"{self.newest}.".encode("ascii") + self._keys[self.newest].encrypt(secret.encode())

    def unseal(self, sealed: bytes) -> str:
        """The secret. Raises ``SecretUnreadable``."""
        name, _, token = sealed.rpartition(b".")
        key_id = name.decode("ascii", "replace")
        # Without an id it is from before keys had any: then every key is tried.
        for key in [it for id_, it in self._keys.items() if key_id in {id_, ""}]:
            try:
                return key.decrypt(token).decode()
            except InvalidToken:
                continue
        which = f"the key {key_id}, which" if key_id else "a key that"
        raise SecretUnreadable(
            f"A secret of a webhook was encrypted with {which} is not configured. "
            "Put that key back behind the newest one."
        )

    def reseal(self, sealed: bytes) -> bytes:
        """The same secret, encrypted with the newest key. Raises ``SecretUnreadable``."""
        return self.seal(self.unseal(sealed))


def _key_id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:_KEY_ID_DIGITS]


async def add_secret(
    connection: Connection | Pool,
    keyring: Keyring,
    book_id: str,
    endpoint_id: str,
    *,
    kind: str = "hmac",
    overlap: timedelta = timedelta(0),
) -> str:
    """Give the endpoint a new secret that signs at once, and show it: this once.

    ``overlap`` is how long the secrets of its kind that it already has stay good beside it.
    """
    new = await keep_secret(connection, keyring, book_id, endpoint_id, kind=kind)
    await connection.execute(
        "with expiring as (update store.webhook_secrets"
        "  set expires_at = least(expires_at, now() + $5)"
        "  where book_id = $1 and endpoint_id = $2 and scheme = $3 and number is not null)"
        " update store.webhook_secrets set number = 1 + coalesce((select max(number)"
        "  from store.webhook_secrets"
        "  where book_id = $1 and endpoint_id = $2 and scheme = $3), 0)"
        " where book_id = $1 and endpoint_id = $2 and secret_id = $4",
        book_id,
        endpoint_id,
        _SCHEMES[kind],
        new.id,
        overlap,
    )
    return new.secret


async def keep_secret(
    connection: Connection | Pool, keyring: Keyring, book_id: str, endpoint_id: str, *, kind: str
) -> NewSecret:
    """Make a secret and keep it. It does not sign before ``put_in_force``."""
    new = _new_secret(kind)
    await connection.execute(
        "insert into store.webhook_secrets (book_id, endpoint_id, secret_id, secret, scheme)"
        " values ($1, $2, $3, $4, $5)",
        book_id,
        endpoint_id,
        new.id,
        keyring.seal(new.secret),
        _SCHEMES[kind],
    )
    return new


def _new_secret(kind: str) -> NewSecret:
    id_, seed = new_id("whs"), os.urandom(_BYTES)
    if kind == "hmac":
        return NewSecret(id=id_, secret=_written("whsec_", seed), public_key=None)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return NewSecret(
        id=id_, secret=_written("whsk_", seed + public), public_key=_written("whpk_", public)
    )


def _written(prefix: str, key: bytes) -> str:
    return prefix + base64.b64encode(key).decode("ascii")


async def put_in_force(
    connection: Connection | Pool,
    book_id: str,
    endpoint_id: str,
    secrets: Sequence[SigningSecret],
) -> None:
    """Let these secrets sign, each until its end, as the endpoint's state has them.

    An end is only ever brought forward, so that whoever is late with an older state does no harm.
    """
    await connection.execute(
        "update store.webhook_secrets s set"
        " number = n.number, expires_at = least(s.expires_at, n.until)"
        " from unnest($3::text[], $4::integer[], $5::text[], $6::timestamptz[])"
        "  as n (scheme, number, secret_id, until)"
        " where s.book_id = $1 and s.endpoint_id = $2 and s.scheme = n.scheme"
        "  and (s.secret_id = n.secret_id or s.number = n.number)",
        book_id,
        endpoint_id,
        [_SCHEMES[secret.kind] for secret in secrets],
        [secret.number for secret in secrets],
        [secret.id for secret in secrets],
        [secret.until for secret in secrets],
    )


async def live_secrets(
    connection: Connection | Pool,
    keyring: Keyring,
    book_id: str,
    endpoint_ids: Sequence[str],
    *,
    now: datetime,
) -> dict[str, tuple[str, ...]]:
    """The secrets that sign for these endpoints, of each kind the newest first.

    Those for HMAC (``whsec_``) come before private ed25519 keys (``whsk_``).

    Raises:
        SecretUnreadable: A key is missing from the ring.
    """
    rows = await connection.fetch(
        "select endpoint_id, secret from store.webhook_secrets"
        " where book_id = $1 and endpoint_id = any ($2) and number is not null"
        "  and (expires_at is null or expires_at > $3)"
        " order by endpoint_id, scheme, number desc",
        book_id,
        list(endpoint_ids),
        now,
    )
    secrets: dict[str, tuple[str, ...]] = {}
    for row in rows:
        held = secrets.get(row["endpoint_id"], ())
        secrets[row["endpoint_id"]] = (*held, keyring.unseal(row["secret"]))
    return secrets


async def read_secret(
    connection: Connection | Pool,
    keyring: Keyring,
    book_id: str,
    endpoint_id: str,
    secret: SigningSecret,
) -> str | None:
    """The secret itself; ``None`` when it is no longer kept. Raises ``SecretUnreadable``."""
    sealed = await connection.fetchval(
        "select secret from store.webhook_secrets"
        " where book_id = $1 and endpoint_id = $2 and scheme = $3"
        "  and (secret_id = $4 or number = $5)",
        book_id,
        endpoint_id,
        _SCHEMES[secret.kind],
        secret.id,
        secret.number,
    )
    return None if sealed is None else keyring.unseal(sealed)


async def reseal_secrets(connection: Connection, keyring: Keyring, book_id: str) -> int:
    """Encrypt every secret of the book with the newest key; answers how many there are.

    Raises:
        SecretUnreadable: A key is missing from the ring; nothing was changed.
    """
    count = 0
    async with connection.transaction():
        for table, id_, column in _SEALED:
            rows = await connection.fetch(
                f"select endpoint_id, {id_} as id, {column} as sealed from store.{table}"  # noqa: S608 - constants
                " where book_id = $1 for update",
                book_id,
            )
            await connection.execute(
                f"update store.{table} s set {column} = n.sealed"  # noqa: S608 - constants
                " from unnest($2::text[], $3::text[], $4::bytea[]) as n (endpoint_id, id, sealed)"
                f" where s.book_id = $1 and s.endpoint_id = n.endpoint_id and s.{id_} = n.id",
                book_id,
                [row["endpoint_id"] for row in rows],
                [row["id"] for row in rows],
                [keyring.reseal(row["sealed"]) for row in rows],
            )
            count += len(rows)
    return count


async def forget_secret(
    connection: Connection | Pool, book_id: str, endpoint_id: str, secret_id: str
) -> None:
    """Remove a secret that did not come into force."""
    await connection.execute(
        "delete from store.webhook_secrets"
        " where book_id = $1 and endpoint_id = $2 and secret_id = $3 and number is null",
        book_id,
        endpoint_id,
        secret_id,
    )


async def forget_secrets(connection: Connection | Pool, book_id: str, endpoint_id: str) -> None:
    """Remove every secret of an endpoint that is gone, and the values of its headers."""
    for table, _, _ in _SEALED:
        await connection.execute(
            f"delete from store.{table} where book_id = $1 and endpoint_id = $2",  # noqa: S608 - constants
            book_id,
            endpoint_id,
        )
