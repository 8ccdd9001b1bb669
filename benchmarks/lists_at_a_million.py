"""Pages of lists of 1,000,000 invoices times --scale, by each filter and in each order."""

from collections.abc import AsyncIterator
from functools import partial

from benchmarks.asking import TIMES, Answered, ask, asking, told
from benchmarks.figures import Figure
from benchmarks.list_questions import conditions, middles
from benchmarks.million import BOOK, INVOICES, fill, open_book
from benchmarks.rounds import Run
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
from projections.page import Listing, Query, fetch_page
from store.database import Connection

NAME = "lists_at_a_million"
LIMIT_MS = 20.0
READ_MODELS = (
    *(invoice_list, invoice_lines, serial_list, customer_list, product_list),
    *(payment_list, credit_note_list, audit_trail),
)


async def measure(database_url: str, *, scale: float) -> Figure:
    """Ask for pages of fifty rows: by each operator of each field, and in each order.

    The values are common ones, rare ones, and ones that no row has; pages are the first ones and
    some from the middle. Left out is what no index can find: ``contains``, ``like`` whose beginning
    is that of most rows, and ``ne`` of texts that all but a few rows have. The baseline is the
    first page of invoices by id.

    Raises:
        WrongAnswer: A large table was read from end to end.
    """
    async with asking(database_url) as connection:
        await open_book(connection, scale)
        await fill(connection, READ_MODELS, scale)
        answered = [it async for it in answers(connection)]
        plain = Query(sort=invoice_list.LISTING.sort(["id"]))
        pages = await ask(connection, "plain", partial(_page, invoice_list.LISTING, plain))
    baseline = Run(sum(pages.seconds), pages.seconds)
    rows = f"{int(INVOICES * scale):,} invoices, {len(READ_MODELS)} lists"
    return told(NAME, answered, baseline, limit_ms=LIMIT_MS, rows=rows)


async def answers(connection: Connection, times: int = TIMES) -> AsyncIterator[Answered]:
    """Every page of every list, timed."""
    for read_model in READ_MODELS:
        listing = read_model.LISTING
        async for name, query in _questions(connection, listing):
            page = partial(_page, listing, query)
            yield await ask(connection, f"{listing.name}: {name}", page, times)


async def _page(listing: Listing, query: Query, connection: Connection) -> object:
    return await fetch_page(connection, listing, BOOK, query)


async def _questions(connection: Connection, listing: Listing) -> AsyncIterator[tuple[str, Query]]:
    yield "first page", Query(sort=listing.order)
    async for condition in middles(connection, listing):
        for key in (condition.field.name, f"-{condition.field.name}"):
            sort = listing.sort([key])
            yield f"sort={key}", Query(sort=sort)
            there = Query(sort=sort, where=(condition,), limit=1)
            place = (await fetch_page(connection, listing, BOOK, there)).last
            yield f"sort={key} from the middle", Query(sort=sort, after=place)
    async for name, condition in conditions(connection, listing):
        order = listing.order_for([condition])
        yield name, Query(sort=order, where=(condition,))
