"""A body with all child tables, before it is decided: ids for every row, and who belongs to whom.

Ids are made here and once, so that deciding twice comes to the same.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from api.xapi.invoice_rows import Invoice as InvoiceRow
from api.xapi.line_rows import InvoiceModel
from api.xapi.part_rows import InvoiceSerial, InvoiceTable1, InvoiceTable2
from api.xapi.pointers import Places
from api.xapi.references import Lines
from api.xapi.rows import Billed, Numbered, Row
from domain.aggregate import Stream
from domain.code_entry import entry_of
from domain.errors import RuleBroken, Violation
from domain.posting.case import CODE_TABLES
from domain.product import PRODUCT
from domain.serial import serial_of
from domain.tax_code import TAX_CODE
from store.ids import new_id

LINES = ("models", "items", "packages", "misc", "warranties", "labor", "comments")
"""The child tables that hold lines, in the order in which lines without a ``lineNo`` follow."""


class Child(msgspec.Struct, frozen=True):
    """A row, where it stands in the body, and the id that it gets."""

    row: Row
    place: str
    id: str


class Plan(msgspec.Struct, frozen=True):
    """A body whose rows have got their ids. ``serials`` are by the id of their line.

    ``violations`` are what is wrong with references among the rows.
    """

    id: str
    body: InvoiceRow
    lines: tuple[Child, ...]
    references: Lines
    serials: dict[str, tuple[Child, ...]]
    notes: tuple[Child, ...]
    tables: tuple[Child, ...]
    taxes: tuple[Child, ...]
    payments: tuple[Child, ...]
    violations: tuple[Violation, ...]


def plan(body: InvoiceRow) -> Plan:
    """Give an id to the invoice and to every child."""
    id_ = new_id("inv")
    found = [it for name in LINES for it in _children(body, name, "lin")]
    lines = sorted(found, key=_place_among_lines)
    violations: list[Violation] = []
    references = Lines(
        numbers=_numbers(lines, violations),
        models=tuple(it.id for it in lines if isinstance(it.row, InvoiceModel)),
    )
    return Plan(
        id=id_,
        body=body,
        lines=tuple(lines),
        references=references,
        serials=_serials(body, references, violations),
        notes=tuple(_children(body, "notes", "not")),
        tables=tuple(_tables(body)),
        taxes=tuple(_children(body, "overrides", "tov")),
        payments=tuple(
            Child(row, f"/payments/{index}", payment_id(id_, index))
            for index, row in enumerate(body.payments or ())
        ),
        violations=tuple(violations),
    )


def looked_at(plan_: Plan) -> list[Stream[Any]]:
    """The master data and serial numbers that the decision looks at, to be loaded in one go."""
    found: list[Stream[Any]] = []
    for child in plan_.lines:
        row = child.row
        code = row.code if isinstance(row, Numbered) else None
        if code is not None:
            table = CODE_TABLES.get(str(row.OF.__struct_config__.tag))
            found += [PRODUCT(code), *([entry_of(table, code)] if table else [])]
        if isinstance(row, Billed):
            codes = (row.tax1_code, row.tax2_code, row.tax3_code)
            found += [TAX_CODE(it) for it in codes if it is not None]
        for serial in plan_.serials.get(child.id, ()):
            assert isinstance(serial.row, InvoiceSerial)
            found.append(serial_of(code, serial.row.serial_number))
    return found


def payment_id(invoice_id: str, index: int) -> str:
    """The id of a payment that came with an invoice.

    It follows from the invoice's, so that the answer to a repeated request can name it again: the
    last two of its random characters give way to the payment's place.
    """
    return f"pay_{invoice_id.removeprefix('inv_')[:-2]}{index:02d}"


def places(plan_: Plan) -> Places:
    """Where in the body stands what the domain knows by its place in the invoice."""
    found: dict[str, tuple[str, type[Row]]] = {"": ("", InvoiceRow)}
    for name, children in (
        ("lines", plan_.lines),
        ("notes", plan_.notes),
        ("tables", plan_.tables),
        ("overrides", plan_.taxes),
        ("addresses", tuple(_children(plan_.body, "addresses", "adr"))),
    ):
        for index, child in enumerate(children):
            found[f"/{name}/{index}"] = (child.place, type(child.row))
            for nth, serial in enumerate(plan_.serials.get(child.id, ())):
                found[f"/{name}/{index}/serials/{nth}"] = (serial.place, InvoiceSerial)
    return found


def _children(body: InvoiceRow, name: str, prefix: str) -> Iterator[Child]:
    key = "taxes" if name == "overrides" else name
    for index, row in enumerate(getattr(body, name) or ()):
        yield Child(row, f"/{key}/{index}", new_id(prefix))


def _tables(body: InvoiceRow) -> Iterator[Child]:
    """Entries of tables 1 and 2; the header's two codes stand for an entry each."""
    if body.table1_code is not None:
        yield Child(InvoiceTable1(code=body.table1_code), "/table1Code", new_id("tab"))
    if body.table2_code is not None:
        yield Child(InvoiceTable2(code=body.table2_code), "/table2Code", new_id("tab"))
    yield from _children(body, "table1", "tab")
    yield from _children(body, "table2", "tab")


def _place_among_lines(child: Child) -> tuple[bool, int]:
    number = _number(child)
    return number is None, number or 0


def _number(child: Child) -> int | None:
    return child.row.line_no if isinstance(child.row, Numbered) else None


def _numbers(lines: Sequence[Child], violations: list[Violation]) -> dict[str, str]:
    """The id of every line by its number: its own, or the next one after the greatest."""
    numbers: dict[str, str] = {}
    latest = 0
    for child in lines:
        own = _number(child)
        if own is not None and str(own) in numbers:
            detail = f"There are two lines with the lineNo {own}: number each once."
            violations.append(Violation("line-number", f"{child.place}/lineNo", detail))
        latest = own or latest + 1
        numbers[str(latest)] = child.id
    return numbers


def _serials(
    body: InvoiceRow, references: Lines, violations: list[Violation]
) -> dict[str, tuple[Child, ...]]:
    """The serial numbers by the id of the model line that they belong to."""
    found: dict[str, tuple[Child, ...]] = {}
    for child in _children(body, "serials", "ser"):
        assert isinstance(child.row, InvoiceSerial)
        try:
            line_id = references.model(child.row.model_line_id)
        except RuleBroken as refusal:
            violations += [
                msgspec.structs.replace(it, pointer=child.place + it.pointer)
                for it in refusal.violations
            ]
        else:
            found[line_id] = (*found.get(line_id, ()), child)
    return found
