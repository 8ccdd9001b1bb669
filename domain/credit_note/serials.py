"""Serial numbers that come back with a credit note."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeAlias

from domain.aggregate import Change, Read
from domain.credit_note.state import CreditNote
from domain.errors import Violation
from domain.facts.credit_note import CreditLine
from domain.facts.lines import BilledLine, CommentLine, ModelLine
from domain.facts.serial import SerialShipped
from domain.invoice import INVOICE, Invoice, serials
from domain.money import ZERO, total
from domain.serial import returned, serial_of

Returning: TypeAlias = dict[str | None, list[str]]
"""Serial numbers by the code of their model."""


def quantity_left(invoice: Invoice, line: BilledLine) -> Decimal:
    """What no credit note has taken back of the line yet."""
    back = (
        part.quantity
        for credit in invoice.credits
        for part in credit.lines
        if part.line_id == line.id
    )
    return total([line.quantity or ZERO, *(-it for it in back)])


def serials_back(
    read: Read, invoice_id: str, invoice: Invoice, wanted: CreditLine, at: str
) -> tuple[Returning, list[Violation]]:
    """Which serial numbers of which models come back with this line, and what stands against it.

    Those that are named; without any, all that are still sold, when the rest of the line comes
    back. A package brings those of the lines inside of it.
    """
    sold = list(_sold(read, invoice_id, invoice, wanted.line_id))
    numbers = {number for _, number in sold}
    violations = [
        Violation(
            "P28",
            f"{at}/serialNumbers/{index}",
            f"Serial number {number!r} was not sold by this line, or came back already.",
        )
        for index, number in enumerate(wanted.serial_numbers)
        if number not in numbers or number in wanted.serial_numbers[:index]
    ]
    line = next((it for it in invoice.lines if it.id == wanted.line_id), None)
    if line is None or isinstance(line, CommentLine):
        return {}, violations
    if isinstance(line, ModelLine) and len(wanted.serial_numbers) > max(wanted.quantity, ZERO):
        detail = f"There are more serial numbers than the {wanted.quantity} that come back."
        violations.append(Violation("P28", f"{at}/serialNumbers", detail))
    rest = wanted.quantity == quantity_left(invoice, line)
    back: Returning = {}
    for model, number in sold:
        if number in wanted.serial_numbers or (rest and not wanted.serial_numbers):
            back.setdefault(model, []).append(number)
    return back, violations


def come_back(read: Read, credit_note_id: str, back: Returning) -> list[Change]:
    """That these serial numbers can be sold again."""
    return [
        change
        for model, numbers in back.items()
        for change in returned(read, credit_note_id, model, numbers)
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
    for line, serial in serials(invoice):
        named = (*numbers.get(line.id, ()), *numbers.get(line.package_id or "", ()))
        if serial.serial_number in named:
            yield line, serial.serial_number


def _sold(
    read: Read, invoice_id: str, invoice: Invoice, line_id: str
) -> Iterator[tuple[str | None, str]]:
    """Model and serial number of everything that the line, or its package, has sold still."""
    for line in invoice.lines:
        if not isinstance(line, ModelLine) or line_id not in {line.id, line.package_id}:
            continue
        for serial in line.serials:
            state = read(serial_of(line.code, serial.serial_number))
            if state and (state.status, state.invoice_id) == ("Shipped", invoice_id):
                yield line.code, serial.serial_number
