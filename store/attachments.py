"""The bytes of attached files, by their SHA-256: what is attached twice in a book is kept once."""

from store.database import Pool


async def keep(pool: Pool, book_id: str, sha256: bytes, content: bytes) -> None:
    """Keep these bytes, of which ``sha256`` is the hash."""
    await pool.execute(
        "insert into store.attachments (book_id, sha256, content) values ($1, $2, $3)"
        " on conflict do nothing",
        book_id,
        sha256,
        content,
    )


async def find(pool: Pool, book_id: str, sha256: bytes) -> bytes | None:
    """The bytes with this hash, or ``None`` when the book never had them."""
    content: bytes | None = await pool.fetchval(
        "select content from store.attachments where book_id = $1 and sha256 = $2", book_id, sha256
    )
    return content
