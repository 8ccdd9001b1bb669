"""API keys: made, shown once, kept as a hash, looked up by the book that they name.

A key reads ``dbk_test_`` or ``dbk_live_``, the book's id, 160 random bits, and a checksum. The
prefix lets secret scanners find leaked keys; the checksum refuses mistyped ones without asking the
database; the book's id makes the look-up a query of one book.
"""

import hashlib
import secrets
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
import msgspec

from store.books import Mode
from store.database import Pool
from store.ids import new_id

SCOPES = ("read", "commands", "audit", "admin")
"""What a key may do: look at documents, change them, replay history, configure the book."""

_PREFIX = {"live": "dbk_live_", "sandbox": "dbk_test_"}
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BOOK, _SECRET, _CHECK = 26, 32, 7


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it is kept: everything but the key itself."""

    book_id: str
    key_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None = None


class ParsedKey(NamedTuple):
    """A well-formed key: the book that it names, and the hash to look it up by."""

    book_id: str
    hash: bytes


def parse_key(text: str) -> ParsedKey | None:
    """The parts of a key; ``None`` when it cannot be one (prefix, length or checksum)."""
    for prefix in _PREFIX.values():
        body = text.removeprefix(prefix)
        if body != text:
            break
    else:
        return None
    if len(body) != _BOOK + _SECRET + _CHECK or not set(body) <= set(_ALPHABET):
        return None
    if _checksum(text[:-_CHECK]) != text[-_CHECK:]:
        return None
    return ParsedKey(f"bok_{body[:_BOOK]}", hashlib.sha256(text.encode()).digest())


async def create_key(
    pool: Pool, book_id: str, *, name: str, scopes: Sequence[str] = SCOPES
) -> tuple[str, ApiKey]:
    """Make a key for a book. The text is answered this once; only its hash is kept.

    Raises:
        ValueError: A scope is unknown, or there is no such book.
    """
    if strangers := sorted(set(scopes) - set(SCOPES)):
        raise ValueError(f"Unknown scopes {strangers}: there are {', '.join(SCOPES)}.")
    mode: Mode | None = await pool.fetchval(
        "select mode from store.books where book_id = $1", book_id
    )
    if mode is None:
        raise ValueError(f"There is no book {book_id}.")
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET))
    text = _PREFIX[mode] + book_id.removeprefix("bok_") + secret
    text += _checksum(text)
    row = await pool.fetchrow(
        "insert into store.api_keys (book_id, key_id, hash, name, scopes)"
        " values ($1, $2, $3, $4, $5)"
        " returning book_id, key_id, name, scopes, created_at, revoked_at",
        book_id,
        new_id("key"),
        hashlib.sha256(text.encode()).digest(),
        name,
        list(scopes),
    )
    assert row is not None
    return text, _api_key(row)


async def find_key(pool: Pool, parsed: ParsedKey) -> ApiKey | None:
    """The key, unless it was never made or has been revoked."""
    row = await pool.fetchrow(
        "select book_id, key_id, name, scopes, created_at, revoked_at from store.api_keys"
        " where book_id = $1 and hash = $2 and revoked_at is null",
        parsed.book_id,
        parsed.hash,
    )
    return None if row is None else _api_key(row)


async def list_keys(pool: Pool, book_id: str) -> list[ApiKey]:
    """Every key of a book, revoked ones too, oldest first."""
    rows = await pool.fetch(
        "select book_id, key_id, name, scopes, created_at, revoked_at from store.api_keys"
        " where book_id = $1 order by key_id",
        book_id,
    )
    return [_api_key(row) for row in rows]


async def revoke_key(pool: Pool, book_id: str, key_id: str) -> bool:
    """Revoke a key for good; answers whether there was a live one."""
    row = await pool.fetchrow(
        "update store.api_keys set revoked_at = now()"
        " where book_id = $1 and key_id = $2 and revoked_at is null returning key_id",
        book_id,
        key_id,
    )
    return row is not None


def _api_key(row: asyncpg.Record) -> ApiKey:
    return msgspec.convert(dict(row), ApiKey)


def _checksum(text: str) -> str:
    crc = zlib.crc32(text.encode())
    return "".join(_ALPHABET[(crc >> shift) & 31] for shift in range(30, -1, -5))
