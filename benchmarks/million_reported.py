"""Rows of ledgers and their monthly sums, for a book of a million invoices."""

from collections.abc import Mapping, Sequence

from projections import postings, receivables, sales_report, tax_report
from projections.receivables import _RENEW

_APPLIED = """
        insert into receivable_entry_v1
        select $1::text, e.id, i.position + i.days * INVOICES_IN_ALL / 1096 * POSITIONS + e.at,
               now(), i.dated + i.days + e.later, e.kind, e.type, i.customer_id, 'EUR',
               i.gross * e.factor, null, null, e.kind = 'payment'
          from (INVOICES) i, lateral (values {parts}) e (id, at, later, kind, type, factor)
         where not never and {which}
"""
_AT_ONCE = """
    (payment, 0, 0, 'payment', 'payment', -1.0), (payment, 1, 0, 'application', 'payment', 1.0),
    (id, 1, 0, 'application', 'invoice', -1.0)
"""
_IN_PARTS = """
    (payment, 0, 0, 'payment', 'payment', -1.0), (payment, 1, 0, 'application', 'payment', 0.5),
    (id, 1, 0, 'application', 'invoice', -0.5), (payment, 2, 20, 'application', 'payment', 0.5),
    (id, 2, 20, 'application', 'invoice', -0.5)
"""


def _by_month(rollup: str, ledger: str, keys: str, sums: str) -> str:
    return f"""
        insert into {rollup}
        select $1::text, date_trunc('month', dated)::date, {keys},
               (position >> CHUNK_BITS)::integer, {sums}
          from {ledger} group by date_trunc('month', dated), {keys}, position >> CHUNK_BITS
    """  # noqa: S608 - names of this file


REPORTED: Mapping[str, Sequence[str]] = {
    receivables.NAME: (
        """
        insert into receivable_entry_v1
        select $1::text, id, position, AT, dated, 'invoice', 'invoice', customer_id, 'EUR',
               gross, dated + 30, 'INV-' || n, true from (INVOICES) i""",
        _APPLIED.format(parts=_AT_ONCE, which="not parts"),
        _APPLIED.format(parts=_IN_PARTS, which="parts"),
        # Rows stand in the order in which documents came, as a follower writes them.
        _RENEW.replace("and document_id = any ($2::text[])", "").replace(
            "group by document_id", "group by document_id order by min(position)"
        ),
    ),
    postings.NAME: (
        """
        insert into posting_v1
        select $1::text, id, position, 'invoice', 1, dated, dated, 'INV-' || n, customer_id,
               case when n % 4 = 0 then '45' || n end, 'EUR', gross / 1.19, gross - gross / 1.19,
               gross
          from (INVOICES) i where age <= 0.995""",
        """
        insert into unposted_v1
        select $1::text, id, 'invoice', dated, 1 from (INVOICES) i where age > 0.995""",
    ),
    tax_report.NAME: (
        """
        insert into tax_entry_v1
        select $1::text, id, position, t, dated, 'EUR', 'S', 7 + 12 * t, '', gross / 2, gross / 10
          from (INVOICES) i, generate_series(0, 1) t""",
        _by_month(
            "tax_month_v1",
            "tax_entry_v1",
            "currency, category, rate, exemption_code",
            "sum(base), sum(tax)",
        ),
    ),
    sales_report.NAME: (
        """
        insert into sales_entry_v1
        select $1::text, id, position, l, dated, 'lin_' || l, 'EUR', customer_id, 'item',
               'P' || ((n * 3 + l) * 7877 % 5000), 1, gross / 3
          from (INVOICES) i, generate_series(0, 2) l""",
        *(
            _by_month(f"sales_{by}_v1", "sales_entry_v1", keys, "sum(quantity), sum(net)")
            for by, keys in (
                ("month", "currency"),
                ("product", "currency, kind, product"),
                ("customer", "currency, customer_id"),
            )
        ),
    ),
}
