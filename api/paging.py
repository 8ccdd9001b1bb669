"""Pages on the wire: cursors, the page itself, selected fields, and the link to the next page."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeAlias, TypeVar
from urllib.parse import quote, unquote_plus

import msgspec
from msgspec import UNSET, UnsetType

from api.list_values import Refused
from api.wire import Reply
from projections.filters import Condition, Kind, Value
from projections.page import Listing, Place, Query, SortKey

T = TypeVar("T")

MAX_CURSOR = 8000
"""Characters in a cursor: room for four texts of 300 characters, four bytes each, in base64."""

_MAC_BYTES = 16
_MIN_KEY_BYTES = 32
_Plain: TypeAlias = str | int | bool | None


class Page(Reply, Generic[T]):
    """One page of a list. `nextCursor` is null on the last page.

    `asOf` is the position of the book's log that the list shows.
    """

    items: list[T]
    next_cursor: str | None
    as_of: int | UnsetType = UNSET


class Sealed(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor holds: the query it belongs to, and the sort values of the last row."""

    filters: str
    sort: str
    values: list[_Plain]

    def place_in(self, query: Query) -> Place:
        """The place to go on from.

        Raises:
            Refused: The cursor was given for another filter or order.
        """
        if self.filters != _fingerprint(query.where):
            raise _another(
                "This cursor belongs to other filters. Repeat the filters it was given for"
            )
        if self.sort != _spelled(query.sort):
            raise _another(f"This cursor belongs to the order {self.sort}. Repeat that order")
        try:
            return tuple(
                None if value is None else _FROM_PLAIN[key.field.kind](value)
                for key, value in zip(query.sort, self.values, strict=True)
            )
        except (ValueError, TypeError, ArithmeticError):
            # The field has another kind than when the cursor was given.
            raise _another("This cursor was given before the list changed") from None


class Cursors:
    """Seals the place where a page ended, and opens such seals: for one book and one list each.

    A cursor can be read by whoever holds it, but not altered: its first 16 bytes are an
    HMAC-SHA256 (RFC 2104) over the book, the list and the rest.

    Raises:
        ValueError: The key is shorter than 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < _MIN_KEY_BYTES:
            raise ValueError("The key of cursors needs at least 32 bytes.")
        self._key = key

    def seal(self, book_id: str, listing: Listing, query: Query, last: Place) -> str:
        """A cursor for the page after the row with these sort values."""
        values = [_plain(it) for it in last]
        payload = msgspec.json.encode(
            Sealed(_fingerprint(query.where), _spelled(query.sort), values)
        )
        return _base64(self._mac(book_id, listing, payload) + payload)

    def open(self, book_id: str, listing: Listing, cursor: str) -> Sealed:
        """What the cursor holds.

        Raises:
            Refused: It is no cursor that this list of this book has given.
        """
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            mac, payload = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
            # Base64 has several spellings of the same bytes; only the one we give is accepted.
            right = _base64(sealed) == cursor
            if right and hmac.compare_digest(mac, self._mac(book_id, listing, payload)):
                return msgspec.json.decode(payload, type=Sealed)
        except (binascii.Error, ValueError):
            pass
        sentence = (
            "This is not a cursor that this list has given: it was altered or cut, or it comes "
            "from another list or book. Start again without a cursor."
        )
        raise Refused(("invalid-cursor", sentence))

    def _mac(self, book_id: str, listing: Listing, payload: bytes) -> bytes:
        scope = msgspec.json.encode(["daybook list cursor 1", book_id, listing.name])
        return hmac.digest(self._key, scope + b"\n" + payload, hashlib.sha256)[:_MAC_BYTES]


def select(items: Iterable[msgspec.Struct], fields: Collection[str]) -> list[dict[str, Any]]:
    """The items as JSON objects with the chosen members only."""
    return [
        {
            name: value
            for name, attribute in zip(
                it.__struct_encode_fields__, it.__struct_fields__, strict=True
            )
            if name in fields and (value := getattr(it, attribute)) is not UNSET
        }
        for it in items
    ]


def next_link(path: str, query_string: bytes, cursor: str) -> str:
    """The value of a ``Link`` header (RFC 8288): the same request, after this cursor."""
    given = query_string.decode("latin-1").split("&")
    kept = [it for it in given if it and unquote_plus(it.partition("=")[0]) != "cursor"]
    # Whatever a URI may not contain is escaped, so that nothing can break out of the header.
    query = quote(
        "&".join([*kept, f"cursor={cursor}"]), safe="%&=+,:;@!$'()*/?-._~", encoding="latin-1"
    )
    return f'<{quote(path)}?{query}>; rel="next"'


def _another(sentence: str) -> Refused:
    return Refused(("cursor-mismatch", f"{sentence}, or start again without a cursor."))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _spelled(sort: Sequence[SortKey]) -> str:
    return ",".join(it.wire for it in sort)


def _fingerprint(where: Iterable[Condition]) -> str:
    """The same for filters that mean the same: other order, 1.50 for 1.5, a value twice."""
    rows = []
    for each in where:
        values = [_canonical(it) for it in each.values]
        if each.operator in {"in", "nin"}:
            values = sorted(set(values))
        rows.append([each.field.name, each.operator, *values])
    return _base64(hashlib.sha256(msgspec.json.encode(sorted(rows))).digest()[:12])


def _canonical(value: Value) -> str:
    text = str(_plain(value))
    return text.rstrip("0").rstrip(".") if isinstance(value, Decimal) and "." in text else text


def _plain(value: Value | None) -> _Plain:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


_FROM_PLAIN: Mapping[Kind, Callable[[Any], Value]] = {
    "text": str,
    "enum": str,
    "integer": int,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "instant": datetime.fromisoformat,
    "boolean": bool,
}
