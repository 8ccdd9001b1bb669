"""A million deliveries of webhooks, and their attempts over a month, written by SQL.

Fifty endpoints take each event. One delivery in fifty waits and one was given up; every tenth took
two attempts. Deliveries and attempts have the columns that matter to reports; the sums of attempts
come about as they always do, by the trigger.
"""

from benchmarks.million import BOOK
from store.database import Connection

DELIVERIES = 1_000_000
ENDPOINTS = 50
ENDPOINT = "whe_" + "7".zfill(26)
"""One of them."""

_STATEMENTS = (
    """
    insert into webhook_endpoints_v1 (book_id, id, url, events, category, status, row_version,
                                      created_at, changed_at)
    select $1, 'whe_' || lpad(e::text, 26, '0'), 'https://example.com/' || e, '{*}', 'standard',
           'Enabled', 1, now(), now()
      from generate_series(1, ENDPOINTS) e""",
    """
    insert into store.endpoint_leases (book_id, endpoint_id)
    select $1, id from webhook_endpoints_v1 where book_id = $1""",
    """
    insert into store.deliveries (book_id, endpoint_id, position, state, attempts, next_at)
    select $1, id, p, state, 1, case when state = 'pending' then now() end
      from webhook_endpoints_v1, generate_series(1, EVENTS) p,
           lateral (select case p % 50 when 0 then 'pending' when 1 then 'failed'
                           else 'delivered' end) as s (state)
     where book_id = $1""",
    """
    insert into store.attempts (book_id, endpoint_id, position, number, at, status, duration_ms,
                                response, epoch)
    select book_id, endpoint_id, position, n,
           timestamptz '2026-12-01 00:00Z' + position * interval '31 days' / (EVENTS + 1),
           case when n = 1 and position % 10 = 1 then 500 else 200 end, position % 300, '', 1
      from store.deliveries, generate_series(1, 2) n
     where book_id = $1 and (n = 1 or position % 10 = 1)""",
)


async def fill_deliveries(connection: Connection, scale: float) -> None:
    """Write them, for the book of a million invoices."""
    events = max(int(DELIVERIES * scale) // ENDPOINTS, 10)
    await connection.execute("set statement_timeout = 0; set synchronous_commit = off")
    for statement in _STATEMENTS:
        worded = statement.replace("ENDPOINTS", str(ENDPOINTS)).replace("EVENTS", str(events))
        await connection.execute(worded, BOOK, timeout=3600)
    for table in ("deliveries", "attempts", "attempt_sums"):
        await connection.execute(f"vacuum analyze store.{table}", timeout=3600)
    await connection.execute("reset all")
