"""Serial numbers that come back with a credit note."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from domain.aggregate import Change, Read
from domain.amounts.packages import package_members
from domain.credit_note.state import CreditNote
from domain.errors import Violation
from domain.facts.credit_note import CreditLine
from domain.facts.lines import ModelLine
from domain.facts.serial import SerialShipped
from domain.invoice import INVOICE, Invoice, serials
from domain.money import ZERO
from domain.serial import returned, serial_of


class Sold(msgspec.Struct, frozen=True):
    """A serial number that the invoice has sold, and the code of its model."""

    model: str | None
    number: str


def sold_by_line(read: Read, invoice_id: str, invoice: Invoice) -> dict[str, list[Sold]]:
    """What each line has sold and nobody has brought back; a package has what is inside of it."""
    found: dict[str, list[Sold]] = {}
    packages = _packages(invoice)
    for line, serial in serials(invoice):
        state = read(serial_of(line.code, serial.serial_number))
        if state is not None and (state.status, state.invoice_id) == ("Shipped", invoice_id):
            id_ = packages.get(line.id, line.id)
            found.setdefault(id_, []).append(Sold(line.code, serial.serial_number))
    return found


def coming_back(line: CreditLine, sold: Sequence[Sold], left: Decimal | None) -> list[Sold]:
    """What comes back with this line: the numbers it names; without any, all, if its rest does."""
    if line.serial_numbers:
        return [it for it in sold if it.number in line.serial_numbers]
    return [*sold] if line.quantity == left else []


def serial_violations(
    lines: Sequence[CreditLine], sold: Mapping[str, Sequence[Sold]], models: frozenset[str]
) -> Iterator[Violation]:
    """P28: what comes back was sold by that line, and is not more than its quantity.

    ``models`` are the ids of the lines that are models, not packages of several.
    """
    for index, line in enumerate(lines):
        at = f"/lines/{index}/serialNumbers"
        known = {it.number for it in sold.get(line.line_id, ())}
        for nth, number in enumerate(line.serial_numbers):
            if number not in known or number in line.serial_numbers[:nth]:
                detail = f"The line has not sold {number!r}, or it came back already."
                yield Violation("P28", f"{at}/{nth}", detail)
        most = max(line.quantity, ZERO)
        if line.line_id in models and len(line.serial_numbers) > most:
            detail = f"These are more serial numbers than the {line.quantity} that come back."
            yield Violation("P28", at, detail)


def come_back(read: Read, credit_note_id: str, back: Sequence[Sold]) -> list[Change]:
    """That these serial numbers can be sold again."""
    return [
        change for it in back for change in returned(read, credit_note_id, it.model, [it.number])
    ]


def taken_again(
    read: Read, credit_note_id: str, note: CreditNote
) -> tuple[list[Change], list[Violation]]:
    """Voiding: what had come back with the credit note is sold after all, by the same invoice."""
    invoice = read(INVOICE(note.invoice_id)) if note.invoice_id else None
    if invoice is None or note.invoice_id is None:
        return [], []
    changes: list[Change] = []
    violations = []
    for line, number in _brought_back(invoice, note.lines):
        stream = serial_of(line.code, number)
        state = read(stream)
        if state is not None and state.credit_note_id == credit_note_id:
            shipped = SerialShipped(invoice_id=note.invoice_id, line_id=line.id)
            changes.append((stream, [shipped]))
        else:
            detail = f"Serial number {number!r} has gone elsewhere since it came back."
            violations.append(Violation("P28", "/lines", detail))
    return changes, violations


def _brought_back(
    invoice: Invoice, credited: Sequence[CreditLine]
) -> Iterator[tuple[ModelLine, str]]:
    """Each serial number that came back, beside the line of the invoice on which it stands."""
    numbers = {it.line_id: it.serial_numbers for it in credited}
    packages = _packages(invoice)
    for line, serial in serials(invoice):
        named = numbers.get(packages.get(line.id, line.id), ())
        if serial.serial_number in named:
            yield line, serial.serial_number


def _packages(invoice: Invoice) -> dict[str, str]:
    """The package's line of each line that is inside of one, by their ids."""
    lines = invoice.lines
    return {
        lines[member].id: lines[package].id
        for package, members in package_members(lines).items()
        for member in members
    }
