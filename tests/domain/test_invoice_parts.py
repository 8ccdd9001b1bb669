from decimal import Decimal

import msgspec
import pytest

from domain.errors import NotAllowed, NotFound, RuleBroken
from domain.facts.invoice import (
    InvoiceAddressRemoved,
    InvoiceAddressSet,
    InvoiceAttachmentAdded,
    InvoiceAttachmentRemoved,
    InvoiceNoteAdded,
    InvoiceNoteChanged,
    InvoiceNoteRedacted,
    InvoiceTableAssigned,
    InvoiceTableUnassigned,
    InvoiceTaxOverridden,
    InvoiceTaxOverrideRemoved,
)
from domain.facts.invoice_parts import Address, Attachment, Note, TableEntry, TaxOverride
from domain.invoice import (
    LIMITS,
    add_note,
    assign_table,
    attach,
    change_note,
    detach,
    override_tax,
    redact_note,
    remove_address,
    remove_tax_override,
    set_address,
    unassign_table,
)
from domain.invoice.checks import MAX_NOTE
from tests.domain.invoices import an_invoice, state

SHIP_TO = Address(kind="shipTo", name="Acme", country="DE")
NOTE = Note(id="not_1", text="Call Ms Roth first.", author="anna", mentions=("ben",))
RADIO = TableEntry(id="tab_1", table=1, code="RADIO")
OVERRIDE = TaxOverride(
    id="tov_1", category="S", rate=Decimal(19), amount=Decimal("258.14"), reason="Customs."
)
FILE = Attachment(
    id="att_1", file_name="x.pdf", media_type="application/pdf", size=1, sha256="0" * 64
)
ADDED = InvoiceNoteAdded(note=NOTE)


def test_a_note_that_is_not_there_is_not_found() -> None:
    there = an_invoice("Draft", ADDED)
    for outcome in (
        there.when(redact_note, "not_9"),
        there.when(change_note, Note(id="not_9"), ("text",)),
    ):
        refusal = outcome.refuses(NotFound)
        assert (refusal.kind, refusal.id) == ("note", "not_9")


def test_there_is_one_address_of_each_kind() -> None:
    first, second = InvoiceAddressSet(address=SHIP_TO), Address(kind="shipTo", name="Other")
    an_invoice("Draft").when(set_address, SHIP_TO).then(first)
    there = an_invoice("Draft", first)
    there.when(set_address, SHIP_TO).changes_nothing()
    there.when(set_address, second).then(InvoiceAddressSet(address=second))
    assert state(an_invoice("Draft", first, InvoiceAddressSet(address=second))).addresses == (
        second,
    )
    there.when(set_address, Address(kind="home")).refuses(RuleBroken, match="not one of billTo")


def test_an_address_can_be_taken_off_until_the_invoice_is_posted() -> None:
    there = an_invoice("Approved", InvoiceAddressSet(address=SHIP_TO))
    there.when(remove_address, "shipTo").then(InvoiceAddressRemoved(kind="shipTo"))
    there.when(remove_address, "billTo").refuses(NotFound, match="address 'billTo'")
    an_invoice("Posted").when(set_address, SHIP_TO).refuses(NotAllowed)
    gone = an_invoice(
        "Draft", InvoiceAddressSet(address=SHIP_TO), InvoiceAddressRemoved(kind="shipTo")
    )
    assert state(gone).addresses == ()


@pytest.mark.parametrize("status", ["Draft", "Approved", "Posted", "Released", "Paid", "Voided"])
def test_notes_table_entries_and_files_come_and_go_in_every_status_but_archived(
    status: str,
) -> None:
    bare = an_invoice(status)
    bare.when(add_note, NOTE).then(ADDED)
    bare.when(assign_table, RADIO).then(InvoiceTableAssigned(entry=RADIO))
    bare.when(attach, FILE).then(InvoiceAttachmentAdded(attachment=FILE))
    full = an_invoice(
        status, InvoiceTableAssigned(entry=RADIO), InvoiceAttachmentAdded(attachment=FILE)
    )
    full.when(unassign_table, "tab_1").then(InvoiceTableUnassigned(entry_id="tab_1"))
    full.when(detach, "att_1").then(InvoiceAttachmentRemoved(attachment_id="att_1"))
    full.when(unassign_table, "tab_2").refuses(NotFound)
    full.when(detach, "att_2").refuses(NotFound)
    emptied = an_invoice(
        status,
        InvoiceTableAssigned(entry=RADIO),
        InvoiceAttachmentAdded(attachment=FILE),
        InvoiceTableUnassigned(entry_id="tab_1"),
        InvoiceAttachmentRemoved(attachment_id="att_1"),
    )
    assert (state(emptied).tables, state(emptied).attachments) == ((), ())
    archived = an_invoice("Archived")
    archived.when(add_note, NOTE).refuses(NotAllowed, match="Unarchive it first")


