"""What posting a credit note asks for: every rule with its code.

P70 to P73 are of credit notes alone; the other codes mean what they mean for an invoice.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from domain.aggregate import Read
from domain.allocation import amount_violations
from domain.amounts.packages import billed_lines
from domain.book_settings import settings_of
from domain.credit_amounts import uncredited
from domain.credit_note.state import CreditNote
from domain.customer import CUSTOMER
from domain.errors import Violation
from domain.facts.credit_note import CreditLine, FlatAmount
from domain.facts.settings import BookSettings
from domain.invoice import COMMANDS, Invoice, creditable
from domain.money import ZERO, Money
from domain.posting.header import check_currency, check_issue_date, check_rate
from domain.posting.parties import buyer_of, check_buyer, check_seller, seller_of


def header_violations(
    read: Read, note: CreditNote, invoice: Invoice | None, dated: date, today: date
) -> Iterator[Violation]:
    """Who is credited, in what, when and why."""
    settings = settings_of(read)
    if note.invoice_id is None:
        yield from _memo_violations(read, note, settings)
    else:
        yield from _invoice_violations(note, invoice, dated)
    yield from check_seller(seller_of(settings))
    yield from check_issue_date(dated, today, settings)
    if not note.reason_code:
        detail = "Say why it is credited: set reasonCode, such as return or price."
        yield Violation("P73", "/reasonCode", detail)


def _memo_violations(read: Read, note: CreditNote, settings: BookSettings) -> Iterator[Violation]:
    """Without an invoice, a credit memo has a customer, a currency and a rate of its own.

    A customer who is archived or on hold can be credited all the same.
    """
    customer = read(CUSTOMER(note.customer_id)) if note.customer_id else None
    if customer is None or note.customer_id is None:
        detail = "Say who is credited: set customerId to a customer of this book."
        yield Violation("P04", "/customerId", detail)
    else:
        yield from check_buyer(buyer_of(note.customer_id, customer))
    yield from check_currency(note.currency, settings)
    yield from check_rate(note.currency, note.exchange_rate, settings)


def _invoice_violations(
    note: CreditNote, invoice: Invoice | None, dated: date
) -> Iterator[Violation]:
    if invoice is None or invoice.status not in COMMANDS["credit"]:
        detail = "Name an invoice of this book that is posted or released."
        yield Violation("P70", "/invoiceId", detail)
        return
    if invoice.issue_date is not None and dated < invoice.issue_date:
        detail = f"The invoice is of {invoice.issue_date}: it cannot be credited before."
        yield Violation("P70", "/issueDate", detail)
    if note.customer_id not in {None, invoice.customer_id}:
        detail = f"The invoice is one of customer {invoice.customer_id!r}: credit that one."
        yield Violation("P72", "/customerId", detail)
    if note.currency != invoice.currency:
        detail = f"The invoice is in {invoice.currency}: credit it in the same currency."
        yield Violation("P72", "/currency", detail)


# ---------------------------------------------------------------- what is credited


def content_violations(note: CreditNote, invoice: Invoice | None) -> Iterator[Violation]:
    """Lines of the invoice, or a flat amount."""
    if not note.lines and note.flat is None:
        detail = "Nothing is credited: set lines of the invoice, or an amount."
        yield Violation("P20", "/lines", detail)
    if note.lines and note.flat is not None:
        detail = "Credit lines or a flat amount; make two credit notes for both."
        yield Violation("P20", "/flat", detail)
    if note.lines and note.invoice_id is None:
        detail = "Say which invoice the lines are of: set invoiceId."
        yield Violation("P70", "/invoiceId", detail)
    if invoice is not None and invoice.posted_totals is not None:
        yield from _line_violations(invoice, note.lines)
    if note.flat is not None:
        yield from _flat_violations(note.flat, note.currency or "", invoice)


def _line_violations(invoice: Invoice, lines: Sequence[CreditLine]) -> Iterator[Violation]:
    billed = billed_lines(invoice.lines)
    known = {line.id for line in billed.values()}
    left = {it.line_id: it.quantity for it in uncredited(invoice)}
    for index, wanted in enumerate(lines):
        at = f"/lines/{index}"
        most = left.get(wanted.line_id, ZERO)
        if wanted.line_id not in known:
            detail = f"The invoice bills no line {wanted.line_id!r}, or as a part of a package."
            yield Violation("P71", f"{at}/lineId", detail)
        elif not _is_part(wanted.quantity, most):
            detail = f"{most} of it is not credited yet: set a quantity up to that, and not 0."
            yield Violation("P71", f"{at}/quantity", detail)


def _is_part(quantity: Decimal, whole: Decimal) -> bool:
    """Rebates have negative quantities, and are taken back in negative quantities."""
    return ZERO < quantity <= whole or whole <= quantity < ZERO


def _flat_violations(
    flat: FlatAmount, currency: str, invoice: Invoice | None
) -> Iterator[Violation]:
    if not flat.description:
        yield Violation("P21", "/flat/description", "Say what is credited: set the description.")
    yield from (
        Violation("P22", "/flat/amount", it.detail)
        for it in amount_violations(flat.amount, most=Money.rounded(flat.amount, currency))
    )
    if not flat.taxes:
        detail = "Set the tax that is credited with it; the rate 0 where none is due."
        yield Violation("P27", "/flat/taxes", detail)
    if invoice is None or invoice.posted_totals is None:
        return
    billed = {(it.category, it.rate) for it in invoice.posted_totals.taxes}
    for index, tax in enumerate(flat.taxes):
        if (tax.category, tax.rate) not in billed:
            detail = f"The invoice has no tax of {tax.rate} % {tax.category}: take one of its own."
            yield Violation("P72", f"/flat/taxes/{index}", detail)


def total_violations(
    gross: Money, invoice: Invoice | None, expected: Decimal | None = None
) -> Iterator[Violation]:
    """What the total must keep to; ``expected``: the gross total that the client believes in."""
    if expected is not None and expected != gross.amount:
        detail = f"You expected a total of {expected}, but it is {gross.amount}."
        yield Violation("P52", "/totals/gross", detail)
    if gross.amount < ZERO:
        detail = f"The total is {gross}; a credit note cannot be negative: bill it instead."
        yield Violation("P51", "/totals/gross", detail)
    # Of another currency, P72 has said already that it cannot be compared.
    if invoice is None or invoice.currency != gross.currency:
        return
    left = Money(creditable(invoice), gross.currency)
    if gross > left:
        detail = f"The total is {gross}, but only {left} of the invoice is not credited yet."
        yield Violation("P71", "/totals/gross", detail)
