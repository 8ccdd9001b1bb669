"""What a payment settles: applied, taken back, moved. Both sides change in one append."""

from decimal import Decimal

import pytest

from domain.aggregate import Fact
from domain.errors import NotFound, RuleBroken
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_life import (
    InvoiceArchived,
    InvoiceReopened,
    InvoiceVoided,
)
from domain.facts.payment import (
    PaymentReallocated,
    PaymentUnapplied,
)
from domain.invoice import INVOICE
from domain.payment import (
    PAYMENT,
    Allocation,
    apply,
    reallocate,
    reverse,
    unapplied,
    unapply,
)
from tests.domain.bills import TODAY, History, bill, state_of
from tests.domain.payments import (
    BOOK,
    book,
    codes,
    paid,
    recorded,
    wish,
)
from tests.given import GivenStreams, given_streams

# ---------------------------------------------------------------- apply


def test_a_payment_is_applied_to_many_invoices_at_once() -> None:
    wishes = [wish("inv_1", "10.00"), wish("inv_2", "20.00")]
    book(recorded()).when(apply, "pay_1", wishes, today=TODAY).then(
        (PAYMENT("pay_1"), recorded(("inv_1", "10.00"), ("inv_2", "20.00"))[1][1:]),
        (INVOICE("inv_1"), [paid("10.00", left="50.00")]),
        (INVOICE("inv_2"), [paid("20.00", left="50.00")]),
    )


DRAFT: History = (INVOICE("inv_3"), [InvoiceDrafted(customer_id="ACME", currency="EUR")])
ESTIMATE: History = (
    INVOICE("inv_3"),
    [InvoiceDrafted(customer_id="ACME", currency="EUR", type="Estimate")],
)
VOIDED = bill("inv_3", "60.00", InvoiceVoided(reason="Twice.", voided_on=TODAY))


