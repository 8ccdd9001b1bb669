"""What leaves a payment is what arrives at the invoices, to the minor unit, in every currency."""

from decimal import Decimal
from typing import Any, get_args

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.aggregate import Fact, fold
from domain.allocation import Applied, added, applied_to
from domain.credit_note import CREDIT_NOTE, CreditNote, open_credit
from domain.errors import RuleBroken
from domain.facts.credit_note import CreditNoteDrafted, CreditNoteFact
from domain.facts.payment import PaymentFact, PaymentRecorded
from domain.invoice import INVOICE, balance, settled
from domain.payment import PAYMENT, Allocation, Payment, record, reverse, unapplied, unapply
from tests.domain.bills import TODAY, History, appended, bill, customer, state_of
from tests.given import given_streams
from tests.strategies import structs

DIGITS = {"EUR": 2, "JPY": 0, "KWD": 3, "CLF": 4}


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, int, list[int], list[int | None]]:
    """A currency, what is paid, what each invoice owes, and what each is to get of it."""
    currency = draw(st.sampled_from([*DIGITS]))
    grosses = draw(st.lists(st.integers(1, 10**12), min_size=1, max_size=6))
    paid = draw(st.integers(sum(grosses) // 2, 2 * sum(grosses)))
    wishes = [draw(st.none() | st.integers(1, gross)) for gross in grosses]
    return currency, max(paid, 1), grosses, wishes


@for_all(cases())
def test_allocations_conserve_money(case: tuple[str, int, list[int], list[int | None]]) -> None:
    currency, paid, grosses, wishes = case
    digits = DIGITS[currency]

    def money(units: int) -> Decimal:
        return Decimal(units).scaleb(-digits)

    book: list[History] = [customer()]
    for index, gross in enumerate(grosses):
        book.append(bill(f"inv_{index}", str(money(gross)), currency=currency))
    recorded = PaymentRecorded(
        customer_id="ACME",
        amount=money(paid),
        currency=currency,
        method="transfer",
        received_on=TODAY,
    )
    allocations = [
        Allocation(invoice_id=f"inv_{index}", amount=None if wish is None else money(wish))
        for index, wish in enumerate(wishes)
    ]
    try:
        changes = record(given_streams(*book).read, "pay_1", recorded, allocations, today=TODAY)
    except RuleBroken as refusal:
        assert {it.code for it in refusal.violations} == {"more-than-unapplied"}  # noqa: PT017 - whether it is refused is up to the case
        return
    now = given_streams(*appended(book, changes))
    payment: Payment = state_of(now, PAYMENT("pay_1"))
    assert unapplied(payment) + sum(it.amount for it in payment.applied) == recorded.amount
    assert all(it.amount.as_tuple().exponent == -digits for it in payment.applied)
    for index, gross in enumerate(grosses):
        invoice = state_of(now, INVOICE(f"inv_{index}"))
        given = applied_to(payment.applied, f"inv_{index}")
        assert (settled(invoice), balance(invoice)) == (given, money(gross) - given)
    check_taken_back(appended(book, changes), payment, len(grosses))


def check_taken_back(book: list[History], payment: Payment, invoices: int) -> None:
    """Taking back one by one, and reversing, leave the same as if nothing had been applied."""
    one_by_one = book
    for it in payment.applied:
        read = given_streams(*one_by_one).read
        one_by_one = appended(one_by_one, unapply(read, "pay_1", it.invoice_id, today=TODAY))
    undone = given_streams(*one_by_one)
    assert unapplied(state_of(undone, PAYMENT("pay_1"))) == payment.amount
    read = given_streams(*book).read
    reversed_ = given_streams(*appended(book, reverse(read, "pay_1", reason="No.", today=TODAY)))
    for index in range(invoices):
        stream = INVOICE(f"inv_{index}")
        assert state_of(undone, stream) == state_of(reversed_, stream)
        assert state_of(undone, stream).settlements == ()


@for_all(st.lists(st.tuples(st.sampled_from(["inv_1", "inv_2", "inv_3"]), st.integers(-5, 5))))
def test_what_is_applied_is_the_sum_for_each_invoice(steps: list[tuple[str, int]]) -> None:
    applied: tuple[Applied, ...] = ()
    sums: dict[str, int] = {}
    for invoice_id, amount in steps:
        applied = added(applied, invoice_id, Decimal(amount))
        sums[invoice_id] = sums.get(invoice_id, 0) + amount
    assert {it.invoice_id: it.amount for it in applied} == {
        it: Decimal(amount) for it, amount in sums.items() if amount
    }


# ---------------------------------------------------------------- evolve never refuses


def facts_of(union: Any) -> st.SearchStrategy[Fact]:
    found: st.SearchStrategy[Fact] = st.one_of([structs(it) for it in get_args(union)])
    return found


@for_all(structs(PaymentRecorded), st.lists(facts_of(PaymentFact), max_size=6))
def test_a_payment_follows_from_any_facts(first: PaymentRecorded, later: list[Fact]) -> None:
    payment = fold(PAYMENT, [first, *later])
    assert payment is not None
    assert payment.status
    assert unapplied(payment).is_finite()


@for_all(structs(CreditNoteDrafted), st.lists(facts_of(CreditNoteFact), max_size=6))
def test_a_credit_note_follows_from_any_facts(first: CreditNoteDrafted, later: list[Fact]) -> None:
    note = fold(CREDIT_NOTE, [first, *later])
    if isinstance(note, CreditNote):
        assert note.status
        assert open_credit(note).is_finite()


@for_all(facts_of(PaymentFact), facts_of(CreditNoteFact))
def test_what_never_began_stays_so(of_payment: Fact, of_note: Fact) -> None:
    assert isinstance(of_payment, PaymentRecorded) or fold(PAYMENT, [of_payment]) is None
    assert isinstance(of_note, CreditNoteDrafted) or fold(CREDIT_NOTE, [of_note]) is None
