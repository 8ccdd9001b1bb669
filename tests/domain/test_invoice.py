from decimal import Decimal

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
    InvoiceLineAdded,
    InvoiceNoteAdded,
    InvoiceSerialReleased,
    InvoiceSerialReserved,
    InvoiceTableAssigned,
    InvoiceTaxOverridden,
)
from domain.facts.invoice_parts import (
    Address,
    Attachment,
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
    delete,
    draft,
)
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


# ---------------------------------------------------------------- drafts


def test_a_draft_may_begin_empty() -> None:
    when(draft, InvoiceDrafted()).then(InvoiceDrafted())


@pytest.mark.parametrize("type_", ["Sales", "Service", "Warranty", "Estimate"])
def test_a_draft_is_of_one_of_four_types(type_: str) -> None:
    assert draft(InvoiceDrafted(type=type_)) == [InvoiceDrafted(type=type_)]


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


# ---------------------------------------------------------------- after posting


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
