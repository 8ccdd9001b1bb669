from decimal import Decimal

from domain.aggregate import Change, Fact, Stream, fold
from domain.errors import AlreadyExists, NotAllowed, NotFound
from domain.facts.invoice import (
    InvoiceAddressSet,
    InvoiceAttachmentAdded,
    InvoiceDrafted,
    InvoiceLineAdded,
    InvoiceNoteAdded,
    InvoiceSerialReserved,
    InvoiceTableAssigned,
    InvoiceTaxOverridden,
)
from domain.facts.invoice_life import InvoiceConverted
from domain.facts.invoice_parts import Address, Attachment, Note, TableEntry, TaxOverride
from domain.facts.lines import (
    CommentLine,
    Component,
    Covered,
    ItemLine,
    LaborLine,
    MiscLine,
    ModelLine,
    PackageLine,
    WarrantyLine,
)
from domain.invoice import INVOICE, Invoice, convert, copy
from tests.domain.invoices import DRAFTED, ESTIMATE, HISTORIES, SERIAL
from tests.given import given_streams

LINES = (
    ModelLine(id="a", code="STOVE-7", package_id="b"),
    PackageLine(id="b", components=(Component(line_id="a"),)),
    WarrantyLine(id="c", covers=(Covered(line_id="a", serial_number="SN-1"), Covered())),
    ItemLine(id="d", for_line_id="a"),
    MiscLine(id="e", applies_to="document"),
    MiscLine(id="f", applies_to="a"),
    CommentLine(id="g", after_line_id="a"),
    LaborLine(id="h"),
)
PARTS: tuple[Fact, ...] = (
    InvoiceAddressSet(address=Address(kind="shipTo", name="Acme")),
    InvoiceTableAssigned(entry=TableEntry(id="t", table=1, code="RADIO")),
    InvoiceNoteAdded(note=Note(id="n", text="x")),
    InvoiceAttachmentAdded(
        attachment=Attachment(
            id="f", file_name="x", media_type="text/plain", size=0, sha256="0" * 64
        )
    ),
    InvoiceTaxOverridden(
        override=TaxOverride(
            id="o", category="S", rate=Decimal(19), amount=Decimal(1), reason="Customs."
        )
    ),
)


def rename(id_: str) -> str:
    return f"new_{id_}"


def after(changes: list[Change], id_: str) -> Invoice:
    stream: Stream[Invoice] = INVOICE(id_)
    found = fold(INVOICE, [fact for it, facts in changes if it == stream for fact in facts])
    assert found is not None
    return found


def test_a_copy_is_a_new_draft_with_the_same_customer_and_lines() -> None:
    book = given_streams((INVOICE("inv_1"), HISTORIES["Voided"]))
    changes = copy(book.read, "inv_1", "inv_2", rename=rename, author="ben")
    made = after(changes, "inv_2")
    assert [stream.id for stream, _ in changes] == ["inv_2"]
    assert (made.status, made.copied_from, made.author) == ("Draft", "inv_1", "ben")
    assert (made.customer_id, made.currency, made.memo) == ("ACME", "EUR", "Before noon")
    assert [line.id for line in made.lines] == ["new_lin_1", "new_lin_2"]
    assert (made.issue_date, made.due_date, made.number) == (None, None, None)


def test_what_lines_say_of_one_another_stays_right_in_a_copy() -> None:
    facts = [DRAFTED, *(InvoiceLineAdded(line=line) for line in LINES)]
    reserved = InvoiceSerialReserved(line_id="a", serial=SERIAL)
    book = given_streams((INVOICE("inv_1"), [*facts, reserved]))
    made = after(copy(book.read, "inv_1", "inv_2", rename=rename), "inv_2")
    assert made.lines == (
        ModelLine(id="new_a", code="STOVE-7", package_id="new_b"),
        PackageLine(id="new_b", components=(Component(line_id="new_a"),)),
        WarrantyLine(
            id="new_c", covers=(Covered(line_id="new_a", serial_number="SN-1"), Covered())
        ),
        ItemLine(id="new_d", for_line_id="new_a"),
        MiscLine(id="new_e", applies_to="document"),
        MiscLine(id="new_f", applies_to="new_a"),
        CommentLine(id="new_g", after_line_id="new_a"),
        LaborLine(id="new_h"),
    )


def test_a_copy_leaves_what_belongs_to_the_source_alone() -> None:
    book = given_streams((INVOICE("inv_1"), [DRAFTED, *PARTS]))
    made = after(copy(book.read, "inv_1", "inv_2", rename=rename), "inv_2")
    assert [it.kind for it in made.addresses] == ["shipTo"]
    assert [it.id for it in made.tables] == ["new_t"]
    assert (made.notes, made.attachments, made.overrides) == ((), (), ())


def test_an_estimate_becomes_an_invoice_with_what_was_agreed() -> None:
    dated = InvoiceDrafted(
        type="Estimate", customer_id="ACME", currency="EUR", po_number="PO 1", author="anna"
    )
    lines = [InvoiceLineAdded(line=line) for line in LINES]
    book = given_streams((INVOICE("est_1"), [dated, *lines, *PARTS]))
    changes = convert(book.read, "est_1", "inv_2", rename=rename, author="ben")
    assert changes[0] == (INVOICE("est_1"), [InvoiceConverted(invoice_id="inv_2")])
    made = after(changes, "inv_2")
    assert (made.type, made.copied_from, made.author) == ("Sales", "est_1", "ben")
    assert (made.po_number, len(made.lines)) == ("PO 1", len(LINES))
    assert ([it.id for it in made.attachments], [it.id for it in made.overrides]) == (
        ["new_f"],
        ["new_o"],
    )
    assert made.notes == ()


def test_an_estimate_is_converted_once_and_nothing_else_is() -> None:
    done = given_streams((INVOICE("e"), [ESTIMATE, InvoiceConverted(invoice_id="inv_2")]))
    again = done.when(convert, "e", "inv_3", rename=rename).refuses(NotAllowed)
    assert again.code == "estimate-converted"
    drafted = given_streams((INVOICE("inv_1"), [DRAFTED]))
    refusal = drafted.when(convert, "inv_1", "inv_2", rename=rename).refuses(NotAllowed)
    assert refusal.code == "not-estimate"


def test_a_copy_needs_a_source_and_a_free_id() -> None:
    book = given_streams((INVOICE("inv_1"), [DRAFTED]), (INVOICE("e"), [ESTIMATE]))
    book.when(copy, "inv_9", "inv_2", rename=rename).refuses(NotFound)
    book.when(copy, "inv_1", "inv_1", rename=rename).refuses(AlreadyExists)
    book.when(convert, "e", "inv_1", rename=rename).refuses(AlreadyExists)
