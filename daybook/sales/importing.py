"""Sales files into the books: customers and posted invoices, by the decisions that the API uses.

One invoice is one command: its customer where it is new, its draft and its posting commit together
or not at all, so a rejected invoice leaves nothing behind. Its id follows from its number in the
file, so whoever imports a file again, or goes on after an interruption, imports nothing twice.
"""

import asyncio
import hashlib
import re
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from daybook.progress import Report
from daybook.sales.entry import Terms, credit, enter
from daybook.sales.file import Fault, SalesInvoice
from daybook.sales.rehearsal import Execute, Rehearsal
from domain.credit_note import CREDIT_NOTE, CreditNote
from domain.customer import CUSTOMER
from domain.errors import NotFound, Refusal, RuleBroken, Violation
from domain.facts.invoice_parts import Totals
from domain.invoice import INVOICE, Invoice
from domain.money import ZERO, total
from store.books import Books
from store.command import Command, Done
from store.ids import id_of, new_id
from store.recorded import Metadata

_SOURCE = "sales-file"
_UNDER_WAY = 512  # two of the writer's batches: one commits while the other one fills
_LINE = re.compile(r"/lines/([0-9]+)/")


class Rejection(NamedTuple):
    """An invoice that was not imported: the code of the first reason, and a sentence about it."""

    number: str
    code: str
    reason: str


class Sums(NamedTuple):
    """What was posted in one currency."""

    net: Decimal
    gross: Decimal


class Summary(msgspec.Struct, kw_only=True):
    """What became of the invoices of a file. ``already`` counts those that were in the book.

    ``credited`` counts those below zero, which became credit notes; ``credits`` are their sums.
    """

    invoices: int
    posted: int = 0
    credited: int = 0
    posted_lines: int = 0
    already: int = 0
    customers: int = 0
    rejections: list[Rejection] = []
    sums: dict[str, Sums] = {}
    credits: dict[str, Sums] = {}
    seconds: float = 0.0

    @property
    def settled(self) -> int:
        """How many invoices have been dealt with."""
        return self.posted + self.credited + self.already + len(self.rejections)


Outcome: TypeAlias = Done[Invoice] | Done[CreditNote] | Rejection


async def import_sales(
    books: Books,
    book_id: str,
    invoices: Sequence[SalesInvoice],
    terms: Terms,
    *,
    today: date,
    dry_run: bool = False,
    report: Report | None = None,
) -> Summary:
    """Import invoices, which come by rising date: within a series, numbers and dates rise together.

    Args:
        books: Where to.
        book_id: Into which book.
        invoices: From ``read_sales``.
        terms: What the file does not say.
        today: The date that posting compares issue dates with.
        dry_run: Decide everything, commit nothing.
        report: Told how many invoices are settled.

    Raises:
        StoreError: The book cannot be written. What is settled stays; a new run goes on from there.
    """
    started = time.perf_counter()
    execute: Execute = Rehearsal(books).execute if dry_run else books.execute
    by = Metadata(actor="import", correlation_id=new_id("imp"))
    named = {terms.default_customer, *(invoice.customer_id for invoice in invoices)}
    known = await _known_customers(books, book_id, filter(None, named))
    summary = Summary(invoices=len(invoices))
    billed: set[str] = set()

    async def outcome_of(invoice: SalesInvoice) -> Outcome:
        if invoice.faults:
            return _rejection(invoice, invoice.faults)
        id_ = invoice_id(book_id, invoice.number)
        try:
            if invoice.net(terms.currency) < ZERO:
                id_ = "crn" + id_.removeprefix("inv")
                decide = credit(id_, invoice, terms, today=today)
                note = Command(aggregate=CREDIT_NOTE, id=id_, decide=decide, metadata=by)
                return await execute(book_id, note)
            decide = enter(id_, invoice, terms, today=today)
            command = Command(aggregate=INVOICE, id=id_, decide=decide, metadata=by)
            return await execute(book_id, command)
        except Refusal as refusal:
            return _rejection(invoice, _faults(invoice, refusal, terms))

    def settle(outcome: Outcome) -> None:
        _count(summary, outcome)
        if isinstance(outcome, Done) and outcome.changed:
            billed.add(outcome.entity.state.customer_id or "")
        if report is not None:
            report(summary.settled, summary.invoices)

    await _in_order(invoices, outcome_of, settle)
    summary.customers = len(billed - known)
    summary.seconds = time.perf_counter() - started
    return summary


