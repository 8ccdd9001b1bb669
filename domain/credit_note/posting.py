"""Posting a credit note: the one command on it with strict rules.

It numbers the note, tells the invoice what was taken back, lowers what the customer owes, lets
serial numbers return, and sets the credit against the invoice, all in one append.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import msgspec

from domain import period
from domain.aggregate import Change, Fact, Read, fold
from domain.allocation import Applied, settled
from domain.amounts.summing import converted
from domain.book_settings import settings_of
from domain.credit_amounts import CreditAmounts, credit_amounts, flat_totals, uncredited
from domain.credit_note.evolve import CREDIT_NOTE
from domain.credit_note.rules import content_violations, header_violations, total_violations
from domain.credit_note.serials import (
    Sold,
    come_back,
    coming_back,
    serial_violations,
    sold_by_line,
)
from domain.credit_note.state import CreditNote, guard
from domain.credit_note.using import SOURCE, account_entry, funds_of, noted
from domain.customer import CUSTOMER
from domain.errors import RuleBroken, Violation
from domain.facts.credit_note import (
    CreditHeader,
    CreditNoteApplied,
    CreditNoteChanged,
    CreditNoteLineSet,
    CreditNotePosted,
)
from domain.facts.invoice_life import Buyer, InvoiceCredited
from domain.facts.lines import ModelLine
from domain.facts.series import NumberAssigned
from domain.facts.settings import BookSettings
from domain.invoice import INVOICE, Invoice, serials
from domain.money import Money
from domain.posting.parties import buyer_of, seller_of
from domain.series import SERIES, Numbering, assign, check_branch, check_series, numbering
from domain.settlement import owed_on


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    """A credit note that is to be posted, with what it lacks filled in, and all it is about."""

    id: str
    note: CreditNote
    filled: list[Fact]
    invoice: Invoice | None
    issue_date: date
    accounting_date: date
    settings: BookSettings
    numbering: Numbering
    returning: list[Sold]


def post(
    read: Read,
    credit_note_id: str,
    *,
    today: date,
    apply: bool = True,
    expected_total: Decimal | None = None,
) -> list[Change]:
    """Number the credit note and enter it into the books, or say everything that is still wrong.

    With ``apply``, it settles the invoice that it credits, up to what is owed on it.
    ``expected_total`` is the gross total that the client believes in (P52).

    Raises:
        NotAllowed: It is posted already.
        RuleBroken: All rules that it breaks.
    """
    note = noted(read, credit_note_id)
    guard(note, "post")
    case, violations = _case(read, credit_note_id, note, today)
    violations += header_violations(read, case.note, case.invoice, case.issue_date, today)
    violations += period.check(read, case.accounting_date, sales=True)
    violations += check_branch(case.numbering)
    violations += check_series(read(SERIES(case.numbering.series)), case.issue_date)
    about = [*content_violations(case.note, case.invoice)]
    amounts = None if about else _amounts(case)
    if amounts is not None:
        gross = Money(amounts.totals.gross, case.note.currency or "")
        violations += total_violations(gross, case.invoice, expected_total)
    if violations or about or amounts is None:
        raise RuleBroken((*violations, *about))
    return _changes(read, case, amounts, apply=apply)


def _changes(read: Read, case: _Case, amounts: CreditAmounts, *, apply: bool) -> list[Change]:
    number = assign(
        read(SERIES(case.numbering.series)),
        document_id=case.id,
        dated=case.issue_date,
        numbering=case.numbering,
    )
    facts = [*case.filled, _posted(read, case, amounts, number)]
    after = fold(CREDIT_NOTE, facts[len(case.filled) :], case.note)
    assert after is not None
    used, at_invoice = _at_invoice(read, case, after, amounts, apply=apply)
    document = (SOURCE, case.id)
    gross = Money(amounts.totals.gross, after.currency or "")
    return [
        (CREDIT_NOTE(case.id), [*facts, *used]),
        (SERIES(case.numbering.series), [number]),
        *at_invoice,
        account_entry(read, after, -gross, case.accounting_date, of=document),
        *come_back(read, case.id, case.returning),
    ]


def _case(
    read: Read, credit_note_id: str, note: CreditNote, today: date
) -> tuple[_Case, list[Violation]]:
    """What the rules look at; and what stands against the serial numbers that are to come back."""
    invoice = read(INVOICE(note.invoice_id)) if note.invoice_id else None
    filled: list[Fact] = [*_header_of_invoice(note, invoice)]
    returning, named, violations = _returning(read, note, invoice)
    filled += named
    complete = fold(CREDIT_NOTE, filled, note)
    assert complete is not None
    issue_date = note.issue_date or today
    settings = settings_of(read)
    case = _Case(
        id=credit_note_id,
        note=complete,
        filled=filled,
        invoice=invoice,
        issue_date=issue_date,
        accounting_date=note.accounting_date or issue_date,
        settings=settings,
        numbering=numbering(settings, "Credit", complete.branch, issue_date),
        returning=returning,
    )
    return case, violations


def _returning(
    read: Read, note: CreditNote, invoice: Invoice | None
) -> tuple[list[Sold], list[CreditNoteLineSet], list[Violation]]:
    """Serial numbers that come back, written on the lines that did not name them."""
    if invoice is None or note.invoice_id is None or not any(serials(invoice)):
        return [], [], []
    sold = sold_by_line(read, note.invoice_id, invoice)
    left = {it.line_id: it.quantity for it in uncredited(invoice)}
    models = frozenset(it.id for it in invoice.lines if isinstance(it, ModelLine))
    violations = list(serial_violations(note.lines, sold, models))
    returning: list[Sold] = []
    named: list[CreditNoteLineSet] = []
    for line in note.lines:
        back = coming_back(line, sold.get(line.line_id, ()), left.get(line.line_id))
        numbers = tuple(it.number for it in back)
        if numbers and not line.serial_numbers:
            written = msgspec.structs.replace(line, serial_numbers=numbers)
            named.append(CreditNoteLineSet(line=written))
        returning += back
    return returning, named, violations


def _header_of_invoice(note: CreditNote, invoice: Invoice | None) -> Iterator[CreditNoteChanged]:
    """Customer, currency and rate are those of the invoice, where the draft does not say (P72)."""
    if invoice is None:
        return
    base = invoice.posted_totals.base if invoice.posted_totals else None
    to = CreditHeader(
        customer_id=note.customer_id or invoice.customer_id,
        currency=note.currency or invoice.currency,
        exchange_rate=base.rate if base else None,
        exchange_date=base.rate_date if base else None,
    )
    names = ("customer_id", "currency", "exchange_rate", "exchange_date")
    fields = tuple(name for name in names if getattr(note, name) != getattr(to, name))
    if fields:
        yield CreditNoteChanged(to=to, fields=fields)


def _amounts(case: _Case) -> CreditAmounts | None:
    """The sums; ``None`` for lines of an invoice that is not posted or not there (P70)."""
    note, base_currency = case.note, case.settings.base_currency
    if note.flat is None:
        posted = case.invoice is not None and case.invoice.posted_totals is not None
        return credit_amounts(case.invoice, note.lines) if case.invoice and posted else None
    totals = flat_totals(note.flat, note.currency)
    if note.exchange_rate is not None and base_currency not in {None, note.currency}:
        rated = note.exchange_date or case.issue_date
        base = converted(totals, base_currency or "", note.exchange_rate, rated)
        totals = msgspec.structs.replace(totals, base=base)
    return CreditAmounts(totals=totals, lines=())


def _posted(
    read: Read, case: _Case, amounts: CreditAmounts, number: NumberAssigned
) -> CreditNotePosted:
    return CreditNotePosted(
        number=number.text,
        series=case.numbering.series,
        issue_date=case.issue_date,
        accounting_date=case.accounting_date,
        totals=amounts.totals,
        line_nets=tuple(it.net for it in amounts.lines),
        buyer=_buyer(read, case),
        seller=seller_of(case.settings),
        preceding_number=case.invoice.number if case.invoice else None,
        preceding_date=case.invoice.issue_date if case.invoice else None,
    )


def _buyer(read: Read, case: _Case) -> Buyer:
    """Who was billed, as the invoice says; master data may have changed since."""
    if case.invoice is not None and case.invoice.buyer is not None:
        return case.invoice.buyer
    customer_id = case.note.customer_id or ""
    customer = read(CUSTOMER(customer_id))
    assert customer is not None, "who is credited exists (P04)"
    return buyer_of(customer_id, customer)


def _at_invoice(
    read: Read, case: _Case, note: CreditNote, amounts: CreditAmounts, *, apply: bool
) -> tuple[list[Fact], list[Change]]:
    """What the credit settles of its invoice at once, and the invoice's side of everything."""
    invoice, invoice_id = case.invoice, case.note.invoice_id
    if invoice is None or invoice_id is None:
        return [], []
    gross = amounts.totals.gross
    credited = InvoiceCredited(
        credit_note_id=case.id, amount=gross, lines=amounts.lines, totals=amounts.totals
    )
    funds = funds_of(case.id, note)
    amount = min(owed_on(invoice), funds.available)
    if not apply or not amount:
        return [], [(INVOICE(invoice_id), [credited])]
    (change,) = settled(read, funds, [Applied(invoice_id=invoice_id, amount=amount.amount)])
    applied = CreditNoteApplied(
        invoice_id=invoice_id, amount=amount.amount, applied_on=case.accounting_date
    )
    return [applied], [(change[0], [credited, *change[1]])]
