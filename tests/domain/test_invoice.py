from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.aggregate import fold
from domain.errors import NotAllowed, RuleBroken
from domain.facts.invoice import (
    InvoiceAddressSet,
    InvoiceAttachmentAdded,
    InvoiceDraftDeleted,
    InvoiceDrafted,
    InvoiceHeaderChanged,
    InvoiceLineAdded,
    InvoiceNoteAdded,
    InvoiceSerialReleased,
    InvoiceSerialReserved,
    InvoiceTableAssigned,
    InvoiceTaxOverridden,
)
from domain.facts.invoice_life import InvoiceDueDateChanged
from domain.facts.invoice_parts import (
    Address,
    Attachment,
    Header,
    Note,
    TableEntry,
    TaxOverride,
)
from domain.facts.lines import ItemLine, Tax
from domain.invoice import (
    INVOICE,
    LIMITS,
    MAX_LINES,
    STATUSES,
    InvoiceFact,
    change_due_date,
    delete,
    draft,
    edit,
)
from tests.books import header_changed
from tests.domain.invoices import (
    DRAFTED,
    ESTIMATE,
    PIPE,
    POSTED,
    SERIAL,
    STOVE,
    TOTALS,
    VOIDED,
    WITH_LINES,
    an_invoice,
    state,
)
from tests.given import given, when
from tests.strategies import structs

HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def asked(**values: Any) -> tuple[Header, tuple[str, ...]]:
    """Header fields to change, as ``edit`` takes them."""
    return Header(**values), tuple(values)


# ---------------------------------------------------------------- drafts


def test_a_draft_may_begin_empty() -> None:
    when(draft, InvoiceDrafted()).then(InvoiceDrafted())


def test_a_draft_begins_with_its_lines_and_parts_at_once() -> None:
    address = Address(kind="shipTo", name="Acme", country="DE")
    note = Note(id="not_1", text="Call first.")
    entry = TableEntry(id="tab_1", table=1, code="RADIO")
    override = TaxOverride(
        id="tov_1", category="S", rate=Decimal(19), amount=Decimal(1), reason="Customs."
    )
    file = Attachment(
        id="att_1", file_name="x.pdf", media_type="application/pdf", size=1, sha256=HASH
    )
    when(
        draft,
        DRAFTED,
        (STOVE, PIPE),
        addresses=(address,),
        notes=(note,),
        tables=(entry,),
        overrides=(override,),
        attachments=(file,),
    ).then(
        *WITH_LINES,
        InvoiceAddressSet(address=address),
        InvoiceNoteAdded(note=note),
        InvoiceTableAssigned(entry=entry),
        InvoiceTaxOverridden(override=override),
        InvoiceAttachmentAdded(attachment=file),
    )


def test_everything_that_is_wrong_with_a_draft_is_said_at_once() -> None:
    broken = when(
        draft,
        InvoiceDrafted(type="Gift", tags=("x",) * (LIMITS["tags"] + 1)),
        (ItemLine(id="lin_1", taxes=(Tax(rate=Decimal(1)),) * 4), ItemLine(id="lin_1")),
        addresses=(Address(kind="home"), Address(kind="home")),
        notes=(Note(id="not_1"),),
        tables=(TableEntry(id="tab_1", table=3, code="x"),),
        overrides=(
            TaxOverride(id="o", category="S", rate=Decimal(1), amount=Decimal(1), reason=" "),
        ),
        attachments=(
            Attachment(id="a", file_name="x", media_type="text/plain", size=-1, sha256="xyz"),
        ),
    ).refuses(RuleBroken)
    assert [(it.code, it.pointer) for it in broken.violations] == [
        ("type", "/type"),
        ("tags-limit", "/tags"),
        ("taxes-limit", "/lines/0/taxes"),
        ("duplicate-id", "/lines"),
        ("duplicate-id", "/addresses"),
        ("address-kind", "/addresses/0/kind"),
        ("address-kind", "/addresses/1/kind"),
        ("note-text", "/notes/0/text"),
        ("table", "/tables/0/table"),
        ("reason-required", "/overrides/0/reason"),
        ("sha256", "/attachments/0/sha256"),
        ("size", "/attachments/0/size"),
    ]


@pytest.mark.parametrize("excess", [1, 500])
def test_a_draft_with_too_many_lines_is_refused_whole(excess: int) -> None:
    lines = [ItemLine(id=f"lin_{n}") for n in range(MAX_LINES + excess)]
    refusal = when(draft, DRAFTED, lines).refuses(RuleBroken)
    assert [(it.code, it.pointer) for it in refusal.violations] == [("lines-limit", "/lines")]
    assert f"at most {MAX_LINES} lines" in str(refusal)


def test_a_deleted_draft_is_gone_and_its_serial_numbers_are_free() -> None:
    an_invoice("Draft").when(delete).then(InvoiceDraftDeleted())
    reserved = InvoiceSerialReserved(line_id="lin_1", serial=SERIAL)
    held = an_invoice("Draft", reserved)
    held.when(delete).then(
        InvoiceSerialReleased(line_id="lin_1", serial_id="ser_1"), InvoiceDraftDeleted()
    )
    assert an_invoice("Draft", InvoiceDraftDeleted()).state is None
    an_invoice("Posted").when(delete).refuses(NotAllowed, match="its number must not vanish")


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


def test_a_posted_invoice_shows_what_posting_froze() -> None:
    after = state(an_invoice("Posted"))
    assert (after.status, after.number, after.series) == ("Posted", POSTED.number, "sales-2026")
    assert (after.posted_totals, after.buyer) == (TOTALS, POSTED.buyer)
    assert (after.issue_date, after.due_date) == (POSTED.issue_date, POSTED.due_date)
    assert after.posted_nets == POSTED.line_nets
    assert after.lines == (STOVE, PIPE)


def test_what_was_posted_before_line_nets_were_kept_has_them_computed() -> None:
    first = msgspec.structs.replace(POSTED, line_nets=())
    lines = (InvoiceLineAdded(line=PIPE), InvoiceLineAdded(line=ItemLine(id="lin_3")))
    after = state(given(INVOICE, DRAFTED, *lines, first))
    assert [str(it) for it in after.posted_nets] == ["59.70", "0.00"]


def test_a_voided_invoice_keeps_its_number_and_its_amounts() -> None:
    before, after = state(an_invoice("Posted")), state(an_invoice("Voided"))
    assert (after.status, after.void_reason, after.voided_on) == (
        "Voided",
        VOIDED.reason,
        VOIDED.voided_on,
    )
    assert (after.number, after.posted_totals) == (before.number, before.posted_totals)


def test_an_estimate_is_a_draft_of_its_own_type() -> None:
    assert state(given(INVOICE, ESTIMATE)).type == "Estimate"


# ---------------------------------------------------------------- evolve

ANY_FACT = st.one_of([structs(fact) for fact in InvoiceFact.__args__])


@for_all(st.lists(ANY_FACT, max_size=12))
def test_no_history_makes_evolve_stumble(history: list[InvoiceFact]) -> None:
    after = fold(INVOICE, history)
    assert after is None or after.status in STATUSES


@for_all(st.lists(ANY_FACT, max_size=12), st.integers(0, 12))
def test_a_fold_may_stop_anywhere_and_go_on(history: list[InvoiceFact], cut: int) -> None:
    halfway = fold(INVOICE, history[:cut])
    assert fold(INVOICE, history[cut:], halfway) == fold(INVOICE, history)
