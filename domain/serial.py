"""Serial number of a model: where it is, so that nobody sells it twice. State, decisions, evolve.

An invoice says by its own facts that it reserved or released a number; ``tracked`` writes the same
on the number's stream, in the same append.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias, assert_never

import msgspec

from domain.aggregate import Aggregate, Change, Fact, Read, Stream, fold
from domain.errors import NotFound, RuleBroken, Violation
from domain.facts.invoice import InvoiceSerialReleased, InvoiceSerialReserved
from domain.facts.lines import ModelLine
from domain.facts.lines import Serial as SerialOnLine
from domain.facts.serial import SerialReleased, SerialReserved, SerialReturned, SerialShipped
from domain.invoice.evolve import INVOICE
from domain.invoice.lines import release_serial, reserve_serial
from domain.invoice.state import Invoice, serials

# ---------------------------------------------------------------- state


class Serial(msgspec.Struct, frozen=True, kw_only=True):
    """One serial number. While reserved or shipped, ``invoice_id`` and ``line_id`` say by what."""

    status: str
    invoice_id: str | None = None
    line_id: str | None = None
    credit_note_id: str | None = None


STATUSES = ("Reserved", "Shipped", "Released", "Returned")


def serial_of(model: str | None, serial_number: str) -> Stream[Serial]:
    """The stream of a serial number: it is unique under its model, not among all models."""
    code = (model or "").replace("%", "%25").replace("/", "%2F")
    return SERIAL(f"{code}/{serial_number}")


# ---------------------------------------------------------------- decisions


def reserve(read: Read, invoice_id: str, line_id: str, serial: SerialOnLine) -> list[Change]:
    """Put a serial number under a model line of a draft, for nobody else to sell.

    Raises:
        NotFound: There is no such invoice or line.
        RuleBroken: Another invoice holds the number or has sold it (P28).
    """
    invoice = _invoice(read, invoice_id)
    return tracked(read, invoice_id, reserve_serial(invoice, line_id, serial))


def release(read: Read, invoice_id: str, line_id: str, serial_id: str) -> list[Change]:
    """Take a serial number off a model line of a draft, so that it can be sold elsewhere."""
    invoice = _invoice(read, invoice_id)
    return tracked(read, invoice_id, release_serial(invoice, line_id, serial_id))


def tracked(read: Read, invoice_id: str, facts: Sequence[Fact]) -> list[Change]:
    """The facts of an invoice, and beside them what they mean for its serial numbers.

    Every command that may reserve or release passes its facts through this: opening, copying or
    deleting a draft, adding or removing a line.

    Raises:
        RuleBroken: Another invoice holds a number or has sold it (P28); all such are named.
    """
    violations: list[Violation] = []
    found: dict[str, tuple[Stream[Serial], list[Fact]]] = {}
    for stream, fact, pointer in _serial_facts(read(INVOICE(invoice_id)), invoice_id, facts):
        own = found.setdefault(stream.name, (stream, []))[1]
        state = fold(SERIAL, own, read(stream))
        if isinstance(fact, SerialReserved):
            violations += _held(state, invoice_id, pointer)
        if isinstance(fact, SerialReserved) or _is_by(state, invoice_id):
            own.append(fact)
    if violations:
        raise RuleBroken(tuple(violations))
    own_facts = [(stream, own) for stream, own in found.values() if own]
    return [(INVOICE(invoice_id), facts), *own_facts]


def _serial_facts(
    invoice: Invoice | None, invoice_id: str, facts: Sequence[Fact]
) -> Iterator[tuple[Stream[Serial], Fact, str]]:
    """What the invoice's facts mean for serial numbers, and where the number stands on it."""
    for fact in facts:
        before, invoice = invoice, INVOICE.evolve(invoice, fact)
        if isinstance(fact, InvoiceSerialReserved) and invoice is not None:
            reserved = SerialReserved(invoice_id=invoice_id, line_id=fact.line_id)
            yield _place(invoice, fact.serial.id, reserved)
        elif isinstance(fact, InvoiceSerialReleased) and before is not None:
            yield _place(before, fact.serial_id, SerialReleased(invoice_id=invoice_id))


