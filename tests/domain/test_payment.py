"""What payments do, and what they refuse: every command writes both sides in one append."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from domain.account import ACCOUNT
from domain.aggregate import Change, Fact
from domain.book_settings import SETTINGS
from domain.errors import AlreadyExists, NotAllowed, NotFound, RuleBroken
from domain.facts.customer import CustomerArchived, CustomerPutOnHold
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_life import (
    InvoiceArchived,
    InvoicePaid,
    InvoicePartiallyPaid,
    InvoiceReopened,
    InvoiceVoided,
)
from domain.facts.payment import (
    ExternalIdTaken,
    PaymentApplied,
    PaymentChanged,
    PaymentDetails,
    PaymentReallocated,
    PaymentRecorded,
    PaymentRefunded,
    PaymentReversed,
    PaymentUnapplied,
)
from domain.facts.period import PeriodLocked, PeriodSalesLocked
from domain.facts.settings import BookSettings, SettingsChanged
from domain.invoice import INVOICE, balance, settlement
from domain.payment import (
    COMMANDS,
    PAYMENT,
    STATUSES,
    Allocation,
    Applied,
    Payment,
    apply,
    available_actions,
    change,
    guard,
    reallocate,
    record,
    refund,
    reverse,
    unapplied,
    unapply,
)
from domain.payment_ref import PAYMENT_REF
from domain.period import PERIOD
from tests.domain.bills import ISSUED, TODAY, History, after, appended, bill, customer, state_of
from tests.given import GivenStreams, given_streams

RECORDED = PaymentRecorded(
    customer_id="ACME",
    amount=Decimal("100.00"),
    currency="EUR",
    method="transfer",
    received_on=TODAY,
)
BOOK = [customer(), bill("inv_1", "60.00"), bill("inv_2", "70.00")]
EURO_BOOK: History = (
    SETTINGS("book"),
    [SettingsChanged(to=BookSettings(base_currency="EUR"), fields=("base_currency",))],
)


def recorded(*applied: tuple[str, str], **fields: Any) -> History:
    """A payment of which this is applied."""
    facts: list[Fact] = [msgspec.structs.replace(RECORDED, **fields)]
    for invoice_id, amount in applied:
        facts.append(
            PaymentApplied(invoice_id=invoice_id, amount=Decimal(amount), applied_on=TODAY)
        )
    return PAYMENT("pay_1"), facts


def paid(amount: str, *, left: str = "0.00") -> Fact:
    """The invoice's side of a part of the payment."""
    fact = InvoicePaid if Decimal(left) == 0 else InvoicePartiallyPaid
    return fact(source="payment", source_id="pay_1", amount=Decimal(amount), balance=Decimal(left))


def wish(invoice_id: str, amount: str | None = None) -> Allocation:
    return Allocation(invoice_id=invoice_id, amount=None if amount is None else Decimal(amount))


def book(*histories: History, instead: Sequence[History] = BOOK) -> GivenStreams:
    names = {stream.name for stream, _ in histories}
    return given_streams(*(it for it in instead if it[0].name not in names), *histories)


def codes(refusal: RuleBroken) -> list[tuple[str, str]]:
    return [(it.code, it.pointer) for it in refusal.violations]


def payment_of(facts: Sequence[Change]) -> Payment:
    state: Payment = state_of(after(BOOK, facts), PAYMENT("pay_1"))
    return state


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
        (spent.when(apply, "pay_1", [wish("inv_2")], today=TODAY), "/accountingDate"),
        (spent.when(unapply, "pay_1", "inv_1", today=TODAY), "/accountingDate"),
        (spent.when(refund, "pay_1", refused, today=TODAY), "/refundedOn"),
        (spent.when(reverse, "pay_1", reason="Bounced.", today=TODAY), "/accountingDate"),
    ):
        assert codes(outcome.refuses(RuleBroken)) == [("P11", pointer)]


def test_payments_are_recorded_while_only_sales_are_locked() -> None:
    locked = book((PERIOD("2026-11"), [PeriodSalesLocked()]))
    assert record(locked.read, "pay_1", RECORDED, [wish("inv_1")], today=TODAY)


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
    book().when(apply, "pay_9", [wish("inv_1")], today=TODAY).refuses(NotFound)
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


# ---------------------------------------------------------------- refund, reverse, change


def given_back(amount: str, **fields: Any) -> PaymentRefunded:
    return msgspec.structs.replace(
        PaymentRefunded(
            refund_id="ref_1", amount=Decimal(amount), method="transfer", refunded_on=TODAY
        ),
        **fields,
    )


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


# ---------------------------------------------------------------- exchange differences


def foreign(rate: str, *applied: Fact) -> History:
    paid_in = msgspec.structs.replace(RECORDED, currency="USD", exchange_rate=Decimal(rate))
    return PAYMENT("pay_1"), [paid_in, *applied]


def differences(changes: Sequence[Change]) -> list[Decimal | None]:
    return [getattr(it, "exchange_difference", None) for it in changes[0][1]]


@pytest.mark.parametrize(
    ("rate", "gain"), [("0.95", "3.00"), ("0.85", "-3.00"), ("0.90", None), ("0.9", None)]
)
def test_another_rate_than_the_invoices_makes_a_gain_or_a_loss(rate: str, gain: str | None) -> None:
    given = book(EURO_BOOK, bill("inv_1", "60.00", currency="USD", rate="0.90"), foreign(rate))
    changes = apply(given.read, "pay_1", [wish("inv_1")], today=TODAY)
    assert differences(changes) == [None if gain is None else Decimal(gain)]


def test_in_the_books_own_currency_there_is_no_difference() -> None:
    changes = apply(book(EURO_BOOK, recorded()).read, "pay_1", [wish("inv_1")], today=TODAY)
    assert differences(changes) == [None]


def test_differences_of_parts_sum_to_that_of_the_whole_and_come_back_whole() -> None:
    histories = [
        *BOOK[:1],
        EURO_BOOK,
        bill("inv_1", "1.00", currency="USD", rate="0.90"),
        foreign("0.905"),
    ]
    found: list[Decimal] = []
    for _ in range(4):
        part = [wish("inv_1", "0.25")]
        changes = apply(given_streams(*histories).read, "pay_1", part, today=TODAY)
        found += [it for it in differences(changes) if it is not None]
        histories = appended(histories, changes)
    assert sum(found) == Decimal("0.01")
    back = unapply(given_streams(*histories).read, "pay_1", "inv_1", today=TODAY)
    assert differences(back) == [Decimal("-0.01")]


def test_a_reallocation_changes_the_difference_by_that_of_both_rates() -> None:
    applied = PaymentApplied(
        invoice_id="inv_1",
        amount=Decimal("60.00"),
        applied_on=TODAY,
        exchange_difference=Decimal("3.00"),
    )
    given = book(
        EURO_BOOK,
        bill("inv_1", "60.00", paid("60.00"), currency="USD", rate="0.90"),
        bill("inv_2", "70.00", currency="USD", rate="1.00"),
        foreign("0.95", applied),
    )
    changes = reallocate(
        given.read, "pay_1", from_invoice_id="inv_1", to_invoice_id="inv_2", today=TODAY
    )
    assert differences(changes) == [Decimal("-6.00")]


def test_the_payments_day_is_the_day_on_which_it_settles() -> None:
    earlier = msgspec.structs.replace(RECORDED, received_on=ISSUED)
    (_, (_, applied)), *_ = record(book().read, "pay_1", earlier, [wish("inv_1")], today=TODAY)
    assert isinstance(applied, PaymentApplied)
    assert applied.applied_on == ISSUED
