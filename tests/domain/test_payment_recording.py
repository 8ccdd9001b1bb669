"""Payments that come in: what is recorded, settled at once, and refused."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from domain.account import ACCOUNT
from domain.aggregate import Fact
from domain.errors import AlreadyExists, RuleBroken
from domain.facts.customer import CustomerArchived, CustomerPutOnHold
from domain.facts.payment import (
    ExternalIdTaken,
    PaymentRecorded,
    PaymentRefunded,
)
from domain.facts.period import PeriodLocked, PeriodSalesLocked
from domain.invoice import INVOICE
from domain.payment import (
    PAYMENT,
    Applied,
    apply,
    reallocate,
    record,
    refund,
    reverse,
    unapplied,
    unapply,
)
from domain.payment_ref import PAYMENT_REF
from domain.period import PERIOD
from tests.domain.bills import TODAY, History, appended, bill, customer
from tests.domain.payments import (
    BOOK,
    EURO_BOOK,
    RECORDED,
    book,
    codes,
    paid,
    payment_of,
    recorded,
    wish,
)
from tests.given import given_streams

# ---------------------------------------------------------------- record


def test_money_that_came_in_is_on_the_customers_account_and_unapplied() -> None:
    changes = record(book().read, "pay_1", RECORDED, today=TODAY)
    stream, entry = changes[1]
    assert changes[0] == (PAYMENT("pay_1"), [RECORDED])
    assert (stream, len(changes)) == (ACCOUNT("ACME"), 2)
    fact: Any = entry[0]
    assert (fact.document_type, fact.document_id) == ("payment", "pay_1")
    assert (fact.amount, fact.currency, fact.dated) == (Decimal("-100.00"), "EUR", TODAY)
    payment = payment_of(changes)
    assert (payment.status, unapplied(payment)) == ("Recorded", Decimal(100))


def test_a_payment_settles_many_invoices_in_the_append_that_records_it() -> None:
    wishes = [wish("inv_1", "60"), wish("inv_2", "40")]
    changes = record(book().read, "pay_1", RECORDED, wishes, today=TODAY)
    assert changes[0][1] == recorded(("inv_1", "60.00"), ("inv_2", "40.00"))[1]
    assert changes[1] == (INVOICE("inv_1"), [paid("60.00")])
    assert changes[2] == (INVOICE("inv_2"), [paid("40.00", left="30.00")])
    assert payment_of(changes).status == "Applied"


def test_over_payment_stays_unapplied_as_the_customers_credit() -> None:
    changes = record(book().read, "pay_1", RECORDED, [wish("inv_1")], today=TODAY)
    payment = payment_of(changes)
    assert payment.applied == (Applied(invoice_id="inv_1", amount=Decimal(60)),)
    assert (payment.status, unapplied(payment)) == ("PartiallyApplied", Decimal(40))


def test_without_amounts_invoices_are_settled_in_their_order_until_nothing_is_left() -> None:
    wishes = [wish("inv_2"), wish("inv_1")]
    payment = payment_of(record(book().read, "pay_1", RECORDED, wishes, today=TODAY))
    assert [(it.invoice_id, it.amount) for it in payment.applied] == [
        ("inv_2", Decimal(70)),
        ("inv_1", Decimal(30)),
    ]


def test_amounts_are_written_with_the_digits_of_their_currency() -> None:
    asked = msgspec.structs.replace(RECORDED, amount=Decimal(100), bank_fee=Decimal("1.5"))
    (_, (fact, *_)), *_ = record(book().read, "pay_1", asked, today=TODAY)
    assert isinstance(fact, PaymentRecorded)
    assert (str(fact.amount), str(fact.bank_fee)) == ("100.00", "1.50")


def test_an_external_id_is_used_once_even_when_its_payment_is_reversed() -> None:
    asked = msgspec.structs.replace(RECORDED, external_id="bank/4711")
    changes = record(book().read, "pay_1", asked, today=TODAY)
    assert changes[-1] == (PAYMENT_REF("bank/4711"), [ExternalIdTaken(payment_id="pay_1")])
    once = appended(BOOK, changes)
    reversed_ = reverse(given_streams(*once).read, "pay_1", reason="Bounced.", today=TODAY)
    for histories in (once, appended(once, reversed_)):
        again = given_streams(*histories).when(record, "pay_2", asked, today=TODAY)
        refusal = again.refuses(AlreadyExists)
        assert refusal.id == "bank/4711"


def test_a_payment_id_is_used_once() -> None:
    book(recorded()).when(record, "pay_1", RECORDED, today=TODAY).refuses(AlreadyExists)


@pytest.mark.parametrize("spoilt", [CustomerArchived(), CustomerPutOnHold(reason="Slow.")])
def test_who_is_archived_or_on_hold_may_pay(spoilt: Fact) -> None:
    stream, facts = customer()
    assert record(book((stream, [*facts, spoilt])).read, "pay_1", RECORDED, today=TODAY)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"customer_id": "nobody"}, ("P04", "/customerId")),
        ({"currency": "XXX"}, ("P07", "/currency")),
        ({"amount": Decimal(0)}, ("amount-sign", "/amount")),
        ({"amount": Decimal(-1)}, ("amount-sign", "/amount")),
        ({"amount": Decimal("0.001")}, ("amount-digits", "/amount")),
        ({"method": ""}, ("method-missing", "/method")),
        ({"received_on": TODAY + timedelta(days=1)}, ("P08", "/receivedOn")),
        ({"bank_fee": Decimal("-0.01")}, ("bank-fee", "/bankFee")),
        ({"bank_fee": Decimal("100.01")}, ("bank-fee", "/bankFee")),
        ({"bank_fee": Decimal("0.001")}, ("bank-fee", "/bankFee")),
        ({"exchange_rate": Decimal(0)}, ("P15", "/exchangeRate")),
        ({"external_id": "x" * 201}, ("external-id", "/externalId")),
        ({"card_last4": "4242424242424242"}, ("P63", "/cardLast4")),
        ({"method": "card", "memo": "4242 4242 4242 4242"}, ("P63", "/memo")),
        ({"method": "card", "reference": "Visa 4242424242424242"}, ("P63", "/reference")),
    ],
)
def test_a_payment_that_makes_no_sense_is_refused(
    fields: dict[str, Any], found: tuple[str, str]
) -> None:
    asked = msgspec.structs.replace(RECORDED, **fields)
    refusal = book().when(record, "pay_1", asked, today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [found]


@pytest.mark.parametrize(
    "fields",
    [
        {"bank_fee": Decimal(0)},
        {"bank_fee": Decimal("100.00")},
        {"amount": Decimal("0.01")},
        {"currency": "JPY", "amount": Decimal(1)},
        {"currency": "USD"},
        {"received_on": date(2020, 2, 29)},
        {"external_id": "x" * 200},
        {"card_last4": "4242", "method": "card", "memo": "4242 4242 4242 4241"},
        {"reference": "4242424242424242"},
    ],
)
def test_a_payment_at_the_edge_of_a_rule_is_recorded(fields: dict[str, Any]) -> None:
    asked = msgspec.structs.replace(RECORDED, **fields)
    assert record(book().read, "pay_1", asked, today=TODAY)[0][1] == [asked]


def test_a_foreign_payment_needs_a_rate_and_one_of_the_books_own_has_none() -> None:
    foreign = msgspec.structs.replace(RECORDED, currency="USD")
    refusal = book(EURO_BOOK).when(record, "pay_1", foreign, today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [("P15", "/exchangeRate")]
    own = msgspec.structs.replace(RECORDED, exchange_rate=Decimal("1.1"))
    refusal = book(EURO_BOOK).when(record, "pay_1", own, today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [("P15", "/exchangeRate")]
    rated = msgspec.structs.replace(foreign, exchange_rate=Decimal("0.9"))
    assert record(book(EURO_BOOK).read, "pay_1", rated, today=TODAY)


def test_everything_that_is_wrong_with_a_payment_is_said_at_once() -> None:
    asked = msgspec.structs.replace(RECORDED, method="", bank_fee=Decimal(-1))
    wishes = [wish("inv_1", "60.01"), wish("inv_9")]
    refusal = book().when(record, "pay_1", asked, wishes, today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [
        ("method-missing", "/method"),
        ("bank-fee", "/bankFee"),
        ("more-than-balance", "/allocations/0/amount"),
        ("no-such-invoice", "/allocations/1/invoiceId"),
    ]


# ---------------------------------------------------------------- periods


LOCKED: History = (PERIOD("2026-11"), [PeriodLocked()])


def test_nothing_is_dated_in_a_locked_period() -> None:
    spent = book(LOCKED, recorded(("inv_1", "60.00")), bill("inv_1", "60.00", paid("60.00")))
    refused = PaymentRefunded(
        refund_id="ref_1", amount=Decimal(1), method="transfer", refunded_on=TODAY
    )
    for outcome, pointer in (
        (spent.when(record, "pay_2", RECORDED, today=TODAY), "/receivedOn"),
        (spent.when(apply, "pay_1", [wish("inv_2")], today=TODAY), ""),
        (spent.when(unapply, "pay_1", "inv_1", today=TODAY), ""),
        (
            spent.when(
                reallocate, "pay_1", from_invoice_id="inv_1", to_invoice_id="inv_2", today=TODAY
            ),
            "",
        ),
        (spent.when(refund, "pay_1", refused, today=TODAY), "/refundedOn"),
        (spent.when(reverse, "pay_1", reason="Bounced.", today=TODAY), ""),
    ):
        assert codes(outcome.refuses(RuleBroken)) == [("P11", pointer)]


def test_payments_are_recorded_while_only_sales_are_locked() -> None:
    locked = book((PERIOD("2026-11"), [PeriodSalesLocked()]))
    assert record(locked.read, "pay_1", RECORDED, [wish("inv_1")], today=TODAY)
