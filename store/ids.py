"""Ids: a prefix that says what it names, and a UUIDv7 (RFC 9562) in Crockford's base 32.

Ids of one kind sort by the time they were made, which keeps index pages warm.
"""

import os
import time
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as PgUUID  # noqa: N811 - both are called UUID

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = (1 << 80) - 1 & ~(0xF << 76) & ~(0x3 << 62)
_VERSION_AND_VARIANT = (0x7 << 76) | (0x2 << 62)
_DIGITS = 26  # 26 * 5 = 130 bits hold the 128 of a UUID
_PAIRS = [one + two for one in _ALPHABET for two in _ALPHABET]
_60_BITS = (1 << 60) - 1


def uuid7() -> UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, then random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big") & _RANDOM_BITS
    value = (milliseconds << 80) | random | _VERSION_AND_VARIANT
    # The driver's own UUID is a UUID, made in half the time, and sent without being converted.
    return PgUUID(value.to_bytes(16, "big"))


def new_id(prefix: str) -> str:
    """A new id, such as ``inv_01JD0Z...`` for the prefix ``inv``."""
    return id_of(prefix, uuid7())


def id_of(prefix: str, uuid: UUID) -> str:
    """The id of this UUID under a prefix."""
    value = uuid.int
    # Digits two at a time, out of two smaller numbers: every event that is read comes through here.
    a, b, it = value >> 60, value & _60_BITS, _PAIRS
    return (
        f"{prefix}_{it[a >> 60]}{it[a >> 50 & 1023]}{it[a >> 40 & 1023]}{it[a >> 30 & 1023]}"
        f"{it[a >> 20 & 1023]}{it[a >> 10 & 1023]}{it[a & 1023]}{it[b >> 50]}{it[b >> 40 & 1023]}"
        f"{it[b >> 30 & 1023]}{it[b >> 20 & 1023]}{it[b >> 10 & 1023]}{it[b & 1023]}"
    )


def uuid_of(id_: str) -> UUID:
    """The UUID in an id. Raises ``ValueError`` for anything that ``id_of`` cannot have made."""
    _, _, text = id_.partition("_")
    if len(text) != _DIGITS or text[0] > "7":
        message = f"{id_!r} is no id: a prefix, '_' and {_DIGITS} characters of Crockford's base 32"
        raise ValueError(message)
    value = 0
    for character in text:
        value = (value << 5) | _ALPHABET.index(character)
    return UUID(int=value)
