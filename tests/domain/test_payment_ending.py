"""Refunds, reversals and details of payments, and the table of what is possible when."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.errors import NotAllowed, RuleBroken
from domain.facts.payment import (
    PaymentChanged,
    PaymentDetails,
    PaymentRefunded,
    PaymentReversed,
    PaymentUnapplied,
)
from domain.invoice import INVOICE, balance, settlement
from domain.payment import (
    COMMANDS,
    PAYMENT,
    STATUSES,
    Payment,
    available_actions,
    change,
    guard,
    refund,
    reverse,
    unapplied,
)
from tests.domain.bills import TODAY, after, bill, customer, state_of
from tests.domain.payments import (
    BOOK,
    book,
    codes,
    given_back,
    paid,
    recorded,
)
from tests.given import given_streams

# ---------------------------------------------------------------- refund, reverse, change


def test_unapplied_money_can_be_given_back_and_is_owed_no_more() -> None:
    half = recorded(("inv_1", "60.00"))
    changes = refund(book(half).read, "pay_1", given_back("40"), today=TODAY)
    assert changes[0] == (PAYMENT("pay_1"), [given_back("40.00")])
    entry: Any = changes[1][1][0]
    assert (entry.document_type, entry.document_id) == ("refund", "ref_1")
    assert entry.amount == Decimal(40)
    payment = state_of(after([*BOOK, half], changes), PAYMENT("pay_1"))
    assert (payment.status, unapplied(payment)) == ("Applied", Decimal(0))


def test_a_payment_that_was_given_back_whole_is_refunded() -> None:
    changes = refund(book(recorded()).read, "pay_1", given_back("100.00"), today=TODAY)
    payment = state_of(after([*BOOK, recorded()], changes), PAYMENT("pay_1"))
    assert payment.status == "Refunded"
    assert available_actions(payment.status) == ("edit",)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (given_back("40.01"), ("more-than-unapplied", "/amount")),
        (given_back("0"), ("amount-sign", "/amount")),
        (given_back("0.001"), ("amount-digits", "/amount")),
        (given_back("1", refunded_on=TODAY + timedelta(days=1)), ("P08", "/refundedOn")),
    ],
)
def test_only_what_is_unapplied_is_given_back(
    asked: PaymentRefunded, found: tuple[str, str]
) -> None:
    half = book(recorded(("inv_1", "60.00")))
    refusal = half.when(refund, "pay_1", asked, today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [found]


def test_a_reversed_payment_lets_everything_be_owed_again() -> None:
    before = [
        customer(),
        bill("inv_1", "60.00", paid("60.00")),
        bill("inv_2", "70.00", paid("40.00", left="30.00")),
        recorded(("inv_1", "60.00"), ("inv_2", "40.00")),
    ]
    changes = reverse(given_streams(*before).read, "pay_1", reason="Bounced.", today=TODAY)
    own = changes[0][1]
    assert [type(fact) for fact in own] == [PaymentUnapplied, PaymentUnapplied, PaymentReversed]
    entry: Any = changes[-1][1][0]
    assert (entry.document_type, entry.amount) == ("payment", Decimal(100))
    now = after(before, changes)
    for invoice_id, owed in (("inv_1", "60.00"), ("inv_2", "70.00")):
        invoice = state_of(now, INVOICE(invoice_id))
        assert (balance(invoice), settlement(invoice)) == (Decimal(owed), "Unpaid")
        assert invoice.settlements == ()
    payment = state_of(now, PAYMENT("pay_1"))
    assert (payment.status, unapplied(payment)) == ("Reversed", Decimal(0))
    assert payment.applied == ()


def test_what_was_refunded_is_not_taken_from_the_customer_twice() -> None:
    half = (PAYMENT("pay_1"), [*recorded()[1], given_back("30.00")])
    changes = reverse(book(half).read, "pay_1", reason="Charged back.", today=TODAY)
    entry: Any = changes[-1][1][0]
    assert entry.amount == Decimal(70)


def test_details_of_a_payment_can_be_put_right_at_any_time() -> None:
    payment = state_of(book(recorded(memo="Wrong")), PAYMENT("pay_1"))
    to = PaymentDetails(memo="Right", reference="A 1")
    assert change(payment, to, ("memo", "reference")) == [
        PaymentChanged(to=to, fields=("memo", "reference"))
    ]
    assert change(payment, PaymentDetails(memo="Wrong"), ("memo",)) == []
    with pytest.raises(RuleBroken):
        change(payment, PaymentDetails(card_last4="42"), ("card_last4",))


# ---------------------------------------------------------------- the guard


def states() -> dict[str, Payment]:
    """One payment in each status."""
    histories = {
        "Recorded": recorded()[1],
        "PartiallyApplied": recorded(("inv_1", "60.00"))[1],
        "Applied": recorded(("inv_1", "60.00"), ("inv_2", "40.00"))[1],
        "Refunded": [*recorded()[1], given_back("100.00")],
        "Reversed": [*recorded()[1], PaymentReversed(reason="Bounced.", reversed_on=TODAY)],
    }
    stream = PAYMENT("pay_1")
    return {name: state_of(given_streams((stream, it)), stream) for name, it in histories.items()}


def test_there_is_a_payment_in_every_status() -> None:
    assert tuple(states()) == STATUSES
    assert {name: it.status for name, it in states().items()} == {it: it for it in STATUSES}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("status", STATUSES)
def test_the_table_decides_which_command_is_possible(command: str, status: str) -> None:
    payment = states()[status]
    if status in COMMANDS[command]:
        guard(payment, command)
        assert command in available_actions(status)
        return
    with pytest.raises(NotAllowed, match=f"while the payment is {status}") as raised:
        guard(payment, command)
    assert raised.value.actions == available_actions(status)
    assert command not in available_actions(status)
