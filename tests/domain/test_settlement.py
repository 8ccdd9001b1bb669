"""What is set against an invoice, what is taken back, and what is given up."""

from decimal import Decimal
from typing import Any

import pytest

from domain.account import ACCOUNT
from domain.aggregate import Fact
from domain.book_settings import SETTINGS
from domain.errors import NotAllowed, NotFound, RuleBroken
from domain.facts.account import BalanceChanged
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_life import (
    InvoiceArchived,
    InvoicePaid,
    InvoicePartiallyPaid,
    InvoiceRecovered,
    InvoiceReleased,
    InvoiceReopened,
    InvoiceVoided,
    InvoiceWrittenOff,
)
from domain.facts.period import PeriodLocked
from domain.facts.settings import BookSettings, SettingsChanged
from domain.invoice import INVOICE, Invoice, balance, settlement
from domain.money import Money
from domain.period import PERIOD
from domain.settlement import recover, reopen, settle, write_off
from tests.domain.bills import TODAY, History, after, bill, folded, state_of
from tests.given import GivenStreams, given_streams

RELEASED = InvoiceReleased(released_on=TODAY)


def invoice(*later: Fact, gross: str = "60.00") -> Invoice:
    found: Invoice = folded(*bill("inv_1", gross, *later))
    return found


def part(amount: str, left: str, source: str = "payment") -> InvoicePartiallyPaid:
    return InvoicePartiallyPaid(
        source=source, source_id="pay_1", amount=Decimal(amount), balance=Decimal(left)
    )


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def codes(refusal: RuleBroken) -> list[tuple[str, str]]:
    return [(it.code, it.pointer) for it in refusal.violations]


# ---------------------------------------------------------------- settle, reopen


@pytest.mark.parametrize("later", [(), (RELEASED,)])
def test_an_invoice_is_paid_when_nothing_is_owed_any_more(later: tuple[Fact, ...]) -> None:
    first = settle(invoice(*later), "payment", "pay_1", euros("59.99"))
    assert first == part("59.99", "0.01")
    last = settle(invoice(*later, first), "credit-note", "crn_1", euros("0.01"))
    assert last == InvoicePaid(
        source="credit-note", source_id="crn_1", amount=Decimal("0.01"), balance=Decimal(0)
    )
    assert settlement(invoice(*later, first)) == "PartiallyPaid"
    assert settlement(invoice(*later, first, last)) == "Paid"


@pytest.mark.parametrize("amount", ["60.01", "0", "-0.01"])
def test_no_more_than_the_balance_is_settled(amount: str) -> None:
    with pytest.raises(RuleBroken) as raised:
        settle(invoice(), "payment", "pay_1", euros(amount))
    assert codes(raised.value) == [("more-than-balance", "/amount")]


def test_what_was_settled_is_owed_again_when_it_is_taken_back() -> None:
    settled = invoice(part("20.00", "40.00"))
    fact = reopen(settled, "payment", "pay_1", euros("5.00"))
    assert fact == InvoiceReopened(
        source="payment", source_id="pay_1", amount=Decimal("5.00"), balance=Decimal("45.00")
    )


@pytest.mark.parametrize(
    ("source", "source_id", "amount"),
    [
        ("payment", "pay_1", "20.01"),
        ("payment", "pay_1", "0"),
        ("payment", "pay_2", "1.00"),
        ("credit-note", "pay_1", "1.00"),
    ],
)
def test_no_more_is_taken_back_than_that_source_has_settled(
    source: str, source_id: str, amount: str
) -> None:
    with pytest.raises(RuleBroken) as raised:
        reopen(invoice(part("20.00", "40.00")), source, source_id, euros(amount))
    assert codes(raised.value) == [("more-than-applied", "/amount")]


@pytest.mark.parametrize(
    "closed",
    [
        invoice(InvoiceVoided(reason="Twice.", voided_on=TODAY)),
        invoice(InvoiceArchived()),
        folded(INVOICE("inv_1"), [InvoiceDrafted()]),
    ],
)
def test_only_what_is_in_the_books_is_settled_or_reopened(closed: Invoice) -> None:
    for decision in (settle, reopen):
        with pytest.raises(RuleBroken, match=closed.status) as raised:
            decision(closed, "payment", "pay_1", euros("1"))
        assert raised.value.violations[0].code == "invoice-not-open"


