"""What runs once and is no event: the key of its request, and what it made, in one transaction.

It is kept among the keys of commands, which are forgotten when they are old. A key stands for one
request of a book, whether that is a command or not.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from store.database import Connection, Pool
from store.errors import KeyReused, UnknownBook


class Once(NamedTuple):
    """A request that runs once: its key, and what tells it from others."""

    key: str
    fingerprint: bytes


class Turn:
    """A transaction that holds the book's lock, and what the request made if it ran before."""

    def __init__(
        self, connection: Connection, book_id: str, once: Once | None, made: str | None
    ) -> None:
        self.connection = connection
        self.made = made
        self._book_id = book_id
        self._once = once

    async def note(self, made: str, *, in_book: str | None = None) -> None:
        """Remember what the request made, such as ``ping/png_1``.

        ``in_book``: it will be asked for again in this book, not in the one that is locked.
        """
        if self._once is not None:
            await self.connection.execute(
                "insert into store.commands"
                " (book_id, key, fingerprint, stream, version, position, recorded_at)"
                " values ($1, $2, $3, $4, 0, 0, now())",
                in_book or self._book_id,
                *self._once,
                made,
            )


class _OnlyTried(Exception):
    """Takes back what was done to see what comes of it."""


@asynccontextmanager
async def once_only(
    pool: Pool, book_id: str, once: Once | None, *, dry_run: bool = False
) -> AsyncIterator[Turn]:
    """The one turn of a request; without ``once`` every request has its own.

    What is done in the block on the turn's connection commits together, when the block ends. Of a
    dry run nothing stays, and no key is used up.

    Raises:
        KeyReused: The key stands for another request.
        UnknownBook: There is no such book.
    """
    async with pool.acquire() as connection:
        with suppress(_OnlyTried):
            async with connection.transaction():
                await _lock(connection, book_id)
                key = None if dry_run else once
                made = None if key is None else await earlier(connection, book_id, key)
                yield Turn(connection, book_id, key, made)
                if dry_run:
                    raise _OnlyTried


async def _lock(connection: Connection, book_id: str) -> None:
    """Commands are noted under the same lock, so that a key is given to one request only."""
    await connection.execute("set local idle_in_transaction_session_timeout = '5s'")
    book = await connection.fetchval(
        "select book_id from store.books where book_id = $1 for update", book_id
    )
    if book is None:
        raise UnknownBook(f"There is no book {book_id}.")


async def earlier(connection: Connection | Pool, book_id: str, once: Once) -> str | None:
    """What the request made when it ran before, if it did.

    Raises:
        KeyReused: The key stands for another request.
    """
    row = await connection.fetchrow(
        "select fingerprint, stream from store.commands where book_id = $1 and key = $2",
        book_id,
        once.key,
    )
    if row is None:
        return None
    if row["fingerprint"] != once.fingerprint:
        raise KeyReused(once.key)
    made: str = row["stream"]
    return made
