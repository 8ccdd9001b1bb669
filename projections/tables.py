"""Every read model, and the one transaction in which a batch of events reaches all of them."""

import hashlib
import re
from collections.abc import Sequence

from projections import (
    audit_trail,
    code_list,
    credit_note_list,
    customer_list,
    invoice_lines,
    invoice_list,
    payment_list,
    period_list,
    postings,
    product_list,
    receivables,
    sales_report,
    serial_list,
    series_list,
    tax_code_list,
    tax_report,
    webhook_endpoints,
)
from projections.projection import News, Projection
from store.cache import Cache
from store.database import Connection, connection_lost
from store.parked import park
from store.recorded import Recorded

FOLLOWER = "projections"
"""The name of the checkpoint that all read models share."""

PROJECTIONS: tuple[Projection, ...] = (
    *(invoice_list, invoice_lines, serial_list, customer_list, product_list, tax_code_list),
    *(code_list, payment_list, credit_note_list, period_list, series_list),
    *(receivables, postings, tax_report, sales_report, audit_trail),
)
"""What ``project`` keeps up to date. The fan-out of webhooks keeps ``webhook_endpoints``, because
it must see the endpoints as of its own checkpoint."""

SCHEMA = "projections"
"""Where the live tables are."""

_INDEX = re.compile(r"^create (?:unique )?index .*?;", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"create table if not exists (\w+)", re.IGNORECASE)


def tables_of(projection: Projection) -> tuple[str, ...]:
    """The names of the read model's tables."""
    return tuple(_TABLE.findall(projection.DDL))


def without_indexes(projection: Projection) -> str:
    """The definition of its tables with their primary keys alone: faster to fill.

    ``project`` finds every row by a primary key. The whole ``DDL`` adds what is missing later.
    """
    return _INDEX.sub("", projection.DDL)


def fingerprint(projection: Projection) -> str:
    """What the read model is built from: it changes with the definition of its tables."""
    return hashlib.sha256(projection.DDL.encode()).hexdigest()


async def prepare_tables(connection: Connection) -> list[Projection]:
    """Create the tables of read models; answer the models that must be built from the log.

    Those have never been built by this definition, and there are events already.
    """
    await connection.execute(webhook_endpoints.DDL)
    outdated = await stale(connection)
    if outdated and not await connection.fetchval(
        "select exists (select from store.books where head > 0)"
    ):
        for projection in outdated:
            await connection.execute(projection.DDL)
            await built(connection, projection)
        return []
    return outdated


async def stale(connection: Connection) -> list[Projection]:
    """The read models whose tables were not built by the definition of this program."""
    rows = await connection.fetch("select name, fingerprint from store.read_models")
    known = {row["name"]: row["fingerprint"] for row in rows}
    return [it for it in PROJECTIONS if known.get(it.NAME) != fingerprint(it)]


async def built(connection: Connection, projection: Projection) -> None:
    """Note that the read model's tables are those of this program, and complete."""
    await connection.execute(
        "insert into store.read_models (name, fingerprint) values ($1, $2)"
        " on conflict (name) do update set fingerprint = excluded.fingerprint, built_at = now()",
        projection.NAME,
        fingerprint(projection),
    )


async def project(connection: Connection, news: News) -> None:
    """Bring every read model up to date, inside the transaction that moves the checkpoint.

    Its commit does not wait for the disk: what a crash of the server takes with it, the log still
    has, and the checkpoint goes back together with the rows.
    """
    await connection.execute("set local synchronous_commit = off")
    for projection in PROJECTIONS:
        await projection.project(connection, news)


async def project_carefully(
    connection: Connection, book_id: str, events: Sequence[Recorded], cache: Cache
) -> None:
    """As ``project``, but set aside what a read model cannot take in, and go on without it.

    It costs two more round trips for each read model, so it is for when ``project`` has failed.
    """
    for projection in PROJECTIONS:
        try:
            async with connection.transaction():
                await projection.project(connection, News(connection, book_id, events, cache))
        except Exception as error:
            if connection_lost(error):
                raise
            for event in events:
                await _project_or_park(connection, projection, event, cache)


async def _project_or_park(
    connection: Connection, projection: Projection, event: Recorded, cache: Cache
) -> None:
    try:
        async with connection.transaction():
            news = News(connection, event.book_id, [event], cache)
            await projection.project(connection, news)
    except Exception as error:
        if connection_lost(error):
            raise
        place = (FOLLOWER, projection.NAME, event.position)
        await park(connection, event.book_id, place, error)