def test_an_estimate_is_not_settled() -> None:
    estimate = folded(INVOICE("inv_1"), [InvoiceDrafted(type="Estimate")])
    with pytest.raises(RuleBroken) as raised:
        settle(estimate, "payment", "pay_1", euros("1"))
    assert raised.value.violations[0].code == "estimate"


@pytest.mark.parametrize("decision", [settle, reopen])
def test_money_of_another_currency_is_refused(decision: Any) -> None:
    with pytest.raises(RuleBroken, match="EUR and USD do not mix") as raised:
        decision(invoice(part("20.00", "40.00")), "payment", "pay_1", Money(Decimal(1), "USD"))
    assert codes(raised.value) == [("currencies-mixed", "/currency")]


# ---------------------------------------------------------------- write off


def book(*later: Fact, more: tuple[History, ...] = (), **fields: Any) -> GivenStreams:
    return given_streams(bill("inv_1", "60.00", *later, **fields), *more)


def given_up(amount: str, kind: str = "bad-debt") -> InvoiceWrittenOff:
    return InvoiceWrittenOff(
        amount=Decimal(amount), kind=kind, reason="Bankrupt.", written_off_on=TODAY
    )


def written(amount: str, kind: str = "bad-debt", currency: str = "EUR") -> list[Any]:
    """The changes of writing this off."""
    entry = BalanceChanged(
        document_type="write-off",
        document_id="inv_1",
        amount=-Decimal(amount),
        currency=currency,
        balance=-Decimal(amount),
        dated=TODAY,
    )
    reason = "Bankrupt." if kind == "bad-debt" else "Bank fee."
    fact = InvoiceWrittenOff(amount=Decimal(amount), kind=kind, reason=reason, written_off_on=TODAY)
    return [(INVOICE("inv_1"), [fact]), (ACCOUNT("ACME"), [entry])]


def bad_debt(given: GivenStreams, amount: str | None = None) -> Any:
    return given.when(
        write_off,
        "inv_1",
        kind="bad-debt",
        reason="Bankrupt.",
        today=TODAY,
        amount=None if amount is None else Decimal(amount),
    )


def difference(given: GivenStreams, amount: str | None = None) -> Any:
    return given.when(
        write_off,
        "inv_1",
        kind="small-difference",
        reason="Bank fee.",
        today=TODAY,
        amount=None if amount is None else Decimal(amount),
    )


def test_a_bad_debt_is_given_up_whole_and_leaves_the_account() -> None:
    given = book(part("20.00", "40.00"))
    changes = write_off(given.read, "inv_1", kind="bad-debt", reason="Bankrupt.", today=TODAY)
    assert changes[0] == (INVOICE("inv_1"), [given_up("40.00")])
    entry: Any = changes[1][1][0]
    assert (entry.document_type, entry.document_id) == ("write-off", "inv_1")
    assert (entry.amount, entry.dated) == (Decimal(-40), TODAY)
    now = after([bill("inv_1", "60.00", part("20.00", "40.00"))], changes)
    left = state_of(now, INVOICE("inv_1"))
    assert (balance(left), settlement(left)) == (Decimal(0), "Paid")


def test_a_part_of_a_bad_debt_is_not_given_up() -> None:
    assert codes(bad_debt(book(), "59.99").refuses(RuleBroken)) == [("write-off-part", "/amount")]
    bad_debt(book(), "60").then(*written("60.00"))


@pytest.mark.parametrize("amount", ["60.01", "0", "-1"])
def test_no_more_than_the_balance_is_given_up(amount: str) -> None:
    found = codes(bad_debt(book(), amount).refuses(RuleBroken))
    assert ("more-than-balance", "/amount") in found


def test_a_small_difference_is_at_most_what_the_settings_say() -> None:
    nearly = part("59.95", "0.05")
    difference(book(nearly)).then(*written("0.05", "small-difference"))
    refusal = difference(book(part("59.94", "0.06"))).refuses(RuleBroken)
    assert codes(refusal) == [("write-off-limit", "/amount")]


