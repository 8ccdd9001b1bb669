"""Gains and losses from a payment whose rate is another than the invoice had."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import pytest

from domain.aggregate import Change, Fact
from domain.facts.payment import (
    PaymentApplied,
)
from domain.payment import (
    PAYMENT,
    apply,
    reallocate,
    record,
    unapply,
)
from tests.domain.bills import ISSUED, TODAY, History, appended, bill
from tests.domain.payments import (
    BOOK,
    EURO_BOOK,
    RECORDED,
    book,
    paid,
    recorded,
    wish,
)
from tests.given import given_streams


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
