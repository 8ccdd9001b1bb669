"""Decisions about the lines of an invoice and the serial numbers under them.

A serial number is always reserved and released by a fact of its own, also when it comes with a new
line or goes with a removed one: whoever keeps serial numbers unique in the whole book has two facts
to look for, and no more.
"""

from collections.abc import Iterator, Sequence

import msgspec

from domain.aggregate import Fact
from domain.changes import differing, patched
from domain.errors import NotAllowed, NotFound, RuleBroken, Violation
from domain.facts.invoice import (
    InvoiceLineAdded,
    InvoiceLineChanged,
    InvoiceLineRemoved,
    InvoiceLinesReordered,
    InvoiceSerialReleased,
    InvoiceSerialReserved,
)
from domain.facts.lines import Line, ModelLine, Serial, kind_of
from domain.invoice.checks import (
    ids_twice,
    line_violations,
    refuse,
    serial_violations,
    serials_twice,
    size,
)
from domain.invoice.editable import withdrawing
from domain.invoice.guard import available_actions, guard
from domain.invoice.state import Invoice, is_estimate, serials

_NOT_BY_CHANGE = ("id", "serials")


def add_line(invoice: Invoice, line: Line) -> list[Fact]:
    """Add a line of any kind at the end, with its serial numbers if it is a model."""
    guard(invoice, "addLine")
    refuse(new_lines_violations(invoice, (line,)))
    return withdrawing(invoice, added(line))


def change_line(invoice: Invoice, to: Line, fields: Sequence[str]) -> list[Fact]:
    """Change fields of the line that ``to.id`` names. What is so already makes no fact.

    Raises:
        NotFound: There is no such line.
        RuleBroken: ``to`` is of another kind, or a value makes no sense.
        NotAllowed: The model's code cannot change while serial numbers are reserved under it.
    """
    guard(invoice, "changeLine")
    line = line_of(invoice, to.id)
    if type(line) is not type(to):
        detail = f"The line is of the kind {kind_of(line)}: remove it and add another one."
        raise RuleBroken((Violation("line-kind", "/kind", detail),))
    names = differing(line, to, [it for it in fields if it not in _NOT_BY_CHANGE])
    if "code" in names and isinstance(line, ModelLine) and line.serials:
        detail = "Serial numbers are reserved under this model: release them before its code."
        raise NotAllowed(detail, code="serials-reserved", actions=available_actions(invoice))
    refuse(line_violations(patched(line, to, names), ""))
    return withdrawing(invoice, [InvoiceLineChanged(to=to, fields=names)] if names else [])


def remove_line(invoice: Invoice, line_id: str) -> list[Fact]:
    """Take a line off, and let its serial numbers go."""
    guard(invoice, "removeLine")
    line = line_of(invoice, line_id)
    gone = [it for it in released(invoice) if it.line_id == line.id]
    return withdrawing(invoice, [*gone, InvoiceLineRemoved(line_id=line.id)])


def reorder_lines(invoice: Invoice, line_ids: Sequence[str]) -> list[Fact]:
    """Put the lines in this order. All of them must be named, each once."""
    guard(invoice, "reorderLines")
    present = [line.id for line in invoice.lines]
    if sorted(line_ids) != sorted(present):
        missing = sorted({*present} - {*line_ids})
        unknown = sorted({*line_ids} - {*present})
        detail = (
            f"Name each of the {len(present)} lines once. Missing: {', '.join(missing) or 'none'}; "
            f"unknown: {', '.join(unknown) or 'none'}."
        )
        raise RuleBroken((Violation("lines-order", "/lineIds", detail),))
    same = [*line_ids] == present
    return [] if same else [InvoiceLinesReordered(line_ids=tuple(line_ids))]


# ---------------------------------------------------------------- serial numbers


def reserve_serial(invoice: Invoice, line_id: str, serial: Serial) -> list[Fact]:
    """Put a serial number under a model line.

    Raises:
        NotFound: There is no such line.
        RuleBroken: The line is no model, or the number stands on this invoice already (P28).
    """
    guard(invoice, "reserveSerial")
    line = line_of(invoice, line_id)
    if not isinstance(line, ModelLine):
        detail = f"Only models have serial numbers; this line is of the kind {kind_of(line)}."
        raise RuleBroken((Violation("serial-model", "/serialNumber", detail),))
    others = serials(invoice)
    refuse(serial_violations(line, serial, ""))
    refuse(size("serials", len(others) + 1))
    refuse(ids_twice([*(it.id for _, it in others), serial.id], "/id"))
    if (line.code, serial.serial_number) in [(it.code, of.serial_number) for it, of in others]:
        detail = f"Serial number {serial.serial_number!r} is on this invoice already."
        raise RuleBroken((Violation("P28", "/serialNumber", detail),))
    return [InvoiceSerialReserved(line_id=line.id, serial=serial)]


def release_serial(invoice: Invoice, line_id: str, serial_id: str) -> list[Fact]:
    """Take a serial number off a model line, so that it can be sold elsewhere."""
    guard(invoice, "releaseSerial")
    line = line_of(invoice, line_id)
    gone = [it for it in released(invoice) if (it.line_id, it.serial_id) == (line.id, serial_id)]
    if not gone:
        raise NotFound("serial", serial_id)
    return [*gone]


# ---------------------------------------------------------------- what the decisions share


def line_of(invoice: Invoice, line_id: str) -> Line:
    """The line with this id, or the refusal that there is none."""
    for line in invoice.lines:
        if line.id == line_id:
            return line
    raise NotFound("line", line_id)


def added(line: Line) -> list[Fact]:
    """The facts by which a new line, and the serial numbers that came with it, get there."""
    if not isinstance(line, ModelLine) or not line.serials:
        return [InvoiceLineAdded(line=line)]
    return [
        InvoiceLineAdded(line=msgspec.structs.replace(line, serials=())),
        *(InvoiceSerialReserved(line_id=line.id, serial=it) for it in line.serials),
    ]


def released(invoice: Invoice) -> list[InvoiceSerialReleased]:
    """The facts by which all serial numbers of the invoice are let go."""
    return [InvoiceSerialReleased(line_id=it.id, serial_id=of.id) for it, of in serials(invoice)]


def new_lines_violations(invoice: Invoice, lines: Sequence[Line]) -> Iterator[Violation]:
    """What is wrong with lines that come to those which are there, even in a draft."""
    count = len(invoice.lines)
    excess = [*size("lines", count + len(lines))]
    if excess:
        yield excess[0]
        return
    for index, line in enumerate(lines):
        yield from line_violations(line, f"/lines/{count + index}")
    together = (*invoice.lines, *lines)
    yield from ids_twice([line.id for line in together], "/lines")
    coming = [it for line in lines if isinstance(line, ModelLine) for it in line.serials]
    if not coming:
        return
    there = [it for _, it in serials(invoice)]
    yield from size("serials", len(there) + len(coming))
    yield from ids_twice([it.id for it in (*there, *coming)], "/lines")
    yield from serials_twice(together)
    if is_estimate(invoice):
        detail = "An estimate holds no serial numbers: convert it first."
        yield Violation("estimate", "/lines", detail)
