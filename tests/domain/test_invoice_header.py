from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.errors import NotAllowed, RuleBroken
from domain.facts.invoice import (
    InvoiceDrafted,
    InvoiceHeaderChanged,
    InvoiceSerialReserved,
)
from domain.facts.invoice_life import InvoiceDueDateChanged
from domain.facts.invoice_parts import (
    Header,
)
from domain.facts.lines import Tax
from domain.invoice import (
    INVOICE,
    change_due_date,
    edit,
)
from tests.books import header_changed
from tests.domain.invoices import (
    DRAFTED,
    POSTED,
    SERIAL,
    an_invoice,
    state,
)
from tests.given import given


def asked(**values: Any) -> tuple[Header, tuple[str, ...]]:
    """Header fields to change, as ``edit`` takes them."""
    return Header(**values), tuple(values)


# ---------------------------------------------------------------- header


def test_an_edit_names_only_what_becomes_different() -> None:
    to, fields = asked(currency="EUR", memo="After noon", po_number=None)
    facts = given(INVOICE, DRAFTED).when(edit, to, fields)
    facts.then(InvoiceHeaderChanged(to=to, fields=("memo",)))


def test_an_edit_of_nothing_changes_nothing() -> None:
    history = given(INVOICE, DRAFTED)
    history.when(edit, *asked(currency="EUR")).changes_nothing()
    history.when(edit, *asked()).changes_nothing()


def test_null_clears_a_field_and_an_absent_one_keeps_its_value() -> None:
    cleared = header_changed(memo=None)
    given(INVOICE, DRAFTED).when(edit, *asked(memo=None)).then(cleared)
    after = state(given(INVOICE, DRAFTED, cleared))
    assert (after.memo, after.currency, after.customer_id) == (None, "EUR", "ACME")


def test_a_header_that_makes_no_sense_is_refused_in_a_draft_too() -> None:
    drafted = given(INVOICE, DRAFTED)
    drafted.when(edit, *asked(type="Gift")).refuses(RuleBroken, match="'Gift' is not one of Sales")
    four = (Tax(rate=Decimal(1)),) * 4
    drafted.when(edit, *asked(taxes=four)).refuses(RuleBroken, match="at most 3 taxes")


def test_a_book_may_lock_the_customer_of_a_draft() -> None:
    to, fields = asked(customer_id="12")
    drafted = given(INVOICE, DRAFTED)
    refusal = drafted.when(edit, to, fields, customer_locked=True).refuses(NotAllowed)
    assert refusal.code == "field-frozen"
    empty = given(INVOICE, InvoiceDrafted())
    empty.when(edit, to, fields, customer_locked=True).then(header_changed(customer_id="12"))


def test_a_draft_that_holds_serial_numbers_cannot_become_an_estimate() -> None:
    held = an_invoice("Draft", InvoiceSerialReserved(line_id="lin_1", serial=SERIAL))
    refusal = held.when(edit, *asked(type="Estimate")).refuses(NotAllowed)
    assert refusal.code == "serials-reserved"


# ---------------------------------------------------------------- header after posting


def test_frozen_fields_are_named_in_the_refusal_with_what_to_do_instead() -> None:
    posted = an_invoice("Posted")
    refusal = posted.when(edit, *asked(currency="USD", customer_id="12", memo="x")).refuses(
        NotAllowed, match="currency, customerId cannot change"
    )
    assert refusal.code == "field-frozen"
    assert "credit note" in str(refusal)
    posted.when(edit, *asked(currency="EUR", customer_id="ACME")).changes_nothing()


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("customer_id", "12", "Draft"),
        ("issue_date", date(2026, 11, 5), "Draft Approved"),
        ("discount_amount", Decimal(1), "Draft Approved"),
        ("terms", "AR", "Draft Approved Posted"),
        ("expected_payment_date", date(2027, 1, 1), "Draft Approved Posted"),
        ("po_number", "PO 1", "Draft Approved Posted"),
        ("sold_to_id", "12", "Draft Approved"),
        ("memo", "Other", "Draft Approved Posted Released Paid Voided"),
        ("tags", ("x",), "Draft Approved Posted Released Paid Voided"),
    ],
)
@pytest.mark.parametrize(
    "status", ["Draft", "Approved", "Posted", "Released", "Paid", "Voided", "Archived"]
)
def test_a_field_changes_in_these_statuses_only(
    field: str, value: object, allowed: str, status: str
) -> None:
    if status in allowed.split():
        first, *_ = edit(state(an_invoice(status)), *asked(**{field: value}))
        assert first == header_changed(**{field: value})
    else:
        an_invoice(status).when(edit, *asked(**{field: value})).refuses(NotAllowed)


def test_a_due_date_that_changes_after_posting_is_a_fact_of_its_own() -> None:
    later = date(2026, 12, 24)
    changed = InvoiceDueDateChanged(due_date=later, reason="Asked for it.")
    posted = an_invoice("Posted")
    posted.when(change_due_date, later, reason="Asked for it.").then(changed)
    to, fields = asked(memo="x", due_date=later)
    facts = posted.when(edit, to, fields, reason="Asked for it.")
    facts.then(InvoiceHeaderChanged(to=to, fields=("memo",)), changed)
    assert state(an_invoice("Posted", changed)).due_date == later
    posted.when(change_due_date, POSTED.due_date).changes_nothing()


def test_the_due_date_of_a_released_invoice_changes_only_with_a_reason() -> None:
    later = date(2026, 12, 24)
    released = an_invoice("Released")
    refusal = released.when(change_due_date, later).refuses(NotAllowed, match="say why")
    assert refusal.code == "reason-required"
    released.when(edit, *asked(due_date=later)).refuses(NotAllowed, match="dueDate")
    released.when(change_due_date, later, reason="x").then(
        InvoiceDueDateChanged(due_date=later, reason="x")
    )


@pytest.mark.parametrize("due_date", [None, date(2026, 11, 1), date.min])
def test_a_posted_invoice_stays_due_on_or_after_its_issue_date(due_date: date | None) -> None:
    posted = an_invoice("Posted")
    refusal = posted.when(edit, *asked(due_date=due_date)).refuses(RuleBroken, match="2026-11-02")
    assert [(it.code, it.pointer) for it in refusal.violations] == [("P10", "/dueDate")]
    on_the_day = date(2026, 11, 2)
    posted.when(edit, *asked(due_date=on_the_day)).then(InvoiceDueDateChanged(due_date=on_the_day))
