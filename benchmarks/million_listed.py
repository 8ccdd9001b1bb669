"""Rows of lists, for a book of a million invoices."""

from collections.abc import Mapping, Sequence

from projections import (
    audit_trail,
    credit_note_list,
    customer_list,
    invoice_lines,
    invoice_list,
    payment_list,
    product_list,
    serial_list,
)

# Of a thousand: the oldest 900 are archived, the newest 5 drafts. What nobody paid is everywhere.
_STATUS = """
    case when age > 0.995 then 'Draft' when n % 97 = 5 then 'Voided' when age < 0.9 then 'Archived'
         when n % 2000 = 7 then 'Approved' when n % 100 = 9 then 'Released' else 'Posted' end
"""
_SETTLEMENT = """
    case when never or age > 0.97 then 'Unpaid' when parts and age > 0.9 then 'PartiallyPaid'
         when n % 5000 = 11 then 'Overpaid' else 'Paid' end
"""

LISTED: Mapping[str, Sequence[str]] = {
    invoice_list.NAME: (
        f"""
        insert into invoice_list_v2
        select $1::text, id, case when status <> 'Draft' then 'INV-' || lpad(n::text, 9, '0') end,
               status, {_SETTLEMENT}, customer_id, 'Customer ' || substr(customer_id, 2),
               case n % 1000 when 1 then 'CHF' when 2 then 'USD' else 'EUR' end,
               case when status <> 'Draft' then dated end,
               case when status <> 'Draft' then dated + 30 end,
               case when n % 4 = 0 then '45' || lpad((n * 31 % 1000000)::text, 8, '0') end,
               case when n % 3 = 0 then 'Project ' || n % 20000 end,
               gross / 1.19, gross - gross / 1.19, gross, case when never then gross else 0 end,
               5, AT, AT + days * interval '1 day'
          from (select *, {_STATUS} as status from (INVOICES) i) i""",  # noqa: S608 - names of this file
    ),
    invoice_lines.NAME: (
        """
        insert into invoice_line_v1
        select $1::text, id || '/lin_' || l, id, l, 'lin_' || l,
               case when age > 0.995 then 'Draft' when n % 97 = 5 then 'Voided' else 'Posted' end,
               'INV-' || lpad(n::text, 9, '0'), customer_id,
               dated, case l when 2 then 'labor' else 'item' end,
               'P' || ((n * 3 + l) * 7877 % 5000), 'Goods', 1, 'C62', gross / 3, 'EUR', gross / 3,
               null, 3
          from (INVOICES) i, generate_series(0, 2) l""",
    ),
    serial_list.NAME: (
        """
        insert into serial_list_v1
        select $1::text, 'M' || n % 50 || '/SN' || n, 'M' || n % 50, 'SN' || n,
               case when n % 100 = 1 then 'Returned' when age > 0.99 then 'Reserved'
                    else 'Shipped' end,
               id, 'lin_0', case when n % 100 = 1 then 'crn_' || n end, 3, AT, AT
          from (INVOICES) i where n % 5 = 1""",
    ),
    customer_list.NAME: (
        """
        insert into customer_list_v2
        select $1::text, 'C' || n, 'Customer ' || n, 'customer ' || n, 'c' || n || '@example.org',
               'DE' || n, 'City ' || n % 300, 'DE', 'EUR', n % 20 > 0,
               case when n % 500 = 0 then 'Credit' end, n, 1,
               timestamptz '2024-01-01Z' + n * interval '1 hour', now()
          from generate_series(0, CUSTOMERS - 1) n""",
        """
        insert into customer_balance_v1
        select $1::text, 'C' || n, 'EUR', n, n from generate_series(0, CUSTOMERS - 1) n""",
        """
        insert into customer_credit_v1
        select $1::text, payment, customer_id, 'EUR', case when n % 200 = 0 then gross else 0 end, 1
          from (INVOICES) i""",
    ),
    product_list.NAME: (
        """
        insert into product_list_v1
        select $1::text, 'P' || n, case when n % 10 = 0 then 'labor' else 'item' end,
               'Article ' || n, 'article ' || n, 'C62', 'EUR', n, 'S19', 'Brand ' || n % 40,
               'Category ' || n % 90, lpad(n::text, 13, '4'), n % 50 = 0,
               case when n % 30 = 0 then 'Discontinued' else 'Active' end, n % 25 > 0, 1,
               timestamptz '2024-01-01Z' + n * interval '1 hour', now()
          from generate_series(0, CUSTOMERS - 1) n""",
    ),
    payment_list.NAME: (
        """
        insert into payment_list_v1
        select $1::text, payment, customer_id,
               case when n % 200 = 0 then 'Recorded' when n % 900 = 1 then 'Reversed'
                    else 'Applied' end,
               case n % 3 when 0 then 'card' else 'transfer' end,
               case when n % 1000 = 2 then 'USD' else 'EUR' end, gross, null, 0,
               case when n % 200 = 0 then gross else 0 end, dated, 'R' || n, 'B' || n,
               'Branch ' || n % 7, 'Till ' || n % 60, n % 2000 = 3, 1, AT, AT
          from (INVOICES) i""",
    ),
    credit_note_list.NAME: (
        """
        insert into credit_note_list_v1
        select $1::text, 'crn_' || n, 'CRN-' || n, case when n % 7 = 0 then 'Posted' else 'Applied'
               end, id, 'INV-' || lpad(n::text, 9, '0'), customer_id, 'Customer', 'EUR', dated,
               dated, 'return', null, 'Branch ' || n % 7, gross / 1.19, gross - gross / 1.19, gross,
               case when n % 7 = 0 then gross else 0 end, 1, AT, AT
          from (INVOICES) i where n % 20 = 0""",
    ),
    audit_trail.NAME: (
        """
        insert into audit_trail_v1
        select $1::text, position + a, AT, 'key_' || n % 30,
               (array['invoice.drafted', 'invoice.line_added', 'invoice.posted'])[a + 1], 'invoice',
               id, a + 1
          from (INVOICES) i, generate_series(0, 2) a""",
    ),
}
