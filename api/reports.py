"""Reports: what is owed, taxed and sold, as of any date and as known at any moment."""

from datetime import date
from typing import Annotated, Literal

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.caller import Caller
from api.commands import Ask
from api.report_request import (
    ALL_ROWS,
    AsOfDay,
    Cursor,
    Format,
    FromDay,
    KnownAt,
    PageSize,
    ToDay,
    as_csv,
    as_page,
    cursor_after,
    known_at,
    page_and_rest,
    place_of,
    span_of,
    today,
    wants_csv,
)
from api.report_schemas import (
    AgedOut,
    AgeingReport,
    BalanceReport,
    BalanceRow,
    MovementOut,
    SalesReport,
    SoldOut,
    StatementReport,
    StatementTotalOut,
    TaxOut,
    TaxReport,
)
from api.wire import CodeInPath
from domain.customer import CUSTOMER
from projections.receivable_reports import Ageing, ageing
from projections.sales_report import sales
from projections.statement import movements, totals
from projections.tax_report import taxes

By = NamedDependency[Caller]
REPORT = {"scope": "read", "streams": "text/csv"}

OfCustomer = Annotated[
    str | None,
    QueryParameter(name="customerId", max_length=64, description="Only this customer."),
]
SoldBy = Annotated[
    Literal["product", "customer", "month"],
    QueryParameter(name="by", description="What sales are summed up by."),
]
Offset = Annotated[
    int,
    QueryParameter(
        name="offset", ge=0, le=ALL_ROWS, description="How many rows to leave out: `nextOffset`."
    ),
]