def _place(invoice: Invoice, serial_id: str, fact: Fact) -> tuple[Stream[Serial], Fact, str]:
    return next(
        (
            serial_of(line.code, serial.serial_number),
            fact,
            f"/lines/{at}/serials/{nth}/serialNumber",
        )
        for at, line in enumerate(invoice.lines)
        for nth, serial in enumerate(line.serials if isinstance(line, ModelLine) else ())
        if serial.id == serial_id
    )


def shipped(invoice_id: str, invoice: Invoice) -> list[Change]:
    """Posting: every serial number of the invoice is sold."""
    return [
        (
            serial_of(line.code, serial.serial_number),
            [SerialShipped(invoice_id=invoice_id, line_id=line.id)],
        )
        for line, serial in serials(invoice)
    ]


def released(read: Read, invoice_id: str, invoice: Invoice) -> list[Change]:
    """Voiding: what the invoice had sold or held can be sold elsewhere."""
    streams = [serial_of(line.code, serial.serial_number) for line, serial in serials(invoice)]
    gone = [SerialReleased(invoice_id=invoice_id)]
    return [(stream, gone) for stream in streams if _is_by(read(stream), invoice_id)]


def returned(
    read: Read, credit_note_id: str, model: str | None, serial_numbers: Sequence[str]
) -> list[Change]:
    """Crediting: these serial numbers of a model came back, and can be sold again.

    Raises:
        RuleBroken: A number was not sold (P28); all such are named.
    """
    streams = [serial_of(model, number) for number in serial_numbers]
    states = [read(stream) for stream in streams]
    violations = tuple(
        Violation("P28", "/serialNumbers", f"Serial number {number!r} was not sold.")
        for number, state in zip(serial_numbers, states, strict=True)
        if state is None or state.status != "Shipped"
    )
    if violations:
        raise RuleBroken(violations)
    return [(stream, [SerialReturned(credit_note_id=credit_note_id)]) for stream in streams]


def check_free(read: Read, invoice_id: str, invoice: Invoice) -> Iterator[Violation]:
    """P28: no other invoice holds a serial number of this one, or has sold it."""
    for index, line in enumerate(invoice.lines):
        for nth, serial in enumerate(line.serials if isinstance(line, ModelLine) else ()):
            state = read(serial_of(line.code, serial.serial_number))
            pointer = f"/lines/{index}/serials/{nth}/serialNumber"
            yield from _held(state, invoice_id, pointer)


def _held(state: Serial | None, invoice_id: str, pointer: str) -> Iterator[Violation]:
    if state is not None and state.invoice_id not in {None, invoice_id}:
        done = "reserved by" if state.status == "Reserved" else "sold on"
        detail = f"The serial number is {done} invoice {state.invoice_id}: take another one."
        yield Violation("P28", pointer, detail)


def _is_by(state: Serial | None, invoice_id: str) -> bool:
    return state is not None and state.invoice_id == invoice_id


def _invoice(read: Read, invoice_id: str) -> Invoice:
    invoice = read(INVOICE(invoice_id))
    if invoice is None:
        raise NotFound("invoice", invoice_id)
    return invoice


# ---------------------------------------------------------------- evolve

SerialFact: TypeAlias = SerialReserved | SerialReleased | SerialShipped | SerialReturned


def evolve(_serial: Serial | None, fact: SerialFact) -> Serial:
    """Where the serial number is after the fact."""
    match fact:
        case SerialReserved():
            return Serial(status="Reserved", invoice_id=fact.invoice_id, line_id=fact.line_id)
        case SerialShipped():
            return Serial(status="Shipped", invoice_id=fact.invoice_id, line_id=fact.line_id)
        case SerialReleased():
            return Serial(status="Released")
        case SerialReturned():
            return Serial(status="Returned", credit_note_id=fact.credit_note_id)
        case _:
            assert_never(fact)


SERIAL: Aggregate[Serial] = Aggregate("serial", evolve)
