"""Any sequence of commands over a small book, driven by the table that guards them."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.aggregate import Change, Fact, Stream, fold
from domain.customer import CUSTOMER
from domain.errors import NotAllowed, NotFound, Refusal, RuleBroken
from domain.facts.customer import CustomerArchived, CustomerCreated
from domain.facts.invoice import InvoiceDrafted, InvoiceHeaderChanged, InvoiceLineChanged, Line
from domain.facts.series import NumberAssigned
from domain.invoice import (
    COMMANDS,
    INVOICE,
    Invoice,
    add_line,
    available_actions,
    change_line,
    delete,
    draft,
    edit,
    remove_line,
    void,
)
from domain.invoice_totals import totals
from domain.posting import post
from tests.domain.oracle import expected_sums, sums_of
from tests.given import GivenStreams

TODAY = date(2026, 11, 9)
STATUSES = {status for allowed in COMMANDS.values() for status in allowed} | {"Voided"}
LINE_IDS = st.sampled_from(["lin_1", "lin_2", "lin_3"])

# Mostly what can be posted, now and then what cannot: otherwise no life would get past its draft.
_AMOUNTS = st.sampled_from([Decimal(it) for it in ("1", "2.5", "0.335", "19.90", "3", "0.05")])
_HEADER: dict[str, st.SearchStrategy[Any]] = {
    "customer_id": st.sampled_from(["ACME", "ACME", "ACME", "ARCHIVED", "nobody", None]),
    "currency": st.sampled_from(["EUR", "EUR", "JPY", "KWD", "XXX", None]),
    "issue_date": st.none() | st.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=33)),
    "due_date": st.none() | st.dates(TODAY, TODAY + timedelta(days=60)),
    "memo": st.none() | st.text(max_size=3),
    "reference": st.none() | st.text(max_size=3),
    "po_number": st.none() | st.text(max_size=3),
}
_LINE: dict[str, st.SearchStrategy[Any]] = {
    "description": st.sampled_from(["Stove", "Stove", "Pipe", None]),
    "quantity": _AMOUNTS | st.sampled_from([Decimal(0), Decimal(-1), None]),
    "unit_price": _AMOUNTS | st.sampled_from([Decimal(0), Decimal(-1), None]),
    "tax_rate": st.sampled_from([Decimal(it) for it in ("0", "7", "19", "19.0", "8.5")])
    | st.none(),
}


def some(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def few(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(st.just({}), st.just({}), some(fields))


GOOD_HEADER = {"customer_id": "ACME", "currency": "EUR"}
GOOD_LINE: dict[str, Any] = {
    "description": "Stove",
    "quantity": Decimal(3),
    "unit_price": Decimal("0.335"),
    "tax_rate": Decimal(19),
}


@st.composite
def lines(draw: st.DrawFn) -> Line:
    return Line(id=draw(LINE_IDS), **{**GOOD_LINE, **draw(few(_LINE))})


Decide: TypeAlias = Callable[[st.DataObject, Invoice], Sequence[Fact]]

SINGLE: dict[str, Decide] = {
    "edit": lambda data, it: edit(it, InvoiceHeaderChanged(**data.draw(some(_HEADER)))),
    "addLine": lambda data, it: add_line(it, data.draw(lines())),
    "changeLine": lambda data, it: change_line(
        it, InvoiceLineChanged(line_id=data.draw(LINE_IDS), **data.draw(some(_LINE)))
    ),
    "removeLine": lambda data, it: remove_line(it, data.draw(LINE_IDS)),
    "delete": lambda _data, it: delete(it),
    "void": lambda _data, it: void(it, reason="Billed twice.", today=TODAY),
}


class InvoiceLife(RuleBasedStateMachine):
    """Several invoices in one book, so that they share a number series."""

    def __init__(self) -> None:
        super().__init__()
        created = CustomerCreated(name="Acme", payment_days=14)
        self.book: dict[str, list[Fact]] = {
            CUSTOMER("ACME").name: [created],
            CUSTOMER("ARCHIVED").name: [created, CustomerArchived()],
        }
        self.frozen: dict[str, dict[str, Any]] = {}
        self.streams: list[Stream[Invoice]] = []

    def invoice(self, stream: Stream[Invoice]) -> Invoice | None:
        return fold(INVOICE, self.book[stream.name])

    def append(self, stream: Stream[Any], facts: Sequence[Fact]) -> None:
        self.book[stream.name] = [*self.book.get(stream.name, []), *facts]

    @initialize(header=few(_HEADER))
    def begin(self, header: dict[str, Any]) -> None:
        self.draft(header, [Line(id="lin_1", **GOOD_LINE)])

    @rule(header=few(_HEADER), drawn=st.lists(lines(), max_size=3))
    def draft(self, header: dict[str, Any], drawn: list[Line]) -> None:
        self.streams.append(INVOICE(f"inv_{len(self.streams)}"))
        drafted = InvoiceDrafted(**{**GOOD_HEADER, **header})
        self.append(self.streams[-1], draft(drafted, tuple(drawn)))

    @rule(command=st.sampled_from([*COMMANDS, *["post"] * 4, "void"]), data=st.data())
    def command(self, command: str, data: st.DataObject) -> None:
        stream = data.draw(st.sampled_from(self.streams[-2:]))
        before = self.invoice(stream)
        if before is None:
            return
        try:
            changes = self.decide(command, data, stream, before)
        except Refusal as refusal:
            event(f"{command} while {before.status}: {type(refusal).__name__}")
            check_refusal(refusal, command, before)
            return
        event(f"{command} while {before.status}: done")
        assert before.status in COMMANDS[command], "the table forbids what was done"
        for changed, facts in changes:
            self.append(changed, facts)
        if command == "post":
            self.frozen[stream.name] = frozen_fields(self.invoice(stream))

    def decide(
        self, command: str, data: st.DataObject, stream: Stream[Invoice], invoice: Invoice
    ) -> Sequence[Change]:
        if command == "post":
            return post(GivenStreams(dict(self.book)).read, stream.id, today=TODAY)
        return [(stream, SINGLE[command](data, invoice))]

    @invariant()
    def the_status_is_one_that_the_table_knows(self) -> None:
        states = [self.invoice(stream) for stream in self.streams]
        assert {state.status for state in states if state is not None} <= STATUSES

    @invariant()
    def what_was_posted_never_changes(self) -> None:
        for stream in self.streams:
            if stream.name in self.frozen:
                assert frozen_fields(self.invoice(stream)) == self.frozen[stream.name]

    @invariant()
    def sums_equal_an_independent_computation(self) -> None:
        for stream in self.streams[-2:]:
            if invoice := self.invoice(stream):
                expected = expected_sums(invoice.lines, invoice.currency)
                assert sums_of(totals(invoice)) == expected

    @invariant()
    def numbers_have_no_gap_and_rise_with_the_dates(self) -> None:
        for name, facts in self.book.items():
            taken = [fact for fact in facts if isinstance(fact, NumberAssigned)]
            assert [fact.number for fact in taken] == list(range(1, len(taken) + 1)), name
            dates = [fact.dated for fact in taken]
            assert dates == sorted(dates)


def check_refusal(refusal: Refusal, command: str, invoice: Invoice) -> None:
    """Forbidden by the table: refused with what is possible. Else: for a reason of content."""
    if invoice.status not in COMMANDS[command]:
        assert isinstance(refusal, NotAllowed)
        assert refusal.code == "invalid-transition"
        assert refusal.actions == available_actions(invoice.status)
        return
    match refusal:
        case NotAllowed():
            assert (command, invoice.status, refusal.code) == ("edit", "Posted", "field-frozen")
        case NotFound():
            assert command in {"changeLine", "removeLine"}
        case RuleBroken():
            assert command == "post" or (command, invoice.status) == ("edit", "Posted")
        case _:
            raise AssertionError(refusal)


def frozen_fields(invoice: Invoice | None) -> dict[str, Any]:
    assert invoice is not None, "what was posted is gone"
    open_still = {"status", "due_date", "memo", "reference", "void_reason", "voided_on"}
    fields = msgspec.structs.asdict(invoice)
    return {name: value for name, value in fields.items() if name not in open_still}


def test_every_command_of_the_table_is_in_the_model() -> None:
    assert {*SINGLE, "post"} == {*COMMANDS}


TestInvoiceLife = InvoiceLife.TestCase
TestInvoiceLife.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
