"""Serial numbers come back with a credit note."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import pytest

from domain.credit_note import (
    void,
)
from domain.errors import RuleBroken
from domain.facts.credit_note import (
    CreditLine,
)
from domain.facts.invoice import InvoiceDrafted, InvoiceLineAdded, InvoiceSerialReserved
from domain.facts.lines import Line, ModelLine, PackageLine, Serial
from domain.posting import post as post_invoice
from domain.serial import reserve, serial_of, tracked
from tests.domain.bills import TODAY, History, appended, customer, state_of
from tests.domain.credits import (
    VAT,
    broken,
    codes,
    credited,
    draft_of,
    note_in,
    part,
    settings,
)
from tests.given import given_streams

MODEL = ModelLine(
    id="lin_1",
    code="STOVE-7",
    description="Stove",
    quantity=Decimal(2),
    unit_price=Decimal(50),
    taxes=VAT,
)
SERIALS = [Serial(id=f"ser_{number}", serial_number=f"SN-{number}") for number in (1, 2)]


def sold_serials(*lines: Line) -> list[History]:
    book = [customer(), settings(), draft_of(*(lines or (MODEL,)))]
    for serial in SERIALS:
        book = appended(book, reserve(given_streams(*book).read, "inv_1", "lin_1", serial))
    return appended(book, post_invoice(given_streams(*book).read, "inv_1", today=TODAY))


def serial_states(book: Sequence[History]) -> list[str]:
    streams = [serial_of("STOVE-7", it.serial_number) for it in SERIALS]
    return [state_of(given_streams(*book), it).status for it in streams]


def test_all_serial_numbers_come_back_with_the_rest_of_a_line() -> None:
    book = credited(sold_serials())
    assert serial_states(book) == ["Returned", "Returned"]
    assert note_in(book).lines[0].serial_numbers == ("SN-1", "SN-2")


def test_of_a_part_of_a_line_those_come_back_that_are_named() -> None:
    book = credited(sold_serials(), lines=[part("lin_1", 1, "SN-2")])
    assert serial_states(book) == ["Shipped", "Returned"]
    assert serial_states(credited(book, note="crn_2")) == ["Returned", "Returned"]
    unnamed = credited(sold_serials(), lines=[part("lin_1", 1)])
    assert serial_states(unnamed) == ["Shipped", "Shipped"]


def test_serial_numbers_inside_of_a_package_come_back_with_it() -> None:
    package = PackageLine(
        id="lin_9",
        description="Set",
        quantity=Decimal(1),
        unit_price=Decimal(90),
        taxes=VAT,
    )
    inside = msgspec.structs.replace(MODEL, package_id="lin_9")
    book = credited(sold_serials(inside, package))
    assert serial_states(book) == ["Returned", "Returned"]
    refused = credited(sold_serials(inside, package), lines=[part("lin_1", 1)], posted=False)
    assert broken(refused) == [("P71", "/lines/0/lineId")]


@pytest.mark.parametrize(
    ("line", "pointers"),
    [
        (part("lin_1", 1, "SN-9"), ["/lines/0/serialNumbers/0"]),
        (part("lin_1", 2, "SN-1", "SN-1"), ["/lines/0/serialNumbers/1"]),
        (part("lin_1", 1, "SN-1", "SN-2"), ["/lines/0/serialNumbers"]),
    ],
)
def test_only_what_the_line_has_sold_comes_back(line: CreditLine, pointers: list[str]) -> None:
    book = credited(sold_serials(), lines=[line], posted=False)
    assert broken(book) == [("P28", it) for it in pointers]


def test_a_voided_credit_note_has_brought_nothing_back() -> None:
    book = credited(sold_serials(), apply=False)
    voided = void(given_streams(*book).read, "crn_1", reason="Kept.", today=TODAY)
    assert serial_states(appended(book, voided)) == ["Shipped", "Shipped"]


def test_a_credit_note_is_not_voided_when_a_serial_number_was_sold_again() -> None:
    book = credited(sold_serials(), apply=False)
    line = msgspec.structs.replace(MODEL, quantity=Decimal(1), serials=())
    other = InvoiceDrafted(customer_id="ACME", currency="EUR")
    facts = [
        other,
        InvoiceLineAdded(line=line),
        InvoiceSerialReserved(line_id="lin_1", serial=SERIALS[0]),
    ]
    book = appended(book, tracked(given_streams(*book).read, "inv_2", facts))
    outcome = given_streams(*book).when(void, "crn_1", reason="Kept.", today=TODAY)
    assert codes(outcome.refuses(RuleBroken)) == [("P28", "/lines")]
