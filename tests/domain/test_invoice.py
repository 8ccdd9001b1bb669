from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.aggregate import fold
from domain.errors import NotAllowed, NotFound, RuleBroken
from domain.facts import invoice as facts
from domain.facts.invoice import (
    Buyer,
    InvoiceDraftDeleted,
    InvoiceDrafted,
    InvoiceHeaderChanged,
    InvoiceLineAdded,
    InvoiceLineChanged,
    InvoiceLineRemoved,
    InvoicePosted,
    InvoiceVoided,
    Line,
    Totals,
)
from domain.invoice import (
    COMMANDS,
    INVOICE,
    MAX_LINES,
    Invoice,
    add_line,
    available_actions,
    change_line,
    delete,
    draft,
    edit,
    guard,
    remove_line,
    void,
)
from tests.given import Given, given, when
from tests.strategies import structs

TODAY = date(2026, 11, 9)
STOVE = Line(id="lin_1", description="Stove", quantity=Decimal(1), unit_price=Decimal(1299))
PIPE = Line(id="lin_2", description="Pipe", quantity=Decimal(3), unit_price=Decimal("19.90"))
DRAFTED = InvoiceDrafted(customer_id="ACME", currency="EUR", memo="Before noon")
WITH_LINES = (DRAFTED, InvoiceLineAdded(line=STOVE), InvoiceLineAdded(line=PIPE))
TOTALS = Totals(net=Decimal(1358), tax=Decimal(0), gross=Decimal(1358), taxes=())
POSTED = InvoicePosted(
    number="INV-2026-000042",
    series="sales-2026",
    issue_date=date(2026, 11, 2),
    due_date=date(2026, 12, 2),
    totals=TOTALS,
    buyer=Buyer(customer_id="ACME", name="Acme"),
)
VOIDED = InvoiceVoided(reason="Billed twice.", voided_on=TODAY)


def state(history: Given[Invoice]) -> Invoice:
    assert history.state is not None
    return history.state


# ---------------------------------------------------------------- drafts


def test_a_draft_may_begin_empty() -> None:
    when(draft, InvoiceDrafted(), ()).then(InvoiceDrafted())


def test_a_draft_may_begin_with_lines() -> None:
    when(draft, DRAFTED, (STOVE, PIPE)).then(*WITH_LINES)


@pytest.mark.parametrize("excess", [1, 500])
def test_a_draft_with_too_many_lines_is_refused_whole(excess: int) -> None:
    refusal = when(draft, DRAFTED, (STOVE,) * (MAX_LINES + excess)).refuses(RuleBroken)
    assert [(it.code, it.pointer) for it in refusal.violations] == [("lines-limit", "/lines")]
    assert f"at most {MAX_LINES} lines" in str(refusal)


def test_the_last_line_that_fits_is_accepted_and_the_next_is_not() -> None:
    almost = [DRAFTED, *(InvoiceLineAdded(line=STOVE) for _ in range(MAX_LINES - 1))]
    given(INVOICE, *almost).when(add_line, PIPE).then(InvoiceLineAdded(line=PIPE))
    full = given(INVOICE, *almost, InvoiceLineAdded(line=STOVE))
    full.when(add_line, PIPE).refuses(RuleBroken, match=f"number {MAX_LINES + 1}")


def test_an_edit_names_only_what_becomes_different() -> None:
    asked = InvoiceHeaderChanged(currency="EUR", memo="After noon", po_number=None)
    given(INVOICE, DRAFTED).when(edit, asked).then(InvoiceHeaderChanged(memo="After noon"))


def test_an_edit_of_nothing_changes_nothing() -> None:
    history = given(INVOICE, DRAFTED)
    history.when(edit, InvoiceHeaderChanged(currency="EUR")).changes_nothing()
    history.when(edit, InvoiceHeaderChanged()).changes_nothing()


def test_null_clears_a_field_and_an_absent_one_keeps_its_value() -> None:
    cleared = InvoiceHeaderChanged(memo=None)
    given(INVOICE, DRAFTED).when(edit, cleared).then(cleared)
    after = state(given(INVOICE, DRAFTED, cleared))
    assert (after.memo, after.currency, after.customer_id) == (None, "EUR", "ACME")


# ---------------------------------------------------------------- lines


def test_lines_are_added_at_the_end() -> None:
    given(INVOICE, DRAFTED).when(add_line, PIPE).then(InvoiceLineAdded(line=PIPE))
    assert state(given(INVOICE, *WITH_LINES)).lines == (STOVE, PIPE)


def test_a_change_of_a_line_names_only_what_becomes_different() -> None:
    asked = InvoiceLineChanged(line_id="lin_2", quantity=Decimal(4), unit_price=PIPE.unit_price)
    wanted = InvoiceLineChanged(line_id="lin_2", quantity=Decimal(4))
    given(INVOICE, *WITH_LINES).when(change_line, asked).then(wanted)
    stove, pipe = state(given(INVOICE, *WITH_LINES, wanted)).lines
    assert (stove, pipe.quantity, pipe.description) == (STOVE, Decimal(4), "Pipe")


@pytest.mark.parametrize("quantity", [Decimal(3), Decimal("3.00")])
def test_a_line_that_is_so_already_does_not_change(quantity: Decimal) -> None:
    same = InvoiceLineChanged(line_id="lin_2", quantity=quantity)
    given(INVOICE, *WITH_LINES).when(change_line, same).changes_nothing()
    nothing = InvoiceLineChanged(line_id="lin_2")
    given(INVOICE, *WITH_LINES).when(change_line, nothing).changes_nothing()


