from decimal import Decimal
from typing import Any

import pytest

from domain.account import ACCOUNT
from domain.aggregate import Fact
from domain.book_settings import BOOK, SETTINGS
from domain.errors import NotAllowed, NotFound, RuleBroken
from domain.facts.account import BalanceChanged
from domain.facts.credit_note import CreditLine
from domain.facts.invoice import InvoiceLineAdded, InvoiceSerialReserved
from domain.facts.invoice_life import (
    Credited,
    InvoiceCredited,
    InvoicePaid,
    InvoiceReopened,
    InvoiceWrittenOff,
)
from domain.facts.lines import CommentLine, Component, ItemLine, PackageLine
from domain.facts.period import PeriodLocked, PeriodSalesLocked
from domain.facts.serial import SerialReleased, SerialReserved, SerialShipped
from domain.facts.settings import BookSettings, SettingsChanged
from domain.invoice import INVOICE
from domain.invoice.voiding import CreditPreview, void
from domain.period import PERIOD
from domain.serial import serial_of
from tests.domain.invoices import (
    HISTORIES,
    POSTED,
    SERIAL,
    TODAY,
    TOTALS,
    VOIDED,
    WITH_LINES,
)
from tests.given import GivenStreams, Outcome, given_streams

OWED = BalanceChanged(
    document_type="invoice",
    document_id="inv_1",
    amount=TOTALS.gross,
    currency="EUR",
    balance=TOTALS.gross,
    dated=POSTED.accounting_date,
)
OWES_NO_MORE = BalanceChanged(
    document_type="invoice",
    document_id="inv_1",
    amount=-TOTALS.gross,
    currency="EUR",
    balance=Decimal("0.00"),
    dated=TODAY,
)


def book(*facts: Fact, more: tuple[Any, ...] = ()) -> GivenStreams:
    return given_streams((INVOICE("inv_1"), facts), (ACCOUNT("ACME"), [OWED]), *more)


def voiding(given: GivenStreams) -> Outcome[Any]:
    return given.when(void, "inv_1", reason="Billed twice.", today=TODAY)


def preview_of(given: GivenStreams) -> CreditPreview:
    refusal = voiding(given).refuses(NotAllowed)
    assert refusal.code == "use-credit-note"
    assert isinstance(refusal.preview, CreditPreview)
    return refusal.preview


def test_a_posted_invoice_is_voided_and_nothing_is_owed_any_more() -> None:
    voiding(book(*HISTORIES["Posted"])).then(
        (INVOICE("inv_1"), [VOIDED]), (ACCOUNT("ACME"), [OWES_NO_MORE])
    )


def test_what_a_voided_invoice_had_sold_can_be_sold_again() -> None:
    reserved = InvoiceSerialReserved(line_id="lin_1", serial=SERIAL)
    stream = serial_of("STOVE-7", "SN-1")
    sold = [
        SerialReserved(invoice_id="inv_1", line_id="lin_1"),
        SerialShipped(invoice_id="inv_1", line_id="lin_1"),
    ]
    given = book(*WITH_LINES, reserved, POSTED, more=((stream, sold),))
    voiding(given).then(
        (INVOICE("inv_1"), [VOIDED]),
        (ACCOUNT("ACME"), [OWES_NO_MORE]),
        (stream, [SerialReleased(invoice_id="inv_1")]),
    )


@pytest.mark.parametrize(
    ("facts", "part"),
    [
        (HISTORIES["Released"], "The customer has it"),
        (HISTORIES["Paid"], "is settled"),
        (
            (*HISTORIES["Posted"], InvoiceCredited(credit_note_id="c", amount=Decimal(1))),
            "credit note over it",
        ),
    ],
)
def test_where_it_is_too_late_the_refusal_has_a_credit_note_ready(
    facts: tuple[Fact, ...], part: str
) -> None:
    refusal = voiding(book(*facts)).refuses(NotAllowed, match=part)
    assert (refusal.code, "credit" in refusal.actions) == ("use-credit-note", True)
    preview = preview_of(book(*facts))
    assert (preview.header.invoice_id, preview.header.customer_id) == ("inv_1", "ACME")
    assert preview.header.currency == "EUR"
    assert preview.lines == (
        CreditLine(line_id="lin_1", quantity=Decimal(1)),
        CreditLine(line_id="lin_2", quantity=Decimal(3)),
    )


def test_the_preview_takes_back_what_other_credit_notes_have_left() -> None:
    part = Credited(line_id="lin_2", quantity=Decimal(1), net=Decimal("19.90"))
    whole = Credited(line_id="lin_1", quantity=Decimal(1), net=Decimal("1299.00"))
    inside = ItemLine(id="lin_3", quantity=Decimal(1), package_id="lin_4")
    named = ItemLine(id="lin_6", quantity=Decimal(1))
    package = PackageLine(
        id="lin_4", quantity=Decimal(2), components=(Component(line_id=named.id),)
    )
    lines = [InvoiceLineAdded(line=it) for it in (CommentLine(id="lin_5"), inside, package, named)]
    credited = InvoiceCredited(credit_note_id="c", amount=Decimal("600.00"), lines=(part, whole))
    preview = preview_of(book(*WITH_LINES, *lines, POSTED, credited))
    assert preview.lines == (
        CreditLine(line_id="lin_2", quantity=Decimal(2)),
        CreditLine(line_id="lin_4", quantity=Decimal(2)),
    )
    assert preview.amount == TOTALS.gross - 600


def test_a_book_may_forbid_voiding() -> None:
    off = SettingsChanged(to=BookSettings(voiding=False), fields=("voiding",))
    given = book(*HISTORIES["Posted"], more=((SETTINGS(BOOK), [off]),))
    voiding(given).refuses(NotAllowed, match="This book does not void")
    assert preview_of(given).amount == TOTALS.gross


@pytest.mark.parametrize("lock", [PeriodSalesLocked(), PeriodLocked()])
def test_a_locked_period_is_refused_and_the_date_never_moved(lock: Fact) -> None:
    given = book(*HISTORIES["Posted"], more=((PERIOD("2026-11"), [lock]),))
    refusal = voiding(given).refuses(RuleBroken)
    assert [it.code for it in refusal.violations] == ["P11"]


def test_what_was_written_off_is_recovered_before_it_is_voided() -> None:
    gone = InvoiceWrittenOff(amount=Decimal(1), kind="bad-debt", reason="x", written_off_on=TODAY)
    refusal = voiding(book(*HISTORIES["Posted"], gone)).refuses(NotAllowed, match="recover")
    assert (refusal.code, refusal.preview) == ("written-off", None)


@pytest.mark.parametrize(
    ("status", "part"),
    [
        ("Draft", "delete it instead"),
        ("Approved", "withdraw its approval"),
        ("Voided", "already"),
        ("Archived", "Unarchive it first"),
    ],
)
def test_what_has_no_number_or_is_void_already_says_what_to_do_instead(
    status: str, part: str
) -> None:
    voiding(book(*HISTORIES[status])).refuses(NotAllowed, match=part)


def test_there_must_be_an_invoice() -> None:
    voiding(given_streams()).refuses(NotFound)


def test_a_payment_that_was_taken_back_does_not_stand_in_the_way() -> None:
    paid = HISTORIES["Paid"][-1]
    assert isinstance(paid, InvoicePaid)
    back = InvoiceReopened(
        source=paid.source, source_id=paid.source_id, amount=paid.amount, balance=paid.amount
    )
    voiding(book(*HISTORIES["Paid"], back)).then(
        (INVOICE("inv_1"), [VOIDED]), (ACCOUNT("ACME"), [OWES_NO_MORE])
    )
