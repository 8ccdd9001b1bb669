"""Posting: the one command with strict rules, over the invoice, its customer and its number series.

Every broken rule is reported at once, under its stable code.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from domain.aggregate import Change, Read
from domain.customer import CUSTOMER, Customer
from domain.errors import NotFound, RuleBroken, Violation
from domain.facts.invoice import Buyer, InvoicePosted, Line, Totals
from domain.invoice import INVOICE, Invoice, guard
from domain.invoice_totals import totals
from domain.money import EXPONENTS, ZERO
from domain.series import SERIES, Series, assign, sales_series

PAYMENT_DAYS = 30
"""Days from issue to due date when neither the invoice nor the customer says."""

_DAYS_AHEAD = 31


def post(
    read: Read, invoice_id: str, *, today: date, expected_total: Decimal | None = None
) -> list[Change]:
    """Number the invoice and enter it into the books, or say everything that is still wrong.

    ``expected_total`` is what the client believes the gross total to be; posting is refused when
    it is mistaken (P52).
    """
    invoice = read(INVOICE(invoice_id))
    if invoice is None:
        raise NotFound("invoice", invoice_id)
    guard(invoice, "post")
    customer = read(CUSTOMER(invoice.customer_id)) if invoice.customer_id else None
    issue_date = invoice.issue_date or today
    due_date = invoice.due_date or _due(issue_date, customer)
    dated = msgspec.structs.replace(invoice, issue_date=issue_date, due_date=due_date)
    series_id = sales_series(issue_date)
    series = read(SERIES(series_id))
    sums = totals(invoice)
    violations = (
        *_header_violations(dated, customer, series, today),
        *_line_violations(invoice.lines),
        *_total_violations(sums, expected_total),
    )
    if violations or customer is None:
        raise RuleBroken(violations)
    assigned = assign(series, document_id=invoice_id, dated=issue_date)
    posted = InvoicePosted(
        number=assigned.text,
        series=series_id,
        issue_date=issue_date,
        due_date=due_date,
        totals=sums,
        buyer=_buyer(invoice.customer_id or "", customer),
    )
    return [(INVOICE(invoice_id), [posted]), (SERIES(series_id), [assigned])]


def _due(issue_date: date, customer: Customer | None) -> date:
    """Days after the issue date, but never past the last date there is: a draft may name any."""
    days = PAYMENT_DAYS
    if customer is not None and customer.payment_days is not None:
        days = customer.payment_days
    return issue_date + timedelta(days=min(days, (date.max - issue_date).days))


def _buyer(customer_id: str, customer: Customer) -> Buyer:
    return Buyer(
        customer_id=customer_id,
        name=customer.name or customer_id,
        vat_id=customer.vat_id,
        street=customer.street,
        postal_code=customer.postal_code,
        city=customer.city,
        country=customer.country,
    )


def _header_violations(
    invoice: Invoice, customer: Customer | None, series: Series | None, today: date
) -> Iterator[Violation]:
    assert invoice.issue_date is not None
    assert invoice.due_date is not None
    if invoice.customer_id is None:
        yield Violation("P04", "/customerId", "Say who is billed: set customerId.")
    elif customer is None:
        detail = f"There is no customer {invoice.customer_id!r}: create it or set another one."
        yield Violation("P04", "/customerId", detail)
    else:
        yield from _customer_violations(invoice.customer_id, customer)
    if invoice.currency is None:
        yield Violation("P07", "/currency", "Set the currency, such as EUR.")
    elif invoice.currency not in EXPONENTS:
        detail = f"{invoice.currency!r} is not a currency of ISO 4217 that is in use."
        yield Violation("P07", "/currency", detail)
    if invoice.issue_date > today + timedelta(days=_DAYS_AHEAD):
        detail = f"The issue date may lie at most {_DAYS_AHEAD} days ahead of today, {today}."
        yield Violation("P08", "/issueDate", detail)
    if invoice.due_date < invoice.issue_date:
        detail = f"The due date {invoice.due_date} is before the issue date {invoice.issue_date}."
        yield Violation("P10", "/dueDate", detail)
    if series is not None and invoice.issue_date < series.latest_date:
        detail = (
            f"The latest invoice of this series is dated {series.latest_date}; numbers and dates "
            "rise together, so the issue date cannot be earlier."
        )
        yield Violation("P12", "/issueDate", detail)


def _customer_violations(customer_id: str, customer: Customer) -> Iterator[Violation]:
    if not customer.active:
        detail = f"Customer {customer_id!r} is archived: unarchive it or set another one."
        yield Violation("P04", "/customerId", detail)
    if not customer.name:
        detail = f"Customer {customer_id!r} has no name, which an invoice must show: set it."
        yield Violation("P06", "/customerId", detail)


def _line_violations(lines: tuple[Line, ...]) -> Iterator[Violation]:
    if not lines:
        yield Violation("P20", "/lines", "An invoice needs at least one line.")
    for index, line in enumerate(lines):
        at = f"/lines/{index}"
        if line.quantity is None:
            yield Violation("P21", f"{at}/quantity", "Set the quantity.")
        elif line.quantity == ZERO:
            yield Violation("P23", f"{at}/quantity", "The quantity cannot be zero.")
        if not line.description:
            yield Violation("P21", f"{at}/description", "Say what was sold: set the description.")
        if line.unit_price is None:
            yield Violation("P21", f"{at}/unitPrice", "Set the unit price.")
        elif line.unit_price < ZERO:
            detail = "The price cannot be negative; use a negative quantity instead."
            yield Violation("P22", f"{at}/unitPrice", detail)
        if line.tax_rate is None:
            detail = "Set the tax rate in percent; 0 where no tax is due."
            yield Violation("P27", f"{at}/taxRate", detail)


def _total_violations(sums: Totals, expected: Decimal | None) -> Iterator[Violation]:
    if sums.gross < ZERO:
        detail = f"The total is {sums.gross}; an invoice cannot be negative."
        yield Violation("P51", "/totals/gross", detail)
    if expected is not None and expected != sums.gross:
        detail = f"You expected a total of {expected}, but it is {sums.gross}."
        yield Violation("P52", "/totals/gross", detail)