class ReportController(Controller):
    """Every report is computed from facts, so it can be asked again as of any day and moment."""

    path = "/api/reports"
    tags = ["Reports"]  # noqa: RUF012 - Litestar reads it from the class

    @get("/ageing", operation_id="getAgeing", summary="Receivables ageing", opt=REPORT)
    async def get_ageing(
        self,
        request: Ask,
        caller: By,
        as_of: AsOfDay = None,
        known: KnownAt = None,
        customer_id: OfCustomer = None,
        limit: PageSize = 200,
        cursor: Cursor = None,
        format_: Format = None,
    ) -> Response[AgeingReport]:
        """What is open by days overdue (current, 1-30, 31-60, 61-90, over 90), by customer.

        `asOf=2026-03-31&knownAt=2026-04-02T00:00:00Z` asks what the March ageing said on 2 April.
        """
        everything = wants_csv(request, format_)
        day, size = as_of or await today(caller), ALL_ROWS if everything else limit
        shown, found = await _aged(caller, day, known, customer_id, cursor, size)
        rows, last = page_and_rest(found.rows, size)
        if everything:
            return as_csv(f"ageing-{day}", AgedOut, map(AgedOut.of, rows))
        following = cursor_after(last.customer_id, last.currency) if last else None
        report = AgeingReport(
            date=day,
            as_of=shown,
            items=[AgedOut.of(it) for it in rows],
            totals=[AgedOut.of(it) for it in found.totals],
            next_cursor=following,
        )
        return as_page(request, report, following)

    @get("/balances", operation_id="getBalances", summary="Customer balances", opt=REPORT)
    async def get_balances(
        self,
        request: Ask,
        caller: By,
        as_of: AsOfDay = None,
        known: KnownAt = None,
        customer_id: OfCustomer = None,
        limit: PageSize = 200,
        cursor: Cursor = None,
        format_: Format = None,
    ) -> Response[BalanceReport]:
        """What customers owe, how much of it is overdue, and their credit, by currency."""
        everything = wants_csv(request, format_)
        day, size = as_of or await today(caller), ALL_ROWS if everything else limit
        shown, found = await _aged(caller, day, known, customer_id, cursor, size)
        rows, last = page_and_rest(found.rows, size)
        if everything:
            return as_csv(f"balances-{day}", BalanceRow, map(BalanceRow.of, rows))
        following = cursor_after(last.customer_id, last.currency) if last else None
        report = BalanceReport(
            date=day,
            as_of=shown,
            items=[BalanceRow.of(it) for it in rows],
            totals=[BalanceRow.of(it) for it in found.totals],
            next_cursor=following,
        )
        return as_page(request, report, following)

    @get(
        "/statements/{customer_id:str}",
        operation_id="getStatement",
        summary="Customer statement",
        opt=REPORT,
    )
    async def get_statement(
        self,
        request: Ask,
        caller: By,
        customer_id: CodeInPath,
        first: FromDay = None,
        last: ToDay = None,
        known: KnownAt = None,
        limit: PageSize = 200,
        cursor: Cursor = None,
        format_: Format = None,
    ) -> Response[StatementReport]:
        """What was owed before, what changed it on these days, and what is owed after them."""
        await caller.books.get(caller.book_id, CUSTOMER(customer_id))
        everything = wants_csv(request, format_)
        size = ALL_ROWS if everything else limit
        after = place_of(cursor, tuple[str, date, int])
        known_to = await known_at(caller, known)
        span = await span_of(caller, first, last, known_to)
        place = (caller.doors.pool, caller.book_id, customer_id, span)
        found = await movements(*place, after=after, limit=size + 1)
        rows, end = page_and_rest(found, size)
        items = [MovementOut.of(it) for it in rows]
        if everything:
            return as_csv(f"statement-{span.last}", MovementOut, items)
        following = cursor_after(end.currency, end.dated, end.position) if end else None
        report = StatementReport(
            customer_id=customer_id,
            from_=span.first,
            to=span.last,
            as_of=known_to.shown,
            totals=[StatementTotalOut.of(it) for it in await totals(*place)],
            items=items,
            next_cursor=following,
        )
        return as_page(request, report, following)

    @get("/tax", operation_id="getTaxReport", summary="Tax report", opt=REPORT)
    async def get_taxes(
        self,
        request: Ask,
        caller: By,
        first: FromDay = None,
        last: ToDay = None,
        known: KnownAt = None,
        format_: Format = None,
    ) -> Response[TaxReport]:
        """Tax bases and taxes by month, category and rate, by accounting date."""
        known_to = await known_at(caller, known)
        span = await span_of(caller, first, last, known_to)
        items = [TaxOut.of(it) for it in await taxes(caller.doors.pool, caller.book_id, span)]
        if wants_csv(request, format_):
            return as_csv(f"tax-{span.first}-{span.last}", TaxOut, items)
        report = TaxReport(from_=span.first, to=span.last, as_of=known_to.shown, items=items)
        return as_page(request, report)

    @get("/sales", operation_id="getSalesReport", summary="Sales report", opt=REPORT)
    async def get_sales(
        self,
        request: Ask,
        caller: By,
        by: SoldBy = "month",
        first: FromDay = None,
        last: ToDay = None,
        known: KnownAt = None,
        limit: PageSize = 200,
        offset: Offset = 0,
        format_: Format = None,
    ) -> Response[SalesReport]:
        """Net sales by product, customer or month; by the first two, the largest come first."""
        everything = wants_csv(request, format_)
        size, left_out = (ALL_ROWS, 0) if everything else (limit, offset)
        known_to = await known_at(caller, known)
        span = await span_of(caller, first, last, known_to)
        pool, book_id = caller.doors.pool, caller.book_id
        found = await sales(pool, book_id, by, span, limit=size + 1, offset=left_out)
        rows, more = page_and_rest(found, size)
        items = [SoldOut.of(it) for it in rows]
        if everything:
            return as_csv(f"sales-{span.first}-{span.last}", SoldOut, items)
        report = SalesReport(
            from_=span.first,
            to=span.last,
            as_of=known_to.shown,
            items=items,
            next_offset=offset + size if more else None,
        )
        return as_page(request, report)


async def _aged(
    caller: Caller,
    day: date,
    known: str | None,
    customer_id: str | None,
    cursor: str | None,
    size: int,
) -> tuple[int, Ageing]:
    """The position that the report shows, and one row more than the page has."""
    place = place_of(cursor, tuple[str, str])
    limit, shown = await known_at(caller, known)
    found = await ageing(
        caller.doors.pool,
        caller.book_id,
        day,
        known=limit,
        customer_id=customer_id,
        after=place or ("", ""),
        limit=size + 1,
    )
    return shown, found
