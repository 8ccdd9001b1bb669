"""Reports over 1,000,000 invoices times --scale, against one sum over all lines sold."""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from functools import partial

from benchmarks.asking import Answered, Question, ask, asking, told
from benchmarks.figures import Figure
from benchmarks.million import BOOK, INVOICES, fill, last_position, open_book
from benchmarks.million_delivered import DELIVERIES, ENDPOINT, fill_deliveries
from benchmarks.rounds import Run
from projections import customer_list, postings, receivables, sales_report, tax_report
from projections.customer_list import balances_of
from projections.delivery_report import summary
from projections.moment import Span
from projections.postings import drafts_dated_in, period_totals
from projections.receivable_reports import ageing
from projections.sales_report import By, sales
from projections.statement import movements, totals
from projections.tax_report import taxes
from store.database import Connection

NAME = "reports_at_a_million"
LIMIT_MS = 300.0
READ_MODELS = (customer_list, receivables, postings, tax_report, sales_report)

_END, _PAST = date(2026, 12, 31), date(2025, 6, 30)
_WHOLE = Span(first=date(2024, 1, 1), last=_END)
_YEAR = Span(first=date(2025, 1, 1), last=date(2025, 12, 31))
_DAYS = Span(first=date(2025, 1, 11), last=date(2025, 6, 20))
_TIMES = 50
_BASELINE_TIMES = 5
_SUMS = ("sales_product_v1", "sales_customer_v1")


async def measure(database_url: str, *, scale: float) -> Figure:
    """Ask for each report, of the present, of a past day, and as it was known at some moment.

    No ledger may be read from end to end, nor any list. What a report adds up are monthly sums: of
    these it may read all, if it asks for a third of them or more.

    Raises:
        WrongAnswer: A large table was read from end to end without need.
    """
    async with asking(database_url) as connection:
        await open_book(connection, scale)
        await fill(connection, READ_MODELS, scale)
        await fill_deliveries(connection, scale)
        answered = [it async for it in answers(connection, scale)]
        added = await ask(connection, "all lines sold", _add_up, _BASELINE_TIMES)
    baseline = Run(sum(added.seconds), added.seconds)
    rows = f"{int(INVOICES * scale):,} invoices, {int(DELIVERIES * scale):,} deliveries"
    return told(NAME, answered, baseline, limit_ms=LIMIT_MS, rows=rows)


async def answers(
    connection: Connection, scale: float, times: int = _TIMES
) -> AsyncIterator[Answered]:
    """Every report, timed."""
    half = last_position(scale) // 2
    reports = (*_of_receivables(half), *_of_months(half), *_of_deliveries())
    for name, report in reports:
        yield await ask(connection, name, report, times, whole=_SUMS)


async def _add_up(connection: Connection) -> object:
    return await connection.fetchval(
        "select sum(net) from sales_entry_v1 where book_id = $1", BOOK, timeout=60
    )


def _of_receivables(half: int) -> Iterator[tuple[str, Question]]:
    """Ageing, balances and statements; ``half`` is the position half-way through the log."""
    customers = [f"C{number}" for number in range(50)]
    yield "ageing, first page", lambda c: ageing(c, BOOK, _END, limit=200)
    yield "ageing, all customers", lambda c: ageing(c, BOOK, _END)
    yield "ageing of a past day", lambda c: ageing(c, BOOK, _PAST, limit=200)
    yield "ageing as known then", lambda c: ageing(c, BOOK, _PAST, known=half, limit=200)
    yield "ageing, next page", lambda c: ageing(c, BOOK, _PAST, after=("C5", "EUR"), limit=200)
    yield "ageing of one customer", lambda c: ageing(c, BOOK, _PAST, customer_id="C77")
    yield "balances of a page of customers", lambda c: balances_of(c, BOOK, customers)
    for span, days in (
        (_YEAR, "a year"),
        (_WHOLE, "three years"),
        (_known(_YEAR, half), "a year as known then"),
    ):
        yield f"statement, totals, {days}", partial(_totals, span)
        yield f"statement, movements, {days}", partial(_movements, span)


def _of_months(half: int) -> Iterator[tuple[str, Question]]:
    """Taxes, sales and periods."""
    yield "totals of a period", lambda c: period_totals(c, BOOK, "2025-05")
    yield "drafts of a period", lambda c: drafts_dated_in(c, BOOK, "2026-12")
    for span, days in (
        (_YEAR, "a year"),
        (_WHOLE, "three years"),
        (_DAYS, "some days"),
        (_known(_YEAR, half), "a year as known then"),
    ):
        yield f"taxes, {days}", partial(_taxes, span)
        yield f"sales by month, {days}", partial(_sales, "month", span)
        yield f"sales by product, {days}", partial(_sales, "product", span)
        yield f"sales by customer, {days}", partial(_sales, "customer", span)


def _of_deliveries() -> Iterator[tuple[str, Question]]:
    """How webhook endpoints do, over days of the last month."""
    week, month = (date(2026, 12, 25), _END), (date(2026, 12, 1), _END)
    yield "deliveries, a week", lambda c: summary(c, BOOK, week, limit=200)
    yield "deliveries, a month", lambda c: summary(c, BOOK, month, limit=200)
    yield (
        "deliveries to one endpoint",
        lambda c: summary(c, BOOK, month, endpoint_id=ENDPOINT, limit=200),
    )


def _known(span: Span, position: int) -> Span:
    return Span(first=span.first, last=span.last, known=position)


async def _totals(span: Span, connection: Connection) -> object:
    return await totals(connection, BOOK, "C77", span)


async def _movements(span: Span, connection: Connection) -> object:
    return await movements(connection, BOOK, "C77", span, limit=200)


async def _taxes(span: Span, connection: Connection) -> object:
    return await taxes(connection, BOOK, span)


async def _sales(by: By, span: Span, connection: Connection) -> object:
    return await sales(connection, BOOK, by, span, limit=200)
