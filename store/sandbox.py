"""What only sandboxes can do: let their clock be set, and begin again empty.

A log is never emptied, not even here. A sandbox that is reset is a new book, which the keys of the
old one open from then on; so nothing that any process still holds of the old one can harm it.
"""

from datetime import datetime

from store.books import Book
from store.database import Pool
from store.ids import new_id
from store.keys import KEYS_CHANNEL


class LiveBook(Exception):
    """The book is live: its time is the world's, and what happened in it has happened."""

    def __init__(self) -> None:
        super().__init__("This book is live. Only a sandbox can be reset or have its clock set.")


async def set_clock(pool: Pool, book_id: str, at: datetime | None) -> None:
    """Let the sandbox's clock stand at an instant; ``None``: let it go with the world's again.

    Raises:
        LiveBook: It is not a sandbox.
    """
    row = await pool.fetchrow(
        "update store.books set clock = $2 where book_id = $1 and mode = 'sandbox'"
        " returning pg_notify($3, book_id)",
        book_id,
        at,
        KEYS_CHANNEL,
    )
    if row is None:
        raise LiveBook


async def reset(pool: Pool, book_id: str) -> Book:
    """Begin again with an empty sandbox of the same name, which the same keys open.

    Raises:
        LiveBook: It is not a sandbox.
    """
    async with pool.acquire() as connection, connection.transaction():
        name = await connection.fetchval(
            "update store.books set retired_at = now()"
            " where book_id = $1 and mode = 'sandbox' and retired_at is null returning name",
            book_id,
        )
        if name is None:
            raise LiveBook
        fresh = Book(new_id("bok"), "sandbox", name, 0)
        await connection.execute(
            "insert into store.books (book_id, mode, name) values ($1, $2, $3)",
            fresh.book_id,
            fresh.mode,
            fresh.name,
        )
        await connection.execute(
            "update store.api_keys set opens = $2"
            " where (book_id = $1 and opens is null) or opens = $1",
            book_id,
            fresh.book_id,
        )
        await connection.execute("select pg_notify($1, $2)", KEYS_CHANNEL, book_id)
    return fresh
