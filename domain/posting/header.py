"""Rules about the head of a document: P03 and P07 to P15."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from domain import period
from domain.errors import Violation
from domain.facts.settings import BookSettings
from domain.invoice.editable import content_hash
from domain.money import EXPONENTS, ZERO
from domain.posting.case import Case
from domain.series import check_branch, check_series

DOCUMENT_TYPES = {
    "326": "partial invoice",
    "380": "commercial invoice",
    "383": "debit note",
    "384": "corrected invoice",
    "386": "prepayment invoice",
    "389": "self-billed invoice",
    "393": "factored invoice",
    "394": "lease invoice",
}
"""The codes of UNTDID 1001 that an invoice may have; 381 and 396 are credit notes."""


def check_header(case: Case) -> Iterator[Violation]:
    """P03, P07 to P15, in this order."""
    invoice = case.invoice
    yield from _approval(case)
    yield from check_currency(invoice.currency, case.settings)
    yield from check_issue_date(case.issue_date, case.asked.today, case.settings)
    if invoice.tax_point_date is not None and invoice.tax_point_code is not None:
        detail = "Set the tax point's date or its code, not both."
        yield Violation("P09", "/taxPointCode", detail)
    if case.due_date < case.issue_date:
        detail = f"The due date {case.due_date} is before the issue date {case.issue_date}."
        yield Violation("P10", "/dueDate", detail)
    yield from period.check(case.read, case.accounting_date, sales=True)
    yield from check_branch(case.numbering)
    yield from check_series(case.series, case.issue_date)
    yield from _periods(case)
    if invoice.document_type not in DOCUMENT_TYPES:
        known = ", ".join(f"{code} ({name})" for code, name in DOCUMENT_TYPES.items())
        detail = f"{invoice.document_type!r} is no type of an invoice. Set one of {known}."
        yield Violation("P14", "/documentType", detail)
    yield from check_rate(invoice.currency, invoice.exchange_rate, case.settings)


def _approval(case: Case) -> Iterator[Violation]:
    """P03: from a limit on, somebody has approved just this content, and not its author."""
    limit, gross, draft = case.settings.approval_limit, case.base_gross, case.draft
    if limit is None or gross is None or gross < limit:
        return
    if draft.status != "Approved" or draft.approved_hash != content_hash(draft):
        detail = f"From {limit} on, an invoice must be approved before it is posted."
        yield Violation("P03", "/status", detail)
    elif case.settings.separate_duties and draft.approver == draft.author:
        detail = "Its author approved it: somebody else must."
        yield Violation("P03", "/approver", detail)


def check_currency(currency: str | None, settings: BookSettings) -> Iterator[Violation]:
    """P07: the currency is in use, and one of those that the book has enabled, if it names any."""
    enabled = {*settings.currencies, settings.base_currency}
    if currency is None:
        yield Violation("P07", "/currency", "Set the currency, such as EUR.")
    elif currency not in EXPONENTS:
        detail = f"{currency!r} is not a currency of ISO 4217 that is in use."
        yield Violation("P07", "/currency", detail)
    elif settings.currencies and currency not in enabled:
        detail = f"{currency} is not enabled in this book: enable it in the settings."
        yield Violation("P07", "/currency", detail)


def check_issue_date(issue_date: date, today: date, settings: BookSettings) -> Iterator[Violation]:
    """P08: the issue date is not further ahead than the book allows."""
    ahead = settings.days_ahead
    if issue_date - today > timedelta(days=ahead):
        detail = f"The issue date may lie at most {ahead} days ahead of today, {today}."
        yield Violation("P08", "/issueDate", detail)


def check_rate(
    currency: str | None, rate: Decimal | None, settings: BookSettings
) -> Iterator[Violation]:
    """P15: there is a rate from a foreign currency into the book's. Its day is the issue date."""
    base = settings.base_currency
    if rate is not None and rate <= ZERO:
        yield Violation("P15", "/exchangeRate", "The exchange rate is above zero.")
    elif rate is None and base is not None and currency in EXPONENTS and currency != base:
        detail = f"Set exchangeRate: how many {base} one {currency} is worth."
        yield Violation("P15", "/exchangeRate", detail)
    elif rate is not None and currency == base and rate != 1:
        detail = f"The book is kept in {base}: leave exchangeRate out."
        yield Violation("P15", "/exchangeRate", detail)


def _periods(case: Case) -> Iterator[Violation]:
    """P13: periods of delivery end after they begin, those of lines inside of the invoice's."""
    start, end = case.invoice.period_start, case.invoice.period_end
    yield from _order(start, end, "")
    for at, line in case.billed:
        yield from _order(line.period_start, line.period_end, at)
        for name, day in (("periodStart", line.period_start), ("periodEnd", line.period_end)):
            if day is not None and ((start and day < start) or (end and day > end)):
                detail = f"{day} is outside of the invoice's own period: change one of them."
                yield Violation("P13", f"{at}/{name}", detail)


def _order(start: date | None, end: date | None, at: str) -> Iterator[Violation]:
    if start is not None and end is not None and end < start:
        detail = f"The period ends on {end}, before it begins on {start}."
        yield Violation("P13", f"{at}/periodEnd", detail)
