"""A book of a million invoices over three years, written straight into the read models' tables.

Ten thousand customers; three lines an invoice; most are paid within two months, every tenth in two
parts, every fiftieth never. Positions and days rise together, as in a book that is kept every day.
"""

import re
from collections.abc import Mapping

from projections.ledger import CHUNK_BITS
from projections.receivables import _RENEW
from store.database import Connection

BOOK = "bok_million"
INVOICES = 1_000_000
DAYS = 1096
CUSTOMERS = 10_000

# Invoice n is posted at position 6n, on day n*1096/1000000 of three years that begin with 2024.
_INVOICE = """
    select n, 6 * n as position, date '2024-01-01' + (n * 1096 / 1000000)::integer as dated,
           'inv_' || lpad(n::text, 26, '0') as id, 'pay_' || lpad(n::text, 26, '0') as payment,
           'C' || (n * 7919 % 10000) as customer_id, 100 + (n * 104729 % 90000) / 100.0 as gross,
           5 + (n * 31 % 56)::integer as days, n % 50 = 0 as never, n % 10 = 3 as parts
      from generate_series(1::bigint, 1000000) n
"""

_AT = "timestamptz '2024-01-01 08:00Z' + position * interval '15.8 seconds'"

_STATEMENTS: Mapping[str, str] = {
    "invoices": """
        insert into receivable_entry_v1
        select $1::text, id, position, AT, dated, 'invoice', 'invoice', customer_id, 'EUR',
               gross, dated + 30, 'INV-' || n, true from (INVOICES) i""",
    "payments": """
        insert into receivable_entry_v1
        select $1::text, e.id, i.position + i.days * 5400 + e.at, now(), i.dated + i.days, e.kind,
               e.type, i.customer_id, 'EUR', i.gross * e.factor, null, null, e.kind = 'payment'
          from (INVOICES) i, lateral (values
               (payment, 0, 'payment', 'payment', -1.0),
               (payment, 1, 'application', 'payment', 1.0),
               (id, 1, 'application', 'invoice', -1.0)) e (id, at, kind, type, factor)
         where not never and not parts""",
    "parts": """
        insert into receivable_entry_v1
        select $1::text, e.id, i.position + i.days * 5400 + e.at, now(), i.dated + i.days + e.later,
               e.kind, e.type, i.customer_id, 'EUR', i.gross * e.factor, null, null,
               e.kind = 'payment'
          from (INVOICES) i, lateral (values
               (payment, 0, 0, 'payment', 'payment', -1.0),
               (payment, 1, 0, 'application', 'payment', 0.5),
               (id, 1, 0, 'application', 'invoice', -0.5),
               (payment, 2, 20, 'application', 'payment', 0.5),
               (id, 2, 20, 'application', 'invoice', -0.5)) e (id, at, later, kind, type, factor)
         where not never and parts""",
    "documents": _RENEW.replace("and document_id = any ($2::text[])", ""),
    "taxes": """
        insert into tax_entry_v1
        select $1::text, id, position, t, dated, 'EUR', 'S', 7 + 12 * t, '', gross / 2, gross / 10
          from (INVOICES) i, generate_series(0, 1) t""",
    "taxes by month": """
        insert into tax_month_v1
        select $1::text, date_trunc('month', dated)::date, currency, category, rate, exemption_code,
               (position >> CHUNK_BITS)::integer, sum(base), sum(tax)
          from tax_entry_v1 group by 2, 3, 4, 5, 6, 7""",
    "sales": """
        insert into sales_entry_v1
        select $1::text, id, position, l, dated, 'lin_' || l, 'EUR', customer_id, 'item',
               'P' || ((n * 3 + l) * 7877 % 5000), 1, gross / 3
          from (INVOICES) i, generate_series(0, 2) l""",
    "sales by month": """
        insert into sales_month_v1
        select $1::text, date_trunc('month', dated)::date, currency,
               (position >> CHUNK_BITS)::integer, sum(quantity), sum(net)
          from sales_entry_v1 group by 2, 3, 4""",
    "sales by product": """
        insert into sales_product_v1
        select $1::text, date_trunc('month', dated)::date, currency, kind, product,
               (position >> CHUNK_BITS)::integer, sum(quantity), sum(net)
          from sales_entry_v1 group by 2, 3, 4, 5, 6""",
    "sales by customer": """
        insert into sales_customer_v1
        select $1::text, date_trunc('month', dated)::date, currency, customer_id,
               (position >> CHUNK_BITS)::integer, sum(quantity), sum(net)
          from sales_entry_v1 group by 2, 3, 4, 5""",
    "customers": """
        insert into customer_list_v2 (book_id, id, name, name_folded, email, vat_id, city, country,
               currency, active, credit_limit, row_version, created_at, updated_at)
        select $1::text, 'C' || n, 'Customer ' || n, 'customer ' || n, 'c' || n || '@example.org',
               'DE' || n, 'City ' || n % 300, 'DE', 'EUR', n % 20 > 0, n, 1,
               timestamptz '2024-01-01Z' + n * interval '1 hour', now()
          from generate_series(0, 9999) n""",
    "payments to list": """
        insert into payment_list_v1
        select $1::text, payment, customer_id, case when n % 200 = 0 then 'Recorded' else 'Applied'
               end, case n % 3 when 0 then 'card' else 'transfer' end, 'EUR', gross, null, 0,
               case when n % 200 = 0 then gross else 0 end, dated, 'R' || n, 'B' || n, null, null,
               false, 1, AT, AT
          from (INVOICES) i""",
    "credit notes to list": """
        insert into credit_note_list_v1
        select $1::text, 'crn_' || n, 'CRN-' || n, case when n % 7 = 0 then 'Posted' else 'Applied'
               end, id, 'INV-' || n, customer_id, 'Customer', 'EUR', dated, dated, 'return', null,
               null, gross, 0, gross, case when n % 7 = 0 then gross else 0 end, 1, AT, AT
          from (INVOICES) i where n % 20 = 0""",
    "lines to list": """
        insert into invoice_line_v1
        select $1::text, id || '/lin_' || l, id, l, 'lin_' || l, 'Posted', 'INV-' || n, customer_id,
               dated, case l when 2 then 'labor' else 'item' end,
               'P' || ((n * 3 + l) * 7877 % 5000), 'Goods', 1, 'C62', gross / 3, 'EUR', gross / 3,
               null, 3
          from (INVOICES) i, generate_series(0, 2) l""",
    "audit trail": """
        insert into audit_trail_v1
        select $1::text, position + a, AT, 'key_' || n % 30,
               (array['invoice.drafted', 'invoice.line_added', 'invoice.posted'])[a + 1], 'invoice',
               id, a + 1
          from (INVOICES) i, generate_series(0, 2) a""",
}


def statements() -> dict[str, str]:
    """What to run, in order, with its name. ``$1`` is the book."""
    words = {"INVOICES": _INVOICE, "AT": _AT, "CHUNK_BITS": str(CHUNK_BITS)}
    return {
        name: re.sub(rf"\b({'|'.join(words)})\b", lambda found: words[found[0]], statement)
        for name, statement in _STATEMENTS.items()
    }


async def fill(connection: Connection) -> None:
    """Write everything; it takes some minutes."""
    await connection.execute("set statement_timeout = 0; set synchronous_commit = off")
    await connection.execute("set work_mem = '256MB'")
    await connection.execute(
        "insert into store.books (book_id, mode, name, head) values ($1, 'sandbox', 'Million', $2)",
        BOOK,
        6 * INVOICES,
    )
    for name, statement in statements().items():
        await connection.execute(statement, BOOK, timeout=3600)
        print(f"  {name} written", flush=True)
    await connection.execute("vacuum analyze", timeout=3600)
    await connection.execute("reset all")
