"""Any sequence of commands on one invoice, held to the tables that guard it."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain import invoice as decisions
from domain.aggregate import Fact, fold
from domain.errors import NotAllowed, Refusal
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_life import InvoiceConverted
from domain.facts.invoice_parts import (
    Address,
    Attachment,
    Header,
    Note,
    TableEntry,
    TaxOverride,
)
from domain.facts.lines import CommentLine, ItemLine, Line, ModelLine, Serial, Tax
from domain.invoice import COMMANDS, INVOICE, OBSTACLES, Invoice, InvoiceFact, balance, content_hash
from domain.invoice.editable import EDITABLE
from domain.invoice.voiding import voided
from domain.money import Money
from domain.settlement import reopen, settle
from tests.domain.invoices import POSTED, TODAY

IDS = st.sampled_from(["1", "2", "3"])
WORDS = st.sampled_from(["a", "b"])
AMOUNTS = st.sampled_from([Decimal(1), Decimal("2.50")])

HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["Sales", "Estimate"]),
        "customer_id": WORDS,
        "discount_amount": AMOUNTS,
        "issue_date": st.dates(TODAY, TODAY + timedelta(days=3)),
        "due_date": st.dates(TODAY, TODAY + timedelta(days=60)),
        "po_number": WORDS,
        "sold_to_id": WORDS,
        "memo": WORDS,
    },
)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    kind: type[ItemLine | ModelLine] | None = draw(st.sampled_from([ItemLine, ModelLine, None]))
    if kind is None:
        return CommentLine(id=draw(IDS), description=draw(WORDS))
    amount: dict[str, Any] = {"quantity": draw(AMOUNTS), "unit_price": draw(AMOUNTS)}
    return kind(id=draw(IDS), code=draw(WORDS), taxes=(Tax(rate=Decimal(19)),), **amount)


Decide: TypeAlias = Callable[[Any, Invoice], Sequence[Fact]]
"""``draw`` and the invoice to the facts."""


def edit(draw: Any, invoice: Invoice) -> Sequence[Fact]:
    values = draw(HEADERS)
    return decisions.edit(invoice, Header(**values), tuple(values), reason=draw(st.none() | WORDS))


def override(draw: Any) -> TaxOverride:
    rate, amount = draw(AMOUNTS), draw(AMOUNTS)
    return TaxOverride(id=draw(IDS), category="S", rate=rate, amount=amount, reason="x")


def converted(_draw: Any, invoice: Invoice) -> Sequence[Fact]:
    decisions.guard(invoice, "convert")
    return [InvoiceConverted(invoice_id="inv_2")]


def posted(_draw: Any, invoice: Invoice) -> Sequence[Fact]:
    decisions.guard(invoice, "post")
    return [POSTED]


def applied(draw: Any, invoice: Invoice) -> Sequence[Fact]:
    decisions.guard(invoice, "apply")
    amount = draw(st.sampled_from([balance(invoice), Decimal(1)]))
    return [settle(invoice, "payment", draw(IDS), Money(amount, invoice.currency or ""))]


def reopened(_draw: Any, invoice: Invoice) -> Sequence[Fact]:
    decisions.guard(invoice, "reopen")
    first = invoice.settlements[0]
    amount = Money(first.amount, invoice.currency or "")
    return [reopen(invoice, first.source, first.source_id, amount)]


DECISIONS: dict[str, Decide] = {
    "edit": edit,
    "addLine": lambda draw, it: decisions.add_line(it, draw(lines())),
    "changeLine": lambda draw, it: decisions.change_line(it, draw(lines()), ("code",)),
    "removeLine": lambda draw, it: decisions.remove_line(it, draw(IDS)),
    "reorderLines": lambda draw, it: decisions.reorder_lines(
        it, draw(st.permutations([line.id for line in it.lines]))
    ),
    "reserveSerial": lambda draw, it: decisions.reserve_serial(
        it, draw(IDS), Serial(id=draw(IDS), serial_number=draw(WORDS))
    ),
    "releaseSerial": lambda draw, it: decisions.release_serial(it, draw(IDS), draw(IDS)),
    "overrideTax": lambda draw, it: decisions.override_tax(it, override(draw)),
    "removeTaxOverride": lambda draw, it: decisions.remove_tax_override(it, draw(IDS)),
    "setAddress": lambda draw, it: decisions.set_address(
        it, Address(kind="shipTo", name=draw(WORDS))
    ),
    "removeAddress": lambda _, it: decisions.remove_address(it, "shipTo"),
    "addNote": lambda draw, it: decisions.add_note(it, Note(id=draw(IDS), text="x")),
    "changeNote": lambda draw, it: decisions.change_note(
        it, Note(id=draw(IDS), text=draw(WORDS)), ("text",)
    ),
    "redactNote": lambda draw, it: decisions.redact_note(it, draw(IDS)),
    "assignTable": lambda draw, it: decisions.assign_table(
        it, TableEntry(id=draw(IDS), table=1, code="x")
    ),
    "unassignTable": lambda draw, it: decisions.unassign_table(it, draw(IDS)),
    "attach": lambda draw, it: decisions.attach(
        it, Attachment(id=draw(IDS), file_name="x", media_type="x/y", size=0, sha256="0" * 64)
    ),
    "detach": lambda draw, it: decisions.detach(it, draw(IDS)),
    "approve": lambda draw, it: decisions.approve(it, approver=draw(WORDS)),
    "reject": lambda _, it: decisions.reject(it, reviewer="b", reason="x"),
    "withdrawApproval": lambda _, it: decisions.withdraw_approval(it, reason="x"),
    "convert": converted,
    "delete": lambda _, it: decisions.delete(it),
    "post": posted,
    "release": lambda _, it: decisions.release(it, today=TODAY),
    "void": lambda _, it: voided(it, "inv_1", reason="x", today=TODAY),
    "changeDueDate": lambda draw, it: decisions.change_due_date(
        it, draw(st.dates(date(2026, 11, 1), TODAY)), reason=draw(st.none() | WORDS)
    ),
    "apply": applied,
    "reopen": reopened,
    "dispute": lambda _, it: decisions.dispute(it, reason="x"),
    "resolveDispute": lambda _, it: decisions.resolve_dispute(it, resolution="x"),
    "archive": lambda _, it: decisions.archive(it),
    "unarchive": lambda _, it: decisions.unarchive(it),
}
ELSEWHERE = {"credit", "writeOff", "recover", "copy"}
"""Commands that are decided over several aggregates."""

MONEY = {"customer_id", "currency", *EDITABLE["amounts, taxes and dates"].fields}


class InvoiceLife(RuleBasedStateMachine):
    """One invoice, and the commands that ever did something to it."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: list[InvoiceFact] = []

    @property
    def invoice(self) -> Invoice | None:
        return fold(INVOICE, self.facts)

    @initialize(header=HEADERS, first=lines())
    def begin(self, header: dict[str, Any], first: Line) -> None:
        drafted = InvoiceDrafted(**header, currency="EUR", author="a")
        self.facts = [*decisions.draft(drafted, (first,))]  # type: ignore[list-item] # all are of an invoice

    @rule(
        command=st.sampled_from(
            [*DECISIONS, *["addLine", "approve", "post", "apply", "edit", "release"] * 3]
        ),
        data=st.data(),
    )
    def command(self, command: str, data: st.DataObject) -> None:
        before = self.invoice
        if before is None:
            return
        possible = command in decisions.available_actions(before)
        try:
            facts = DECISIONS[command](data.draw, before)
        except Refusal as refusal:
            event(f"{command} while {before.status}: {type(refusal).__name__}")
            check_refusal(refusal, command, before)
            return
        event(f"{command} while {before.status}: done")
        assert possible, f"{command} was done, and is not among the available actions"
        self.facts += facts  # type: ignore[arg-type] # all are of an invoice
        after = self.invoice
        assert facts or after == before
        if after is not None:
            check_frozen(before, after)

    @invariant()
    def an_approved_invoice_is_what_was_approved(self) -> None:
        invoice = self.invoice
        if invoice is not None and invoice.status == "Approved":
            assert invoice.approved_hash == content_hash(invoice)
            assert invoice.approver != invoice.author

    @invariant()
    def what_is_owed_is_never_less_than_nothing(self) -> None:
        invoice = self.invoice
        assert invoice is None or balance(invoice) >= 0


def check_refusal(refusal: Refusal, command: str, invoice: Invoice) -> None:
    """Where the tables forbid it, the refusal is theirs; else it is one of content."""
    actions = decisions.available_actions(invoice)
    if command in actions:
        return
    assert isinstance(refusal, NotAllowed)
    assert refusal.actions == actions
    obstacles = {it.code for it in OBSTACLES.get(command, ())}
    allowed = invoice.status in COMMANDS[command]
    assert refusal.code in (obstacles if allowed else {"invalid-transition", "use-credit-note"})


def check_frozen(before: Invoice, after: Invoice) -> None:
    """What has a number keeps its amounts, its lines and its parties."""
    if before.number is None:
        return
    assert after.number == before.number
    for name in (*MONEY, "lines", "overrides", "addresses", "posted_totals"):
        assert getattr(after, name) == getattr(before, name), name


def test_every_command_of_the_table_is_in_the_model_or_over_several_aggregates() -> None:
    assert {*DECISIONS} | ELSEWHERE == {*COMMANDS}


TestInvoiceLife = InvoiceLife.TestCase
TestInvoiceLife.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
