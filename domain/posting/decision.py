"""The decision: number the invoice and enter it into the books, or say what is wrong with it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import msgspec

from domain.account import entry
from domain.aggregate import Change, Fact, Read
from domain.errors import NotAllowed, NotFound, RuleBroken, Violation
from domain.facts.invoice_life import Buyer, InvoicePosted, InvoiceReleased
from domain.facts.invoice_parts import Totals
from domain.invoice import INVOICE, Invoice
from domain.invoice.guard import guard
from domain.money import Money
from domain.posting.case import Asked, Case, case_of
from domain.posting.goods import check_goods, warn_of_goods
from domain.posting.header import check_header
from domain.posting.limits import check_limits, warn_of_limits
from domain.posting.lines import check_lines
from domain.posting.parties import (
    addresses_of,
    buyer_of,
    check_buyer,
    check_customer,
    check_seller,
    check_vat_ids,
    seller_of,
    unverified_vat_ids,
)
from domain.posting.taxes import check_sums, check_tax_rules
from domain.serial import shipped
from domain.series import SERIES, assign


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What posting would do. There are ``changes`` when there are no ``violations``.

    ``warnings`` do not hinder anything: somebody should look at them.
    """

    changes: tuple[Change, ...]
    totals: Totals
    line_nets: tuple[Decimal, ...]
    warnings: tuple[Violation, ...]
    violations: tuple[Violation, ...]


def post(
    read: Read,
    invoice_id: str,
    *,
    today: date,
    expected_total: Decimal | None = None,
    overrides: frozenset[str] = frozenset(),
) -> list[Change]:
    """Number the invoice and enter it into the books, or say everything that is still wrong.

    Sums, parties and addresses are frozen by it; the customer owes the gross total; what was
    reserved is sold. A book that releases at once hands the invoice over in the same append.

    Raises:
        NotFound: There is no such invoice.
        NotAllowed: Its status forbids it, or it is an estimate (P01).
        RuleBroken: Rules are broken; all of them are listed.
    """
    asked = Asked(today=today, expected_total=expected_total, overrides=overrides)
    invoice = _invoice(read, invoice_id)
    guard(invoice, "post")
    case = case_of(read, invoice_id, invoice, asked)
    violations = tuple(_violations(case))
    if violations:
        raise RuleBroken(violations)
    return _changes(case)


def preview(read: Read, invoice_id: str, asked: Asked) -> Preview:
    """The same decision without doing it: changes or violations, sums and warnings at once.

    Raises:
        NotFound: There is no such invoice.
    """
    invoice = _invoice(read, invoice_id)
    case = case_of(read, invoice_id, invoice, asked)
    try:
        guard(invoice, "post")
    except NotAllowed as refusal:
        violations: tuple[Violation, ...] = (Violation("P01", "/status", str(refusal)),)
    else:
        violations = tuple(_violations(case))
    return Preview(
        changes=() if violations else tuple(_changes(case)),
        totals=case.totals,
        line_nets=case.nets,
        warnings=tuple(_warnings(case)),
        violations=violations,
    )


def _invoice(read: Read, invoice_id: str) -> Invoice:
    invoice = read(INVOICE(invoice_id))
    if invoice is None:
        raise NotFound("invoice", invoice_id)
    return invoice


def _violations(case: Case) -> Iterator[Violation]:
    seller, buyer = seller_of(case.settings), _buyer(case)
    yield from check_customer(case.invoice.customer_id, case.customer)
    yield from check_seller(seller)
    if buyer is not None:
        yield from check_buyer(buyer)
    yield from check_header(case)
    yield from check_lines(case)
    yield from check_goods(case)
    yield from check_tax_rules(case, seller, buyer)
    yield from check_vat_ids(seller, buyer)
    yield from check_sums(case.totals)
    yield from check_limits(case)


def _warnings(case: Case) -> Iterator[Violation]:
    yield from unverified_vat_ids(seller_of(case.settings), _buyer(case))
    yield from warn_of_goods(case)
    yield from warn_of_limits(case)


def _buyer(case: Case) -> Buyer | None:
    invoice, customer = case.invoice, case.customer
    if invoice.customer_id is None or customer is None:
        return None
    return buyer_of(invoice.customer_id, customer, invoice.addresses)


def _changes(case: Case) -> list[Change]:
    """What posting does. The rules have said that nothing is missing."""
    invoice, buyer = case.invoice, _buyer(case)
    assert buyer is not None, "P04"
    assert invoice.currency is not None, "P07"
    assigned = assign(
        case.series,
        document_id=case.invoice_id,
        dated=case.issue_date,
        numbering=case.numbering,
    )
    facts: list[Fact] = [
        InvoicePosted(
            number=assigned.text,
            series=case.numbering.series,
            issue_date=case.issue_date,
            accounting_date=case.accounting_date,
            due_date=case.due_date,
            totals=case.totals,
            line_nets=case.nets,
            buyer=buyer,
            seller=seller_of(case.settings),
            addresses=addresses_of(case.read, invoice),
        )
    ]
    if case.settings.auto_release:
        facts.append(InvoiceReleased(released_on=case.asked.today))
    owed = entry(
        case.read,
        buyer.customer_id,
        document_type="invoice",
        document_id=case.invoice_id,
        amount=Money(case.totals.gross, invoice.currency),
        dated=case.accounting_date,
    )
    return [
        (INVOICE(case.invoice_id), facts),
        (SERIES(case.numbering.series), [assigned]),
        owed,
        *shipped(case.invoice_id, invoice),
    ]
