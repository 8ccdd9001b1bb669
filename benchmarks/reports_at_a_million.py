"""How long reports take over a million invoices.

``python -m benchmarks.reports_at_a_million``. Without DATABASE_URL, a server is brought along.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from pathlib import Path

import uvloop

from benchmarks.million import BOOK, fill
from benchmarks.testbed import scratch_database, surroundings
from daybook.embedded.stack import stack
from projections.moment import Span
from projections.receivable_reports import ageing
from projections.sales_report import sales
from projections.statement import movements, totals
from projections.tax_report import taxes
from store.database import Pool, open_pool

TIMES = 100
HOME = Path("build/benchmarks")

_WHOLE = Span(first=date(2024, 1, 1), last=date(2026, 12, 31))
_YEAR = Span(first=date(2025, 1, 1), last=date(2025, 12, 31))
_DAYS = Span(first=date(2025, 1, 11), last=date(2025, 6, 20))
_THEN = Span(first=date(2025, 1, 1), last=date(2025, 12, 31), known=3_900_123)

Report = Callable[[Pool], Awaitable[object]]

REPORTS: Mapping[str, Report] = {
    "ageing, first page": lambda p: ageing(p, BOOK, date(2026, 12, 31), limit=200),
    "ageing, all customers": lambda p: ageing(p, BOOK, date(2026, 12, 31)),
    "ageing of a past day": lambda p: ageing(p, BOOK, date(2025, 6, 30), limit=200),
    "ageing as known then": lambda p: ageing(
        p, BOOK, date(2025, 6, 30), known=2_990_000, limit=200
    ),
    "ageing of one customer": lambda p: ageing(p, BOOK, date(2025, 6, 30), customer_id="C77"),
    "statement, totals": lambda p: totals(p, BOOK, "C77", _YEAR),
    "statement, movements": lambda p: movements(p, BOOK, "C77", _YEAR, limit=200),
    "taxes of a year": lambda p: taxes(p, BOOK, _YEAR),
    "taxes of some days": lambda p: taxes(p, BOOK, _DAYS),
    "taxes of a year as known then": lambda p: taxes(p, BOOK, _THEN),
    "sales by month": lambda p: sales(p, BOOK, "month", _WHOLE, limit=200),
    "sales by product, a year": lambda p: sales(p, BOOK, "product", _YEAR, limit=200),
    "sales by customer, a year": lambda p: sales(p, BOOK, "customer", _YEAR, limit=200),
    "sales by customer, three years": lambda p: sales(p, BOOK, "customer", _WHOLE, limit=200),
    "sales by product, some days": lambda p: sales(p, BOOK, "product", _DAYS, limit=200),
    "sales by product as known then": lambda p: sales(p, BOOK, "product", _THEN, limit=200),
}


async def main() -> None:
    """Write the book, then ask for each report again and again."""
    with stack(HOME, mode="dev", environ=os.environ, report=print) as running:  # noqa: TID251 - a program of its own
        async with scratch_database(running.database_url) as url:
            print(await surroundings(url))
            async with open_pool(url, name="daybook benchmark", size=2) as pool:
                async with pool.acquire() as connection:
                    await fill(connection)
                for name, report in REPORTS.items():
                    print(await timed(name, pool, report))


async def timed(name: str, pool: Pool, report: Report) -> str:
    """A line about one report: half of all, and 99 of 100, took at most so long."""
    loop = asyncio.get_running_loop()
    taken = []
    for _ in range(TIMES + 3):
        started = loop.time()
        await report(pool)
        taken.append(1000 * (loop.time() - started))
    taken = sorted(taken[3:])
    return f"{name:34} p50 {taken[TIMES // 2]:8.1f} ms   p99 {taken[TIMES * 99 // 100]:8.1f} ms"


if __name__ == "__main__":
    HOME.mkdir(parents=True, exist_ok=True)
    uvloop.run(main())
