"""What only sandboxes can do: let their clock be set, and begin again empty.

A log is never emptied, not even here. A sandbox that is reset is a new book, which the keys of the
old one open from then on; so nothing that any process still holds of the old one can harm it.
"""

from datetime import datetime

from domain.errors import NotAllowed
from store.database import Connection, Pool
from store.ids import new_id
from store.keys import KEYS_CHANNEL


class LiveBook(Exception):
    """The book is live: its time is the world's, and what happened in it has happened."""

    def __init__(self) -> None:
        super().__init__("This book is live. Only a sandbox can be reset or have its clock set.")


async def set_clock(connection: Connection | Pool, book_id: str, at: datetime | None) -> None:
    """Let the sandbox's clock stand at an instant; ``None``: let it go with the world's again.

    Raises:
        LiveBook: It is not a sandbox.
    """
    row = await connection.fetchrow(
        "update store.books set clock = $2 where book_id = $1 and mode = 'sandbox'"
        " returning pg_notify($3, book_id)",
        book_id,
        at,
        KEYS_CHANNEL,
    )
    if row is None:
        raise LiveBook


async def reset(connection: Connection, book_id: str) -> str:
    """Begin again with an empty sandbox of the same name, which the same keys open; answers its id.

    To be called in a transaction, which holds the book's lock. What was reset by a request that
    may be repeated is remembered in the new book, too.

    Raises:
        LiveBook: It is not a sandbox.
        NotAllowed: It was reset already.
    """
    book = await connection.fetchrow(
        "select mode, name, retired_at from store.books where book_id = $1", book_id
    )
    if book is None or book["mode"] != "sandbox":
        raise LiveBook
    if book["retired_at"] is not None:
        detail = "The sandbox was reset a moment ago, and your key opens the new one. Ask again."
        raise NotAllowed(detail)
    fresh = new_id("bok")
    await connection.execute(
        "insert into store.books (book_id, mode, name) values ($1, 'sandbox', $2)",
        fresh,
        book["name"],
    )
    await connection.execute(
        "update store.books set retired_at = now() where book_id = $1", book_id
    )
    await connection.execute(
        "update store.api_keys set opens = $2 where (book_id = $1 and opens is null) or opens = $1",
        book_id,
        fresh,
    )
    await connection.execute(
        "insert into store.commands"
        " (book_id, key, fingerprint, stream, version, position, recorded_at)"
        " select $2, key, fingerprint, stream, version, position, recorded_at"
        " from store.commands where book_id = $1 and starts_with(stream, 'book/')",
        book_id,
        fresh,
    )
    await connection.execute("select pg_notify($1, $2)", KEYS_CHANNEL, book_id)
    return fresh
