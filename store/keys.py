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
from store.database import Connection, Pool
from store.ids import new_id

SCOPES = ("read", "commands", "audit", "admin")
"""What a key may do: look at documents, change them, replay history, configure the book."""

KEYS_CHANNEL = "daybook_keys"
"""Where it is told that keys of a book, or its clock, are not what they were."""

_COLUMNS = (
    "coalesce(k.opens, k.book_id) as book_id, k.key_id, k.name, k.scopes, k.created_at,"
    " k.revoked_at, k.expires_at, b.mode, b.clock"
)
_PREFIX = {"live": "dbk_live_", "sandbox": "dbk_test_"}
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BOOK, _SECRET, _CHECK = 26, 32, 7


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it is kept: everything but the key itself.

    ``book_id`` is the book that it opens, ``mode`` and ``clock`` are that book's; a clock that was
    set stands still.
    """

    book_id: str
    key_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None = None
    expires_at: datetime | None = None
    mode: Mode = "live"
    clock: datetime | None = None

    def usable(self, at: datetime) -> bool:
        """Whether the key opens its book at this instant."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


class KeyMade(Exception):
    """The request made a key before; its text cannot be shown again."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"This request made the key {key_id} already; its text was shown then.")
        self.key_id = key_id


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
    pool: Pool | Connection,
    book_id: str,
    *,
    name: str,
    scopes: Sequence[str] = SCOPES,
    expires_at: datetime | None = None,
    request_key: str | None = None,
) -> tuple[str, ApiKey]:
    """Make a key for a book. The text is answered this once; only its hash is kept.

    Raises:
        ValueError: A scope is unknown, or there is no such book.
        KeyMade: A request with this ``request_key`` made one before.
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
        "insert into store.api_keys"
        " (book_id, key_id, hash, name, scopes, expires_at, request_key)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing"
        " returning book_id, key_id, name, scopes, created_at, revoked_at, expires_at, $8 as mode",
        book_id,
        new_id("key"),
        hashlib.sha256(text.encode()).digest(),
        name,
        list(scopes),
        expires_at,
        request_key,
        mode,
    )
    if row is None:
        raise KeyMade(
            await pool.fetchval(
                "select key_id from store.api_keys where book_id = $1 and request_key = $2",
                book_id,
                request_key,
            )
        )
    return text, _api_key(row)


async def find_key(pool: Pool, parsed: ParsedKey) -> ApiKey | None:
    """The key, unless it was never made, has ended or has been revoked."""
    row = await pool.fetchrow(
        f"select {_COLUMNS} from store.api_keys k"  # noqa: S608 - a constant
        " join store.books b on b.book_id = coalesce(k.opens, k.book_id)"
        " where k.book_id = $1 and k.hash = $2 and k.revoked_at is null"
        " and (k.expires_at is null or k.expires_at > now())",
        parsed.book_id,
        parsed.hash,
    )
    return None if row is None else _api_key(row)


async def list_keys(
    pool: Pool, book_id: str, *, after: str = "", limit: int | None = None
) -> list[ApiKey]:
    """The keys that open a book, revoked ones too, oldest first; those after an id."""
    rows = await pool.fetch(
        f"select {_COLUMNS} from store.api_keys k"  # noqa: S608 - a constant
        " join store.books b on b.book_id = $1"
        " where ((k.book_id = $1 and k.opens is null) or k.opens = $1) and k.key_id > $2"
        " order by k.key_id limit $3",
        book_id,
        after,
        limit,
    )
    return [_api_key(row) for row in rows]


async def find_key_by_id(pool: Pool | Connection, book_id: str, key_id: str) -> ApiKey | None:
    """A key of the book, also one that was revoked."""
    row = await pool.fetchrow(
        f"select {_COLUMNS} from store.api_keys k"  # noqa: S608 - a constant
        " join store.books b on b.book_id = $1"
        " where k.key_id = $2 and ((k.book_id = $1 and k.opens is null) or k.opens = $1)",
        book_id,
        key_id,
    )
    return None if row is None else _api_key(row)


async def end_key(
    pool: Pool | Connection, book_id: str, key_id: str, *, at: datetime | None = None
) -> ApiKey | None:
    """Let a key end at an instant, or revoke it now and for good; ``None``: no such live key.

    A key that ends sooner anyway is left so.
    """
    row = await pool.fetchrow(
        "update store.api_keys k set"  # noqa: S608 - a constant
        " revoked_at = case when $3::timestamptz is null then now() end,"
        " expires_at = case when $3 is null then k.expires_at else least(k.expires_at, $3) end"
        " from store.books b where b.book_id = $1 and k.key_id = $2 and k.revoked_at is null"
        " and ((k.book_id = $1 and k.opens is null) or k.opens = $1)"
        f" returning {_COLUMNS}",
        book_id,
        key_id,
        at,
    )
    if row is None:
        return None
    await pool.execute("select pg_notify($1, $2)", KEYS_CHANNEL, book_id)
    return _api_key(row)


def _api_key(row: asyncpg.Record) -> ApiKey:
    return msgspec.convert(dict(row), ApiKey)


def _checksum(text: str) -> str:
    crc = zlib.crc32(text.encode())
    return "".join(_ALPHABET[(crc >> shift) & 31] for shift in range(30, -1, -5))