def test_a_note_changes_but_for_its_id_and_its_author() -> None:
    noted = an_invoice("Draft", ADDED)
    to = Note(id="not_1", text="Call Mr Roth first.", author="eve", pinned=True)
    changed = InvoiceNoteChanged(to=to, fields=("text", "pinned"))
    noted.when(change_note, to, ("id", "text", "pinned", "author", "category")).then(changed)
    (note,) = state(an_invoice("Draft", ADDED, changed)).notes
    assert (note.text, note.pinned, note.author) == ("Call Mr Roth first.", True, "anna")
    noted.when(change_note, NOTE, ("text",)).changes_nothing()
    empty = Note(id="not_1", text="")
    noted.when(change_note, empty, ("text",)).refuses(RuleBroken)
    noted.when(change_note, Note(id="not_2"), ()).refuses(NotFound)


def test_a_redacted_note_shows_no_text_and_whom_it_mentioned_no_more() -> None:
    redacted = InvoiceNoteRedacted(note_id="not_1", reason="It names a person.")
    for status in ("Draft", "Archived"):
        noted = an_invoice(status, ADDED)
        noted.when(redact_note, "not_1", reason="It names a person.").then(redacted)
    after = an_invoice("Draft", ADDED, redacted)
    assert state(after).notes == (Note(id="not_1", author="anna"),)
    after.when(redact_note, "not_1").changes_nothing()
    after.when(redact_note, "not_2").refuses(NotFound)


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (Note(id="not_2"), "note-text"),
        (Note(id="not_2", text="x" * (MAX_NOTE + 1)), "note-text"),
        (Note(id="not_1", text="x"), "duplicate-id"),
        (Note(id="not_2", text="x", mentions=("a",) * 51), "mentions-limit"),
    ],
)
def test_a_note_that_cannot_be_written_is_refused(note: Note, code: str) -> None:
    refusal = an_invoice("Draft", ADDED).when(add_note, note).refuses(RuleBroken)
    assert [it.code for it in refusal.violations] == [code]
    an_invoice("Draft").when(add_note, Note(id="not_1", text="x" * MAX_NOTE))


def test_a_tax_is_set_by_hand_with_a_reason_once_a_group() -> None:
    overridden = InvoiceTaxOverridden(override=OVERRIDE)
    an_invoice("Draft").when(override_tax, OVERRIDE).then(overridden)
    there = an_invoice("Draft", overridden)
    there.when(override_tax, OVERRIDE).changes_nothing()
    another = msgspec.structs.replace(OVERRIDE, id="tov_2", amount=Decimal(1))
    both = an_invoice("Draft", overridden, InvoiceTaxOverridden(override=another))
    assert state(both).overrides == (another,)
    seven = msgspec.structs.replace(OVERRIDE, id="tov_3", rate=Decimal(7))
    apart = an_invoice("Draft", overridden, InvoiceTaxOverridden(override=seven))
    assert state(apart).overrides == (OVERRIDE, seven)
    silent = msgspec.structs.replace(OVERRIDE, reason="")
    there.when(override_tax, silent).refuses(RuleBroken, match="auditors will read it")


def test_a_tax_can_be_computed_again() -> None:
    there = an_invoice("Draft", InvoiceTaxOverridden(override=OVERRIDE))
    removed = InvoiceTaxOverrideRemoved(override_id="tov_1")
    there.when(remove_tax_override, "tov_1").then(removed)
    there.when(remove_tax_override, "tov_2").refuses(NotFound)
    gone = an_invoice("Draft", InvoiceTaxOverridden(override=OVERRIDE), removed)
    assert state(gone).overrides == ()


def test_lists_are_bounded() -> None:
    entries = [
        InvoiceTableAssigned(entry=msgspec.structs.replace(RADIO, id=f"tab_{n}"))
        for n in range(LIMITS["tables"])
    ]
    full = an_invoice("Draft", *entries)
    last = msgspec.structs.replace(RADIO, id="tab_x")
    refusal = full.when(assign_table, last).refuses(RuleBroken)
    assert [it.code for it in refusal.violations] == ["tables-limit"]
    third = msgspec.structs.replace(RADIO, table=3)
    an_invoice("Draft").when(assign_table, third).refuses(RuleBroken, match="tables 1 and 2")