def test_a_line_can_be_removed_once() -> None:
    removed = InvoiceLineRemoved(line_id="lin_1")
    given(INVOICE, *WITH_LINES).when(remove_line, "lin_1").then(removed)
    after = given(INVOICE, *WITH_LINES, removed)
    assert state(after).lines == (PIPE,)
    refusal = after.when(remove_line, "lin_1").refuses(NotFound, match="no line 'lin_1'")
    assert (refusal.kind, refusal.id) == ("line", "lin_1")


def test_a_line_that_does_not_exist_cannot_change() -> None:
    asked = InvoiceLineChanged(line_id="lin_9", quantity=Decimal(1))
    given(INVOICE, *WITH_LINES).when(change_line, asked).refuses(NotFound)


# ---------------------------------------------------------------- end of a draft, and after posting


def test_a_deleted_draft_is_gone() -> None:
    given(INVOICE, *WITH_LINES).when(delete).then(InvoiceDraftDeleted())
    assert given(INVOICE, *WITH_LINES, InvoiceDraftDeleted()).state is None


def test_a_posted_invoice_shows_what_posting_froze() -> None:
    after = state(given(INVOICE, *WITH_LINES, POSTED))
    assert after.status == "Posted"
    assert (after.number, after.posted_totals, after.buyer) == (
        POSTED.number,
        TOTALS,
        POSTED.buyer,
    )
    assert (after.issue_date, after.due_date) == (POSTED.issue_date, POSTED.due_date)
    assert after.lines == (STOVE, PIPE)


def test_a_posted_invoice_is_voided_and_keeps_its_number_and_amounts() -> None:
    history = given(INVOICE, *WITH_LINES, POSTED)
    history.when(void, reason="Billed twice.", today=TODAY).then(VOIDED)
    before, after = state(history), state(given(INVOICE, *WITH_LINES, POSTED, VOIDED))
    assert (after.status, after.void_reason, after.voided_on) == ("Voided", "Billed twice.", TODAY)
    assert (after.number, after.posted_totals) == (before.number, before.posted_totals)
    assert after.number == "INV-2026-000042"


def test_deleting_a_posted_invoice_and_voiding_a_draft_say_what_to_do_instead() -> None:
    posted = given(INVOICE, *WITH_LINES, POSTED)
    posted.when(delete).refuses(NotAllowed, match="its number must not vanish")
    drafted = given(INVOICE, *WITH_LINES)
    drafted.when(void, reason="x", today=TODAY).refuses(NotAllowed, match="delete it instead")


def test_a_posted_invoice_still_takes_a_memo_a_reference_and_another_due_date() -> None:
    allowed = InvoiceHeaderChanged(memo="x", reference="y", due_date=date(2026, 12, 24))
    given(INVOICE, *WITH_LINES, POSTED).when(edit, allowed).then(allowed)


def test_frozen_fields_of_a_posted_invoice_are_named_in_the_refusal() -> None:
    asked = InvoiceHeaderChanged(currency="USD", customer_id="12", memo="x")
    posted = given(INVOICE, *WITH_LINES, POSTED)
    refusal = posted.when(edit, asked).refuses(NotAllowed, match="currency, customer_id cannot")
    assert (refusal.code, refusal.actions) == ("field-frozen", ("edit", "void"))
    same = InvoiceHeaderChanged(currency="EUR", customer_id="ACME")
    posted.when(edit, same).changes_nothing()


@pytest.mark.parametrize("due_date", [None, date(2026, 11, 1), date.min])
def test_a_posted_invoice_stays_due_on_or_after_its_issue_date(due_date: date | None) -> None:
    asked = InvoiceHeaderChanged(due_date=due_date)
    posted = given(INVOICE, *WITH_LINES, POSTED)
    refusal = posted.when(edit, asked).refuses(RuleBroken, match="2026-11-02")
    assert [(it.code, it.pointer) for it in refusal.violations] == [("P10", "/dueDate")]
    on_the_day = InvoiceHeaderChanged(due_date=date(2026, 11, 2))
    posted.when(edit, on_the_day).then(on_the_day)


# ---------------------------------------------------------------- the table of commands


@pytest.mark.parametrize("status", ["Draft", "Posted", "Voided"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_guarded_by_the_table(command: str, status: str) -> None:
    invoice = Invoice(status=status)
    if command in available_actions(status):
        guard(invoice, command)
        return
    with pytest.raises(NotAllowed, match=status) as raised:
        guard(invoice, command)
    assert raised.value.code == "invalid-transition"
    assert raised.value.actions == available_actions(status)


def test_a_voided_invoice_accepts_nothing_and_says_so() -> None:
    assert available_actions("Voided") == ()
    voided = given(INVOICE, *WITH_LINES, POSTED, VOIDED)
    voided.when(edit, InvoiceHeaderChanged(memo="x")).refuses(NotAllowed, match="now: nothing")


# ---------------------------------------------------------------- evolve

ANY_FACT = st.one_of([structs(fact) for fact in facts.InvoiceFact.__args__])


@for_all(st.lists(ANY_FACT, max_size=12))
def test_no_history_makes_evolve_stumble(history: list[facts.InvoiceFact]) -> None:
    after = fold(INVOICE, history)
    assert after is None or after.status in {"Draft", "Posted", "Voided"}


@for_all(st.lists(ANY_FACT, max_size=12), st.integers(0, 12))
def test_a_fold_may_stop_anywhere_and_go_on(history: list[facts.InvoiceFact], cut: int) -> None:
    halfway = fold(INVOICE, history[:cut])
    assert fold(INVOICE, history[cut:], halfway) == fold(INVOICE, history)
