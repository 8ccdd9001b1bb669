"""Any sequence of commands over invoices, payments, credit notes, periods and series.

After every step the book must say what an independent model of it says, a set of dictionaries with
whole minor units; and a command is done exactly when the model, or the table that guards invoices,
holds it possible.
"""

from typing import Any

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from typing_extensions import override

from domain import credit_note as notes
from domain import period as periods
from domain.account import ACCOUNT
from domain.credit_note import CREDIT_NOTE
from domain.facts.series import NumberAssigned
from domain.invoice import COMMANDS, INVOICE, available_actions, balance, creditable, settlement
from domain.invoice import settled as settled_of
from domain.payment import PAYMENT, unapplied
from domain.period import PERIOD, period_of
from tests.domain.books import DIGITS, OPEN, days_from, status_of
from tests.domain.books_credits import Crediting
from tests.domain.books_invoices import CUSTOMERS, DIRECT, units

FORETOLD = {"post", "void", "apply", "reopen", "credit", "writeOff", "recover"} | {
    *("addLine", "removeLine")
}
"""The commands on invoices that the model foretells itself; of ``DIRECT``, the guard does."""

PARTS = {
    *("changeLine", "overrideTax", "removeTaxOverride", "setAddress", "removeAddress"),
    *("changeNote", "redactNote", "assignTable", "unassignTable", "attach", "detach"),
    *("reserveSerial", "releaseSerial", "copy", "convert"),
}
"""What changes no number here, and is held against the guard where it is tested."""


class Books(Crediting):
    """All of it together, and the calendar."""

    # ------------------------------------------------------------ time

    @rule(days=st.sampled_from([1, 3, 12]))
    def days_pass(self, days: int) -> None:
        self.today = days_from(self.today, days)

    @rule(
        command=st.sampled_from(["lockSales", "lock", "reopen", "reopen", "close"]),
        back=st.sampled_from([0, 20, 35]),
        list_drafts=st.booleans(),
    )
    def change_period(self, command: str, back: int, *, list_drafts: bool) -> None:
        month = period_of(days_from(self.today, -35 if command == "close" else -back))
        status = self.model.periods.get(month, "Unlocked")
        becomes = {"lockSales": "SalesLocked", "lock": "Locked", "reopen": "Unlocked"}
        from_ = {
            "lockSales": ["Unlocked"],
            "lock": ["Unlocked", "SalesLocked"],
            "reopen": ["SalesLocked", "Locked"],
            "close": ["Locked"],
        }
        drafts = [INVOICE(it) for it in self.model.invoices]
        dated = [
            it
            for it in self.model.invoices.values()
            if it["status"] in {"Draft", "Approved"}
            and it["issued"]
            and period_of(it["issued"]) == month
        ]
        state = self.book.read(PERIOD(month))
        decide: Any = {
            "lockSales": lambda: [(PERIOD(month), periods.lock_sales(state))],
            "lock": lambda: [(PERIOD(month), periods.lock(state))],
            "reopen": lambda: [(PERIOD(month), periods.reopen(state, reason="Late."))],
            "close": lambda: periods.close(
                self.book.read, month, totals=(), as_of=1, drafts=drafts, list_drafts=list_drafts
            ),
        }[command]
        possible = status in from_[command]
        if command == "close":
            possible = possible and (list_drafts or not dated)
        if self.attempt(decide, possible=possible):
            event(f"{command}: done")
            self.model.periods[month] = becomes.get(command, "Closed")

    # ------------------------------------------------------------ what must hold

    @invariant()
    def invoices_say_what_the_model_says(self) -> None:
        for invoice_id, model in self.model.invoices.items():
            invoice, currency = self.state(invoice_id), model["currency"]
            assert (invoice.status, invoice.number) == (model["status"], model["number"])
            assert units(balance(invoice), currency) == self.model.balance(model) >= 0
            assert settlement(invoice) == self.model.settlement(model)
            assert units(settled_of(invoice), currency) == sum(model["settled"].values())
            settled = {it.source_id: units(it.amount, currency) for it in invoice.settlements}
            assert settled == model["settled"]
            if model["number"] and not model["voided"]:
                left = self.model.creditable(model)
                assert units(creditable(invoice), currency) == left >= 0

    @invariant()
    def the_guard_of_invoices_allows_what_the_model_holds_possible(self) -> None:
        for invoice_id, model in self.model.invoices.items():
            actions = available_actions(self.state(invoice_id))
            posted, unposted = model["status"] in OPEN, model["status"] in {"Draft", "Approved"}
            standing, owed = self.model.standing(model), self.model.balance(model)
            touched = model["settled"] or standing or model["written_off"]
            possible = {
                "post": unposted,
                "void": model["status"] == "Posted" and not touched,
                "apply": posted and owed > 0,
                "reopen": posted and bool(model["settled"]),
                "credit": posted and self.model.creditable(model) > 0,
                "writeOff": posted and owed > 0,
                "recover": posted and model["written_off"] > 0,
                "addLine": unposted,
                "removeLine": unposted,
            }
            assert {it: it in actions for it in possible} == possible
            assert {*possible} == FORETOLD

    @invariant()
    def payments_and_credit_notes_say_what_the_model_says(self) -> None:
        words = ("Recorded", "PartiallyApplied", "Applied", "Recorded", "Refunded")
        for payment_id, model in self.model.payments.items():
            payment, rest = self.book.states[PAYMENT(payment_id).name], self.model.rest(model)
            expected = "Reversed" if model["voided"] else status_of(rest, model, words)
            assert payment.status == expected
            assert units(unapplied(payment), model["currency"]) == rest
            assert 0 <= rest <= model["gross"]
            check_applied(payment, model)
        words = ("Posted", "PartiallyApplied", "Applied", "PartiallyRefunded", "Refunded")
        for note_id, model in self.model.notes.items():
            note, rest = self.book.states[CREDIT_NOTE(note_id).name], self.model.rest(model)
            expected = "Voided" if model["voided"] else status_of(rest, model, words)
            assert note.status == (expected if model["number"] else "Draft")
            assert note.number == model["number"]
            assert units(notes.open_credit(note), model["currency"]) == rest
            check_applied(note, model)

    @invariant()
    def accounts_are_the_sums_of_what_is_open(self) -> None:
        for customer in CUSTOMERS:
            account = self.book.read(ACCOUNT(customer))
            for currency in DIGITS:
                owed = units(account.owed(currency), currency) if account else 0
                assert owed == self.model.owed(customer, currency)

    @invariant()
    def numbers_have_no_gap_and_rise_with_the_dates(self) -> None:
        for series, dates in self.model.numbers.items():
            taken = self.book.facts[f"series/{series}"]
            found = [(it.number, it.dated) for it in taken if isinstance(it, NumberAssigned)]
            assert found == [*enumerate(sorted(dates), 1)]
            assert len(found) == len(taken)

    @override
    def teardown(self) -> None:
        assert self.book.refolded() == self.book.states


def check_applied(funds: Any, model: dict[str, Any]) -> None:
    """What it settles is what the model says; the sums on the invoices are checked there."""
    assert {it.invoice_id: units(it.amount, model["currency"]) for it in funds.applied} == (
        model["applied"]
    )


def test_every_command_on_invoices_is_in_the_model_or_named_as_left_out() -> None:
    assert FORETOLD | {*DIRECT} | PARTS == {*COMMANDS}
    assert not (FORETOLD | {*DIRECT}) & PARTS


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
