"""The bytes of attached files, by their SHA-256: what is attached twice in a book is kept once.

Bytes come before the command that attaches them, so that what an event names can always be read.
Those of a command that is refused are dropped at once; those of one that nobody heard of again, by
a sweep, unless the log names them. What was attached once is kept as long as the log.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from store.database import Pool

DOUBT = timedelta(days=1)
"""How long bytes wait for their command: far longer than any command takes."""

_KEEP = """
insert into store.attachments as it (book_id, sha256, content, pending)
values ($1, $2, $3, array[$4::text])
    on conflict (book_id, sha256) do update
   set pending = it.pending || excluded.pending, stored_at = excluded.stored_at
 where not it.attached
"""
# Whoever brings the same bytes meanwhile has put its own name there: then they stay.
_DROP = """
with gone as (
    delete from store.attachments
     where book_id = $1 and sha256 = $2 and not attached and pending <@ array[$3::text]
)
update store.attachments set pending = array_remove(pending, $3)
 where book_id = $1 and sha256 = $2 and not attached and not pending <@ array[$3::text]
"""
_SETTLE = """
with due as (
    select sha256, pending from store.attachments
     where book_id = $1 and not attached and stored_at < $2
     order by stored_at limit $3 for update skip locked
), seen as (
    select sha256, exists (
        select from unnest(pending) as upload join store.events e
            on e.book_id = $1 and e.stream = 'invoice/' || split_part(upload, '/', 1)
         where e.topic = 'invoice.attachment_added'
           and e.state->'attachment'->>'sha256' = encode(due.sha256, 'hex')) as named
      from due
), attached as (
    update store.attachments it set attached = true, pending = '{}' from seen
     where it.book_id = $1 and it.sha256 = seen.sha256 and seen.named
), dropped as (
    delete from store.attachments it using seen
     where it.book_id = $1 and it.sha256 = seen.sha256 and not seen.named
    returning 1
)
select (select count(*) from seen) as settled, (select count(*) from dropped) as dropped
"""


class Upload(NamedTuple):
    """Bytes that are on their way to an invoice; ``sha256`` is their hash."""

    book_id: str
    sha256: bytes
    invoice_id: str
    attachment_id: str

    @property
    def name(self) -> str:
        """What the bytes are kept under until it is known whether they are attached."""
        return f"{self.invoice_id}/{self.attachment_id}"


async def keep(pool: Pool, upload: Upload, content: bytes) -> None:
    """Keep the bytes of an upload, before the command that attaches them."""
    await pool.execute(_KEEP, upload.book_id, upload.sha256, content, upload.name)


async def drop(pool: Pool, upload: Upload) -> None:
    """Let the bytes go: the command was refused. They stay if anybody else brought them, too."""
    await pool.execute(_DROP, upload.book_id, upload.sha256, upload.name)


async def find(pool: Pool, book_id: str, sha256: bytes) -> bytes | None:
    """The bytes with this hash, or ``None`` when the book never had them."""
    content: bytes | None = await pool.fetchval(
        "select content from store.attachments where book_id = $1 and sha256 = $2", book_id, sha256
    )
    return content


async def settle(pool: Pool, book_id: str, *, before: datetime, limit: int) -> tuple[int, int]:
    """Decide about bytes that came before this instant: the log says whether they are attached.

    Answers how many were decided about, at most ``limit``, and how many of them were dropped.
    """
    row = await pool.fetchrow(_SETTLE, book_id, before, limit)
    assert row is not None
    return row["settled"], row["dropped"]