def invoice_id(book_id: str, number: str) -> str:
    """The id of an imported invoice: a UUIDv8 (RFC 9562) from book, kind of source and number."""
    digest = hashlib.sha256(f"{book_id}\0{_SOURCE}\0{number}".encode()).digest()
    value = int.from_bytes(digest[:16], "big")
    value = (value & ~(0xF << 76)) | (0x8 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return id_of("inv", UUID(int=value))


async def _in_order(
    invoices: Iterable[SalesInvoice],
    outcome_of: Callable[[SalesInvoice], Coroutine[Any, Any, Outcome]],
    settle: Callable[[Outcome], None],
) -> None:
    """Have many invoices under way at a time; they begin, and are settled, in their order."""
    under_way: deque[asyncio.Task[Outcome]] = deque()
    try:
        for invoice in invoices:
            if len(under_way) >= _UNDER_WAY:
                settle(await under_way.popleft())
            under_way.append(asyncio.create_task(outcome_of(invoice)))
        while under_way:
            settle(await under_way.popleft())
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _known_customers(books: Books, book_id: str, codes: Iterable[str]) -> set[str]:
    """Which of these customers are in the book before the import."""

    async def known(code: str) -> str | None:
        try:
            return (await books.get(book_id, CUSTOMER(code))).id
        except NotFound:
            return None

    return {code for code in await asyncio.gather(*map(known, codes)) if code is not None}


def _count(summary: Summary, outcome: Outcome) -> None:
    if isinstance(outcome, Rejection):
        summary.rejections.append(outcome)
        return
    if not outcome.changed:
        summary.already += 1
        return
    document = outcome.entity.state
    if isinstance(document, CreditNote):
        summary.credited += 1
        _add(summary.credits, document.currency, document.posted_totals)
    else:
        summary.posted += 1
        summary.posted_lines += len(document.lines)
        _add(summary.sums, document.currency, document.posted_totals)


def _add(sums: dict[str, Sums], currency: str | None, totals: Totals | None) -> None:
    assert currency is not None
    assert totals is not None
    net, gross = sums.get(currency, Sums(ZERO, ZERO))
    sums[currency] = Sums(total([net, totals.net]), total([gross, totals.gross]))


# ---------------------------------------------------------------- rejections


def _rejection(invoice: SalesInvoice, faults: Sequence[Fault]) -> Rejection:
    """The first reason, and how many more there are."""
    code, reason = faults[0]
    if more := len(faults) - 1:
        reason += f" ({more} more {'reason' if more == 1 else 'reasons'}.)"
    return Rejection(invoice.number, code, reason)


def _faults(invoice: SalesInvoice, refusal: Refusal, terms: Terms) -> list[Fault]:
    if isinstance(refusal, RuleBroken):
        return [_fault(invoice, violation, terms) for violation in refusal.violations]
    return [Fault("refused", str(refusal))]


def _fault(invoice: SalesInvoice, violation: Violation, terms: Terms) -> Fault:
    """The broken rule in words of the file."""
    detail = violation.detail
    buyer = invoice.customer_id or terms.default_customer
    if violation.code == "P04" and buyer is None:
        detail = (
            "An invoice needs a buyer, but CustomerID is empty: fill it in, or bill to somebody "
            "with --default-customer."
        )
    elif match := _LINE.match(violation.pointer):
        detail = f"Line {invoice.at[int(match[1])]}: {detail}"
    return Fault(violation.code, detail)
