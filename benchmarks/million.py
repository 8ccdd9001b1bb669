"""A book of a million invoices over three years, written by SQL straight into the read models.

Ten thousand customers; three lines an invoice; most are paid within two months, every tenth in two
parts, every fiftieth never. Positions and days rise together, as in a book that is kept every day.
What is old is archived and paid, what is new is not yet: so a page of archived invoices, the newest
first, has nine tenths of the table before it.

Nothing of this went through the log: it is for questions, whose cost depends on the rows alone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import asyncpg

from benchmarks.million_listed import LISTED
from benchmarks.million_reported import REPORTED
from projections.ledger import CHUNK_BITS
from projections.projection import Projection
from projections.tables import tables_of, without_indexes
from store.database import Connection

BOOK = "bok_million"
INVOICES = 1_000_000
CUSTOMERS = 10_000
POSITIONS = 6
"""So many positions of the log an invoice takes."""

# Invoice n is posted at position 6n, on a day of three years (1096 days) that begin with 2024.
_INVOICE = """
    select n, POSITIONS * n as position,
           date '2024-01-01' + (n * 1096 / INVOICES_IN_ALL)::integer as dated,
           'inv_' || lpad(n::text, 26, '0') as id, 'pay_' || lpad(n::text, 26, '0') as payment,
           'C' || (n * 7919 % CUSTOMERS) as customer_id,
           100 + (n * 104729 % 90000) / 100.0 as gross, n::numeric / INVOICES_IN_ALL as age,
           5 + (n * 31 % 56)::integer as days, n % 50 = 0 as never, n % 10 = 3 as parts
      from generate_series(1::bigint, INVOICES_IN_ALL) n
"""

# The log is as long as the three years.
_AT = "timestamptz '2024-01-01 08:00Z' + age * interval '1095 days'"

_STATEMENTS: Mapping[str, Sequence[str]] = {**LISTED, **REPORTED}
"""By the name of a read model: what fills its tables. ``$1`` is the book."""


def last_position(scale: float) -> int:
    """How long the log would be."""
    return POSITIONS * _count(INVOICES, scale)


def statements(projection: Projection, scale: float) -> list[str]:
    """What fills the tables of the read model, in order."""
    sizes = {
        "INVOICES_IN_ALL": str(_count(INVOICES, scale)),
        "CUSTOMERS": str(_count(CUSTOMERS, scale)),
        "POSITIONS": str(POSITIONS),
        "CHUNK_BITS": str(CHUNK_BITS),
    }
    return [
        _worded(_worded(statement, {"INVOICES": _INVOICE, "AT": _AT}), sizes)
        for statement in _STATEMENTS[projection.NAME]
    ]


def _worded(statement: str, words: Mapping[str, str]) -> str:
    return re.sub(rf"\b({'|'.join(words)})\b", lambda found: words[found[0]], statement)


def _count(of: int, scale: float) -> int:
    return max(int(of * scale), 100)


async def open_book(connection: Connection, scale: float) -> None:
    """A book with a head as if its log were there."""
    await connection.execute(
        "insert into store.books (book_id, mode, name, head) values ($1, 'sandbox', 'Million', $2)",
        BOOK,
        last_position(scale),
    )


async def fill(connection: Connection, projections: Iterable[Projection], scale: float) -> None:
    """Write the read models anew: their rows first and their indexes then, as a rebuild does."""
    await connection.execute("set statement_timeout = 0; set synchronous_commit = off")
    await connection.execute("set work_mem = '256MB'; set maintenance_work_mem = '256MB'")
    for projection in projections:
        tables = ", ".join(tables_of(projection))
        await connection.execute(f"drop table {tables}")
        await connection.execute(without_indexes(projection))
        for statement in statements(projection, scale):
            await connection.execute(statement, BOOK, timeout=3600)
        await connection.execute(projection.DDL, timeout=3600)
        await connection.execute(f"vacuum analyze {tables}", timeout=3600)
    # What was written is written out now, and not while questions are asked.
    with suppress(asyncpg.InsufficientPrivilegeError):
        await connection.execute("checkpoint", timeout=3600)
    await connection.execute("reset all")
