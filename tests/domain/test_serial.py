from decimal import Decimal

import pytest

from domain.aggregate import Fact, fold
from domain.errors import NotFound, RuleBroken
from domain.facts.invoice import (
    InvoiceDraftDeleted,
    InvoiceDrafted,
    InvoiceLineAdded,
    InvoiceLineRemoved,
    InvoiceSerialReleased,
    InvoiceSerialReserved,
)
from domain.facts.lines import ModelLine
from domain.facts.lines import Serial as SerialOnLine
from domain.facts.serial import SerialReleased, SerialReserved, SerialReturned, SerialShipped
from domain.invoice import INVOICE
from domain.invoice.drafting import delete, draft
from domain.invoice.lines import remove_line
from domain.serial import (
    SERIAL,
    STATUSES,
    Serial,
    check_free,
    release,
    released,
    reserve,
    returned,
    serial_of,
    shipped,
    tracked,
)
from tests.given import GivenStreams, given_streams

STREAM = serial_of("STOVE", "S-1")
ON_LINE = SerialOnLine(id="ser_1", serial_number="S-1")
MODEL = ModelLine(id="lin_1", code="STOVE", quantity=Decimal(1))
DRAFT: list[Fact] = [InvoiceDrafted(), InvoiceLineAdded(line=MODEL)]
ON_INVOICE = InvoiceSerialReserved(line_id="lin_1", serial=ON_LINE)
OFF_INVOICE = InvoiceSerialReleased(line_id="lin_1", serial_id="ser_1")
RESERVED = SerialReserved(invoice_id="inv_1", line_id="lin_1")
RELEASED = SerialReleased(invoice_id="inv_1")
SHIPPED = SerialShipped(invoice_id="inv_1", line_id="lin_1")


def book(*of_serial: Fact, held: bool = False) -> GivenStreams:
    facts = [*DRAFT, ON_INVOICE] if held else DRAFT
    return given_streams((INVOICE("inv_1"), facts), (STREAM, of_serial))


def test_a_serial_number_is_reserved_on_the_invoice_and_on_its_own_stream() -> None:
    book().when(reserve, "inv_1", "lin_1", ON_LINE).then(
        (INVOICE("inv_1"), [ON_INVOICE]), (STREAM, [RESERVED])
    )


@pytest.mark.parametrize(
    "other",
    [
        SerialReserved(invoice_id="inv_2", line_id="lin_1"),
        SerialShipped(invoice_id="inv_2", line_id="lin_1"),
    ],
)
def test_a_serial_number_of_another_invoice_cannot_be_reserved(other: Fact) -> None:
    refused = book(other).when(reserve, "inv_1", "lin_1", ON_LINE).refuses(RuleBroken)
    (violation,) = refused.violations
    assert (violation.code, violation.pointer) == ("P28", "/lines/0/serials/0/serialNumber")
    assert "inv_2" in violation.detail


@pytest.mark.parametrize(
    "free", [SerialReleased(invoice_id="inv_2"), SerialReturned(credit_note_id="crn_1")]
)
def test_what_was_released_or_came_back_can_be_reserved(free: Fact) -> None:
    book(free).when(reserve, "inv_1", "lin_1", ON_LINE).then(
        (INVOICE("inv_1"), [ON_INVOICE]), (STREAM, [RESERVED])
    )


def test_every_status_can_be_reached() -> None:
    facts = [RESERVED, SHIPPED, RELEASED, SerialReturned(credit_note_id="crn_1")]
    states = [fold(SERIAL, [it]) for it in facts]
    assert [it.status for it in states if it] == [*STATUSES]


def test_a_released_serial_number_is_free() -> None:
    book(RESERVED, held=True).when(release, "inv_1", "lin_1", "ser_1").then(
        (INVOICE("inv_1"), [OFF_INVOICE]), (STREAM, [RELEASED])
    )


def test_there_must_be_an_invoice() -> None:
    assert book().when(reserve, "inv_9", "lin_1", ON_LINE).refuses(NotFound).id == "inv_9"
    assert book().when(release, "inv_9", "lin_1", "ser_1").refuses(NotFound).id == "inv_9"


