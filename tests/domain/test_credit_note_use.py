"""What is done with the credit: applied, paid out, voided."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.credit_note import (
    COMMANDS,
    CREDIT_NOTE,
    STATUSES,
    Allocation,
    CreditNote,
    apply,
    available_actions,
    guard,
    open_credit,
    post,
    refund,
    unapply,
    void,
)
from domain.errors import NotAllowed, NotFound, RuleBroken
from domain.facts.credit_note import (
    CreditNoteRefunded,
    CreditNoteVoided,
)
from domain.facts.invoice_life import InvoiceArchived, InvoiceCreditWithdrawn, InvoicePaid
from domain.facts.period import PeriodSalesLocked
from domain.invoice import INVOICE, balance, creditable
from domain.period import PERIOD
from domain.series import SERIES
from tests.domain.bills import TODAY, appended, bill, state_of
from tests.domain.credits import (
    OPEN,
    asked,
    codes,
    credited,
    done,
    invoice_in,
    note_in,
    owed,
    part,
    sold,
)
from tests.given import GivenStreams, given_streams

# ---------------------------------------------------------------- using the credit


def test_open_credit_settles_many_invoices_of_the_customer() -> None:
    other = bill("inv_2", "30.00")
    wishes = [
        Allocation(invoice_id="inv_2"),
        Allocation(invoice_id="inv_1", amount=Decimal("90.20")),
    ]
    book = given_streams(*OPEN, other)
    changes = apply(book.read, "crn_1", wishes, today=TODAY)
    now = [*OPEN, other]
    note = note_in(done(now, changes))
    assert (note.status, open_credit(note)) == ("Applied", Decimal(0))
    assert balance(invoice_in(done(now, changes))) == Decimal(30)
    assert owed(done(now, changes)) == owed(now)


def test_what_the_credit_settles_can_be_taken_back() -> None:
    book = credited(sold())
    book = done(book, unapply(given_streams(*book).read, "crn_1", "inv_1", today=TODAY))
    assert (note_in(book).status, balance(invoice_in(book))) == ("Posted", Decimal("120.20"))


def test_open_credit_can_be_paid_out() -> None:
    changes = refund(given_streams(*OPEN).read, "crn_1", asked("20.20"), today=TODAY)
    book = done(OPEN, changes)
    assert (note_in(book).status, owed(book)) == ("PartiallyRefunded", Decimal("20.20"))
    book = done(book, refund(given_streams(*book).read, "crn_1", asked("100"), today=TODAY))
    assert (note_in(book).status, owed(book)) == ("Refunded", Decimal("120.20"))


@pytest.mark.parametrize(
    ("fact", "found"),
    [
        (asked("120.21"), ("more-than-unapplied", "/amount")),
        (asked("0"), ("amount-sign", "/amount")),
        (asked("0.001"), ("amount-digits", "/amount")),
        (asked("1", refunded_on=TODAY + timedelta(days=1)), ("P08", "/refundedOn")),
    ],
)
def test_no_more_is_paid_out_than_is_open(fact: CreditNoteRefunded, found: tuple[str, str]) -> None:
    outcome = given_streams(*OPEN).when(refund, "crn_1", fact, today=TODAY)
    assert codes(outcome.refuses(RuleBroken)) == [found]


def test_credit_is_applied_by_the_rules_of_allocation() -> None:
    book: GivenStreams = given_streams(*OPEN, bill("inv_2", "30.00", currency="USD"))
    wishes = [Allocation(invoice_id="inv_2"), Allocation(invoice_id="inv_9")]
    refusal = book.when(apply, "crn_1", wishes, today=TODAY).refuses(RuleBroken)
    assert [it.code for it in refusal.violations] == ["other-currency", "no-such-invoice"]
    refusal = book.when(apply, "crn_1", [], today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [("allocations-missing", "/allocations")]
    refusal = (
        given_streams(*credited(sold()))
        .when(unapply, "crn_1", "inv_9", today=TODAY)
        .refuses(RuleBroken)
    )
    assert codes(refusal) == [("not-applied", "/invoiceId")]


def test_a_credit_note_of_which_nothing_was_used_can_be_voided() -> None:
    changes = void(given_streams(*OPEN).read, "crn_1", reason="Wrong.", today=TODAY)
    assert changes[:2] == [
        (CREDIT_NOTE("crn_1"), [CreditNoteVoided(reason="Wrong.", voided_on=TODAY)]),
        (INVOICE("inv_1"), [InvoiceCreditWithdrawn(credit_note_id="crn_1")]),
    ]
    book = done(OPEN, changes)
    assert (note_in(book).status, owed(book)) == ("Voided", Decimal("120.20"))
    assert creditable(invoice_in(book)) == Decimal("120.20")
    assert open_credit(note_in(book)) == Decimal(0)


@pytest.mark.parametrize("status", [it for it in STATUSES if it != "Posted"])
def test_what_was_used_or_is_no_credit_is_not_voided(status: str) -> None:
    assert "void" not in available_actions(status)


def test_the_credit_of_an_archived_invoice_is_not_withdrawn() -> None:
    paid = InvoicePaid(
        source="payment", source_id="pay_1", amount=Decimal("120.20"), balance=Decimal(0)
    )
    archived = appended(OPEN, [(INVOICE("inv_1"), [paid, InvoiceArchived()])])
    outcome = given_streams(*archived).when(void, "crn_1", reason="Wrong.", today=TODAY)
    assert codes(outcome.refuses(RuleBroken)) == [("invoice-not-open", "/invoiceId")]


def test_nothing_is_voided_in_a_locked_period() -> None:
    locked = given_streams(*OPEN, (PERIOD("2026-11"), [PeriodSalesLocked()]))
    outcome = locked.when(void, "crn_1", reason="Wrong.", today=TODAY)
    assert codes(outcome.refuses(RuleBroken)) == [("P11", "")]


def test_numbers_of_credit_notes_are_a_series_of_their_own() -> None:
    book = credited(sold(), lines=[part("lin_1", 1)])
    book = credited(book, note="crn_2")
    assert note_in(book, "crn_2").number == "CRN-2026-000002"
    assert state_of(given_streams(*book), SERIES("credit-2026")).latest == 2


# ---------------------------------------------------------------- the guard


def states() -> dict[str, CreditNote]:
    """One credit note in each status."""
    half = given_streams(*OPEN, bill("inv_2", "30.00"))
    wishes = [Allocation(invoice_id="inv_2")]
    parts = done([*OPEN, bill("inv_2", "30.00")], apply(half.read, "crn_1", wishes, today=TODAY))
    paid_out = [
        done(OPEN, refund(given_streams(*OPEN).read, "crn_1", asked(it), today=TODAY))
        for it in ("1", "120.20")
    ]
    voided = done(OPEN, void(given_streams(*OPEN).read, "crn_1", reason="Wrong.", today=TODAY))
    books = (credited(sold(), posted=False), OPEN, parts, credited(sold()), *paid_out, voided)
    return dict(zip(STATUSES, map(note_in, books), strict=True))


def test_there_is_a_credit_note_in_every_status() -> None:
    assert {name: it.status for name, it in states().items()} == {it: it for it in STATUSES}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_table_decides_which_command_is_possible(command: str) -> None:
    for status, note in states().items():
        if status in COMMANDS[command]:
            guard(note, command)
            assert command in available_actions(status)
            continue
        with pytest.raises(NotAllowed, match=f"while the credit note is {status}") as raised:
            guard(note, command)
        assert raised.value.actions == available_actions(status)


def test_what_does_not_exist_is_not_found() -> None:
    book = given_streams(*OPEN)
    book.when(post, "crn_9", today=TODAY).refuses(NotFound)
    book.when(void, "crn_9", reason="Wrong.", today=TODAY).refuses(NotFound)


def test_deciding_twice_gives_the_same() -> None:
    book = credited(sold(), posted=False)
    read = given_streams(*book).read
    assert post(read, "crn_1", today=TODAY) == post(read, "crn_1", today=TODAY)


def test_credit_of_a_currency_with_three_digits_is_used_to_the_last_of_them() -> None:
    book = credited(sold(currency="KWD"), apply=False)
    fils = Decimal("0.335")
    wish = [Allocation(invoice_id="inv_1", amount=fils)]
    used = done(book, apply(given_streams(*book).read, "crn_1", wish, today=TODAY))
    assert [it.amount for it in note_in(used).applied] == [fils]
    back = unapply(given_streams(*used).read, "crn_1", "inv_1", amount=fils, today=TODAY)
    after = done(used, back)
    assert note_in(after).applied == ()
    assert open_credit(note_in(after)) == open_credit(note_in(book))
    paid = done(after, refund(given_streams(*after).read, "crn_1", asked("0.335"), today=TODAY))
    assert open_credit(note_in(paid)) == open_credit(note_in(book)) - fils


def test_no_command_is_possible_before_there_is_credit() -> None:
    book = given_streams(*credited(sold(), posted=False))
    wish = [Allocation(invoice_id="inv_1")]
    for refused in (
        book.when(apply, "crn_1", wish, today=TODAY),
        book.when(unapply, "crn_1", "inv_1", today=TODAY),
        book.when(refund, "crn_1", asked("1.00"), today=TODAY),
        book.when(void, "crn_1", reason="Wrong", today=TODAY),
    ):
        assert "while the credit note is Draft" in str(refused.refuses(NotAllowed))