@pytest.mark.parametrize(
    ("asked", "found", "more"),
    [
        (wish("inv_3"), ("no-such-invoice", "invoiceId"), []),
        (wish("inv_3"), ("other-customer", "invoiceId"), [bill("inv_3", "9", customer_id="12")]),
        (wish("inv_3"), ("other-currency", "invoiceId"), [bill("inv_3", "9", currency="USD")]),
        (wish("inv_3"), ("invoice-not-open", "invoiceId"), [DRAFT]),
        (wish("inv_3"), ("invoice-not-open", "invoiceId"), [VOIDED]),
        (wish("inv_3"), ("estimate", "invoiceId"), [ESTIMATE]),
        (wish("inv_3"), ("more-than-balance", "amount"), [bill("inv_3", "9", paid("9"))]),
        (wish("inv_1", "60.01"), ("more-than-balance", "amount"), []),
        (wish("inv_1", "0"), ("amount-sign", "amount"), []),
        (wish("inv_1", "-1"), ("amount-sign", "amount"), []),
        (wish("inv_1", "0.001"), ("amount-digits", "amount"), []),
        (wish("inv_3", "100.01"), ("more-than-unapplied", "amount"), [bill("inv_3", "101")]),
    ],
)
def test_what_cannot_be_applied_is_refused(
    asked: Allocation, found: tuple[str, str], more: list[History]
) -> None:
    spoilt = book(recorded(), *more)
    refusal = spoilt.when(apply, "pay_1", [asked], today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [(found[0], f"/allocations/0/{found[1]}")]


def test_the_sum_of_all_allocations_is_at_most_what_is_unapplied() -> None:
    wishes = [wish("inv_1", "60.00"), wish("inv_2", "40.01")]
    refusal = book(recorded()).when(apply, "pay_1", wishes, today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [("more-than-unapplied", "/allocations/1/amount")]
    third = [wish("inv_1", "60.00"), wish("inv_2", "40.00"), wish("inv_3")]
    poor = book(recorded(), bill("inv_3", "5.00"))
    refusal = poor.when(apply, "pay_1", third, today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [("more-than-unapplied", "/allocations/2/amount")]


def test_an_invoice_is_named_once_and_one_must_be_named() -> None:
    twice = [wish("inv_1", "1.00"), wish("inv_1", "1.00")]
    refusal = book(recorded()).when(apply, "pay_1", twice, today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [("named-twice", "/allocations/1/invoiceId")]
    refusal = book(recorded()).when(apply, "pay_1", [], today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [("allocations-missing", "/allocations")]


def test_what_does_not_exist_is_not_found() -> None:
    gone = book().when(apply, "pay_9", [wish("inv_1")], today=TODAY).refuses(NotFound)
    assert (gone.kind, gone.id) == ("payment", "pay_9")
    book().when(reverse, "pay_9", reason="Bounced.", today=TODAY).refuses(NotFound)


# ---------------------------------------------------------------- un-apply, reallocate


def spent_book(*more: History) -> GivenStreams:
    """All of the payment is applied: 60 to the first invoice, 40 to the second."""
    return book(
        recorded(("inv_1", "60.00"), ("inv_2", "40.00")),
        bill("inv_1", "60.00", paid("60.00")),
        bill("inv_2", "70.00", paid("40.00", left="30.00")),
        *more,
    )


def reopened(amount: str, owed: str) -> Fact:
    return InvoiceReopened(
        source="payment", source_id="pay_1", amount=Decimal(amount), balance=Decimal(owed)
    )


def test_all_that_settles_an_invoice_is_taken_back_unless_less_is_said() -> None:
    unapplied_ = PaymentUnapplied(
        invoice_id="inv_1", amount=Decimal("60.00"), unapplied_on=TODAY, reason="Wrong one."
    )
    spent_book().when(unapply, "pay_1", "inv_1", today=TODAY, reason="Wrong one.").then(
        (PAYMENT("pay_1"), [unapplied_]), (INVOICE("inv_1"), [reopened("60.00", "60.00")])
    )
    changes = unapply(spent_book().read, "pay_1", "inv_1", today=TODAY, amount=Decimal(25))
    assert changes[1] == (INVOICE("inv_1"), [reopened("25.00", "25.00")])


@pytest.mark.parametrize(
    ("invoice_id", "amount", "found"),
    [
        ("inv_9", None, ("not-applied", "/invoiceId")),
        ("inv_1", "60.01", ("more-than-applied", "/amount")),
        ("inv_1", "0", ("more-than-applied", "/amount")),
        ("inv_1", "-1", ("more-than-applied", "/amount")),
        ("inv_1", "0.001", ("more-than-applied", "/amount")),
    ],
)
def test_no_more_is_taken_back_than_was_applied(
    invoice_id: str, amount: str | None, found: tuple[str, str]
) -> None:
    asked = None if amount is None else Decimal(amount)
    for outcome in (
        spent_book().when(unapply, "pay_1", invoice_id, today=TODAY, amount=asked),
        spent_book().when(
            reallocate,
            "pay_1",
            from_invoice_id=invoice_id,
            to_invoice_id="inv_2",
            today=TODAY,
            amount=asked,
        ),
    ):
        assert codes(outcome.refuses(RuleBroken)) == [found]


def test_what_settles_one_invoice_can_settle_another_in_one_step() -> None:
    moved = PaymentReallocated(
        from_invoice_id="inv_1",
        to_invoice_id="inv_2",
        amount=Decimal("30.00"),
        reallocated_on=TODAY,
        reason="Wrong one.",
    )
    spent_book().when(
        reallocate,
        "pay_1",
        from_invoice_id="inv_1",
        to_invoice_id="inv_2",
        amount=Decimal(30),
        today=TODAY,
        reason="Wrong one.",
    ).then(
        (PAYMENT("pay_1"), [moved]),
        (INVOICE("inv_1"), [reopened("30.00", "30.00")]),
        (INVOICE("inv_2"), [paid("30.00")]),
    )


def test_a_moved_part_is_taken_from_the_one_and_given_to_the_other() -> None:
    spent = recorded(("inv_1", "60.00"), ("inv_2", "40.00"))
    moved = PaymentReallocated(
        from_invoice_id="inv_1", to_invoice_id="inv_3", amount=Decimal(25), reallocated_on=TODAY
    )
    payment = state_of(given_streams((spent[0], [*spent[1], moved])), PAYMENT("pay_1"))
    assert {it.invoice_id: it.amount for it in payment.applied} == {
        "inv_1": Decimal(35),
        "inv_2": Decimal(40),
        "inv_3": Decimal(25),
    }
    assert unapplied(payment) == Decimal(0)


@pytest.mark.parametrize(
    ("target", "amount", "found"),
    [
        ("inv_1", None, ("same-invoice", "/toInvoiceId")),
        ("inv_9", None, ("no-such-invoice", "/toInvoiceId")),
        ("inv_2", None, ("more-than-balance", "/amount")),
        ("inv_3", None, ("other-currency", "/toInvoiceId")),
    ],
)
def test_a_reallocation_keeps_to_the_rules_of_its_target(
    target: str, amount: Decimal | None, found: tuple[str, str]
) -> None:
    spoilt = spent_book(bill("inv_3", "100", currency="USD"))
    outcome = spoilt.when(
        reallocate,
        "pay_1",
        from_invoice_id="inv_1",
        to_invoice_id=target,
        amount=amount,
        today=TODAY,
    )
    assert codes(outcome.refuses(RuleBroken)) == [found]


def test_an_archived_invoice_is_not_reopened() -> None:
    archived = bill("inv_1", "60.00", paid("60.00"), InvoiceArchived())
    spoilt = book(recorded(("inv_1", "60.00")), archived, instead=BOOK)
    for outcome in (
        spoilt.when(unapply, "pay_1", "inv_1", today=TODAY),
        spoilt.when(reverse, "pay_1", reason="Bounced.", today=TODAY),
    ):
        assert codes(outcome.refuses(RuleBroken)) == [("invoice-not-open", "/invoiceId")]