def test_a_draft_that_comes_with_serial_numbers_reserves_them() -> None:
    line = ModelLine(id="lin_1", code="STOVE", serials=(ON_LINE,))
    facts = draft(InvoiceDrafted(), [line])
    changes = tracked(given_streams().read, "inv_1", facts)
    assert changes == [(INVOICE("inv_1"), facts), (STREAM, [RESERVED])]


def test_a_removed_line_and_a_deleted_draft_let_their_serial_numbers_go() -> None:
    held = book(RESERVED, held=True)
    invoice = held.read(INVOICE("inv_1"))
    assert invoice is not None
    for facts in (remove_line(invoice, "lin_1"), delete(invoice)):
        assert isinstance(facts[-1], InvoiceLineRemoved | InvoiceDraftDeleted)
        _, own = tracked(held.read, "inv_1", facts)
        assert own == (STREAM, [RELEASED])


def test_what_is_released_and_reserved_again_in_one_command_stays_reserved() -> None:
    held = book(RESERVED, held=True)
    _, (stream, facts) = tracked(held.read, "inv_1", [OFF_INVOICE, ON_INVOICE])
    assert (stream, facts) == (STREAM, [RELEASED, RESERVED])
    assert fold(SERIAL, [RESERVED, *facts]) == fold(SERIAL, [RESERVED])


def test_a_number_that_another_invoice_got_meanwhile_is_not_released_for_it() -> None:
    other = book(SerialShipped(invoice_id="inv_2", line_id="lin_1"), held=True)
    assert tracked(other.read, "inv_1", [OFF_INVOICE]) == [(INVOICE("inv_1"), [OFF_INVOICE])]


def test_facts_that_do_not_concern_serial_numbers_stand_alone() -> None:
    assert tracked(book().read, "inv_1", DRAFT) == [(INVOICE("inv_1"), DRAFT)]


def test_posting_ships_and_voiding_frees() -> None:
    history = book(RESERVED, SHIPPED, held=True)
    invoice = history.read(INVOICE("inv_1"))
    assert invoice is not None
    assert shipped("inv_1", invoice) == [(STREAM, [SHIPPED])]
    assert released(history.read, "inv_1", invoice) == [(STREAM, [RELEASED])]
    gone = book(SHIPPED, SerialReturned(credit_note_id="crn_1"), held=True)
    assert released(gone.read, "inv_1", invoice) == []


def test_what_another_invoice_holds_is_not_free() -> None:
    for facts in ([], [RESERVED]):
        invoice = book(held=True).read(INVOICE("inv_1"))
        assert invoice is not None
        assert [*check_free(book(*facts).read, "inv_1", invoice)] == []
        expected = ["P28"] if facts else []
        assert [it.code for it in check_free(book(*facts).read, "inv_2", invoice)] == expected


def test_only_what_was_sold_comes_back() -> None:
    back = [(STREAM, [SerialReturned(credit_note_id="crn_1")])]
    assert returned(book(SHIPPED).read, "crn_1", "STOVE", ["S-1"]) == back
    refused = book(RESERVED).when(returned, "crn_1", "STOVE", ["S-1", "S-2"]).refuses(RuleBroken)
    assert [it.code for it in refused.violations] == ["P28", "P28"]


def test_where_a_serial_number_is() -> None:
    assert fold(SERIAL, [RESERVED]) == Serial(
        status="Reserved", invoice_id="inv_1", line_id="lin_1"
    )
    assert fold(SERIAL, [RESERVED, SHIPPED]) == Serial(
        status="Shipped", invoice_id="inv_1", line_id="lin_1"
    )
    assert fold(SERIAL, [RESERVED, RELEASED]) == Serial(status="Released")
    came_back = SerialReturned(credit_note_id="crn_1")
    assert fold(SERIAL, [came_back]) == Serial(status="Returned", credit_note_id="crn_1")


def test_codes_with_a_slash_do_not_mix() -> None:
    assert serial_of("A/B", "C") != serial_of("A", "B/C")
    assert serial_of("A%2FB", "C") != serial_of("A/B", "C")
    assert serial_of(None, "C").name == "serial//C"
