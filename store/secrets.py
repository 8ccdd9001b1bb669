"""The signing secrets of webhook endpoints: shown once, encrypted at rest.

A secret is 32 random bytes, written ``whsec_`` and base64 (Standard Webhooks 1.0.0). The first key
of the ring encrypts and every key decrypts, so a key is replaced by putting a new one in front,
``reseal``-ing every book, and then leaving the old one out.
"""

import base64
import os
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from store.database import Connection, Pool
from store.ids import new_id

_BYTES = 32


class SecretUnreadable(Exception):
    """None of the keys decrypts a secret: the key that encrypted it is missing from the ring."""


class Keyring:
    """The keys that encrypt secrets at rest."""

    def __init__(self, keys: Sequence[str]) -> None:
        """``keys``: the newest first, each as ``Keyring.new_key`` makes them.

        Raises:
            ValueError: There is no key, or one is malformed.
        """
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except (ValueError, TypeError) as error:
            raise ValueError(
                "Secrets are encrypted with at least one key of 32 random bytes in URL-safe "
                "base64. Make one with: daybook keys secret"
            ) from error

    @staticmethod
    def new_key() -> str:
        """A fresh key."""
        return Fernet.generate_key().decode("ascii")

    def seal(self, secret: str) -> bytes:
        """The secret, encrypted with the newest key."""
        return self._fernet.encrypt(secret.encode())

    def unseal(self, sealed: bytes) -> str:
        """The secret. Raises ``SecretUnreadable``."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SecretUnreadable(
                "A webhook's signing secret was encrypted with a key that is not configured. "
                "Put that key back behind the newest one."
            ) from error

    def reseal(self, sealed: bytes) -> bytes:
        """The same secret, encrypted with the newest key. Raises ``SecretUnreadable``."""
        return self.seal(self.unseal(sealed))


async def add_secret(
    connection: Connection | Pool,
    keyring: Keyring,
    book_id: str,
    endpoint_id: str,
    *,
    overlap: timedelta = timedelta(0),
) -> str:
    """Give the endpoint a new secret, and show it: this once.

    ``overlap`` is how long the secrets it already has stay good beside the new one.
    """
    secret = "whsec_" + base64.b64encode(os.urandom(_BYTES)).decode("ascii")
    await connection.execute(
        "with expiring as (update store.webhook_secrets set expires_at = now() + $5"
        "  where book_id = $1 and endpoint_id = $2"
        "   and (expires_at is null or expires_at > now() + $5))"
        " insert into store.webhook_secrets (book_id, endpoint_id, secret_id, secret)"
        " values ($1, $2, $3, $4)",
        book_id,
        endpoint_id,
        new_id("whs"),
        keyring.seal(secret),
        overlap,
    )
    return secret


async def live_secrets(
    connection: Connection | Pool,
    keyring: Keyring,
    book_id: str,
    endpoint_ids: Sequence[str],
    *,
    now: datetime,
) -> dict[str, tuple[str, ...]]:
    """The secrets that sign for these endpoints, the newest first.

    Raises:
        SecretUnreadable: A key is missing from the ring.
    """
    rows = await connection.fetch(
        "select endpoint_id, secret from store.webhook_secrets"
        " where book_id = $1 and endpoint_id = any ($2) and (expires_at is null or expires_at > $3)"
        " order by endpoint_id, secret_id desc",
        book_id,
        list(endpoint_ids),
        now,
    )
    secrets: dict[str, tuple[str, ...]] = {}
    for row in rows:
        held = secrets.get(row["endpoint_id"], ())
        secrets[row["endpoint_id"]] = (*held, keyring.unseal(row["secret"]))
    return secrets


async def reseal_secrets(connection: Connection, keyring: Keyring, book_id: str) -> int:
    """Encrypt every secret of the book with the newest key; answers how many there are.

    Raises:
        SecretUnreadable: A key is missing from the ring; nothing was changed.
    """
    async with connection.transaction():
        rows = await connection.fetch(
            "select endpoint_id, secret_id, secret from store.webhook_secrets"
            " where book_id = $1 for update",
            book_id,
        )
        await connection.execute(
            "update store.webhook_secrets s set secret = n.secret"
            " from unnest($2::text[], $3::text[], $4::bytea[])"
            "  as n (endpoint_id, secret_id, secret)"
            " where s.book_id = $1 and s.endpoint_id = n.endpoint_id and s.secret_id = n.secret_id",
            book_id,
            [row["endpoint_id"] for row in rows],
            [row["secret_id"] for row in rows],
            [keyring.reseal(row["secret"]) for row in rows],
        )
    return len(rows)


async def forget_secrets(connection: Connection | Pool, book_id: str, endpoint_id: str) -> None:
    """Remove every secret of an endpoint that is gone."""
    await connection.execute(
        "delete from store.webhook_secrets where book_id = $1 and endpoint_id = $2",
        book_id,
        endpoint_id,
    )


async def newest_secret(
    connection: Connection | Pool, keyring: Keyring, book_id: str, endpoint_id: str
) -> str | None:
    """The endpoint's latest secret; ``None`` when it has none. Raises ``SecretUnreadable``."""
    sealed = await connection.fetchval(
        "select secret from store.webhook_secrets where book_id = $1 and endpoint_id = $2"
        " order by secret_id desc limit 1",
        book_id,
        endpoint_id,
    )
    return None if sealed is None else keyring.unseal(sealed)
