"""Every read model, and the one transaction in which a batch of events reaches all of them."""

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
from store.database import Connection

FOLLOWER = "projections-3"
"""The name of the checkpoint that all read models share.

It is another one whenever a table is, so that the new table is filled from the first event on.
"""

PROJECTIONS: tuple[Projection, ...] = (
    *(invoice_list, invoice_lines, serial_list, customer_list, product_list, tax_code_list),
    *(code_list, payment_list, credit_note_list, period_list, series_list),
    *(receivables, postings, tax_report, sales_report, audit_trail),
)
"""What ``project`` keeps up to date. The fan-out of webhooks keeps ``webhook_endpoints``, because
it must see the endpoints as of its own checkpoint."""


async def prepare_tables(connection: Connection) -> None:
    """Create the tables that do not exist yet; a new version of a read model has a new name."""
    for projection in (*PROJECTIONS, webhook_endpoints):
        await connection.execute(projection.DDL)


async def project(connection: Connection, news: News) -> None:
    """Bring every read model up to date, inside the transaction that moves the checkpoint."""
    for projection in PROJECTIONS:
        await projection.project(connection, news)