def test_small_differences_add_up() -> None:
    twice = book(given_up("0.03", "small-difference"))
    assert codes(difference(twice, "0.03").refuses(RuleBroken)) == [("write-off-limit", "/amount")]
    difference(twice, "0.02").then(*written("0.02", "small-difference"))


@pytest.mark.parametrize(("rate", "refused"), [("0.5", False), ("0.500001", True)])
def test_a_small_difference_is_measured_in_the_books_currency(rate: str, refused: bool) -> None:  # noqa: FBT001 - pytest hands it over by name
    to = BookSettings(base_currency="EUR", small_difference=Decimal("0.05"))
    fields = ("base_currency", "small_difference")
    settings: History = (SETTINGS("book"), [SettingsChanged(to=to, fields=fields)])
    given = book(part("59.90", "0.10"), more=(settings,), currency="USD", rate=rate)
    outcome = difference(given)
    if refused:
        assert codes(outcome.refuses(RuleBroken)) == [("write-off-limit", "/amount")]
    else:
        outcome.then(*written("0.10", "small-difference", "USD"))


def test_other_kinds_and_too_many_digits_are_refused_together() -> None:
    outcome = book().when(
        write_off, "inv_1", kind="gift", reason="Why not.", today=TODAY, amount=Decimal("0.001")
    )
    assert codes(outcome.refuses(RuleBroken)) == [
        ("amount-digits", "/amount"),
        ("write-off-kind", "/kind"),
    ]


@pytest.mark.parametrize(
    ("later", "code"),
    [
        ((InvoiceArchived(),), "invalid-transition"),
        ((InvoiceVoided(reason="Twice.", voided_on=TODAY),), "invalid-transition"),
        ((given_up("60.00"),), "nothing-owed"),
    ],
)
def test_nothing_is_given_up_that_nobody_owes(later: tuple[Fact, ...], code: str) -> None:
    assert bad_debt(book(*later)).refuses(NotAllowed).code == code


def test_nothing_is_written_off_or_recovered_in_a_locked_period() -> None:
    locked: History = (PERIOD("2026-11"), [PeriodLocked()])
    refusal = bad_debt(book(more=(locked,))).refuses(RuleBroken)
    assert codes(refusal) == [("P11", "")]
    written = book(given_up("60.00"), more=(locked,))
    refusal = written.when(recover, "inv_1", reason="Paid.", today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [("P11", "")]


# ---------------------------------------------------------------- recover


def test_what_was_written_off_is_owed_again() -> None:
    given = book(given_up("60.00"))
    changes = recover(given.read, "inv_1", reason="It paid after all.", today=TODAY)
    fact = InvoiceRecovered(amount=Decimal("60.00"), reason="It paid after all.")
    assert changes[0] == (INVOICE("inv_1"), [fact])
    entry: Any = changes[1][1][0]
    assert (entry.document_type, entry.amount) == ("write-off", Decimal(60))
    left = state_of(after([bill("inv_1", "60.00", given_up("60.00"))], changes), INVOICE("inv_1"))
    assert (balance(left), left.written_off) == (Decimal(60), Decimal(0))


def test_a_part_can_be_recovered_but_no_more_than_was_written_off() -> None:
    given = book(given_up("60.00"))
    for amount, code in (("60.01", "more-than-written-off"), ("0", "more-than-written-off")):
        outcome = given.when(recover, "inv_1", reason="Some.", today=TODAY, amount=Decimal(amount))
        assert codes(outcome.refuses(RuleBroken)) == [(code, "/amount")]
    ((_, (fact,)), _) = recover(
        given.read, "inv_1", reason="Some.", today=TODAY, amount=Decimal("10.5")
    )
    assert fact == InvoiceRecovered(amount=Decimal("10.50"), reason="Some.")


def test_nothing_is_recovered_that_was_not_written_off() -> None:
    refusal = book().when(recover, "inv_1", reason="Paid.", today=TODAY).refuses(NotAllowed)
    assert refusal.code == "nothing-written-off"


def test_what_does_not_exist_is_not_found() -> None:
    book().when(recover, "inv_9", reason="Paid.", today=TODAY).refuses(NotFound)
    book().when(write_off, "inv_9", kind="bad-debt", reason="Paid.", today=TODAY).refuses(NotFound)
