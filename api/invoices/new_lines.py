"""New lines: what was sent, completed from master data by the decision that adds them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from api.line_schemas import LineIn, LinePatch
from domain.aggregate import Read
from domain.defaults import completed, taxes_of
from domain.errors import RuleBroken, Violation
from domain.facts.invoice_parts import Header
from domain.facts.lines import Line, Tax
from domain.invoice import Invoice
from store.ids import new_id


class NewLine(msgspec.Struct, frozen=True):
    """A line as it was sent, and the names of the fields that were; ``at`` points to its body."""

    line: Line
    sent: frozenset[str]
    tax_codes: tuple[str, ...] | None
    at: str


def new_lines(bodies: Sequence[LineIn], at: str = "/lines") -> tuple[NewLine, ...]:
    """The lines under ids of their own, with references by ``ref`` resolved.

    Raises:
        RuleBroken: Fields that a line of its kind does not have, or a ``ref`` that stands twice.
    """
    ids = [new_id("lin") for _ in bodies]
    refs = {it.ref: id_ for it, id_ in zip(bodies, ids, strict=True) if isinstance(it.ref, str)}
    violations = [
        violation
        for index, body in enumerate(bodies)
        for violation in body.violations(body.kind, f"{at}/{index}")
    ]
    named = [it.ref for it in bodies if isinstance(it.ref, str)]
    if len(named) != len(refs):
        detail = "Two lines have the same ref: it must mean one of them."
        violations.append(Violation("duplicate-ref", at, detail))
    if violations:
        raise RuleBroken(tuple(violations))
    return tuple(
        new_line(body, id_, refs, f"{at}/{index}")
        for index, (body, id_) in enumerate(zip(bodies, ids, strict=True))
    )


def new_line(
    body: LineIn, id_: str | None = None, refs: dict[str, str] | None = None, at: str = ""
) -> NewLine:
    """One line, as ``new_lines``."""
    line = body.line(id_ or new_id("lin"), refs or {})
    return NewLine(line, frozenset(body.values()), body.codes(), at)


def completed_lines(read: Read, lines: Sequence[NewLine], header: Header) -> tuple[Line, ...]:
    """The lines with what their codes, the document and the customer give.

    Raises:
        RuleBroken: Tax codes that there are not; all are named.
    """
    done: list[Line] = []
    violations: list[Violation] = []
    for it in lines:
        try:
            done.append(_completed(read, it, header))
        except RuleBroken as broken:
            violations += broken.violations
    if violations:
        raise RuleBroken(tuple(violations))
    return tuple(done)


def patched_line(
    read: Read, body: LinePatch, line: Line, invoice: Invoice
) -> tuple[Line, tuple[str, ...]]:
    """The line with what was sent, and the names of what may have changed.

    A code that changes gives the fields that are still empty, as it would give those of a new line.
    """
    to, fields = body.changes(line)
    codes = body.codes()
    if codes is not None:
        to = msgspec.structs.replace(to, taxes=taxes_by_codes(read, codes, ""))
    if to.code is None or to.code == line.code:
        return to, fields
    kept = {*fields, *_filled(line)}
    full = completed(read, to, sent=kept, header=invoice)
    more = tuple(it for it in full.__struct_fields__ if getattr(full, it) != getattr(to, it))
    return full, (*fields, *more)


def taxes_by_codes(read: Read, codes: Sequence[str], at: str) -> tuple[Tax, ...]:
    """The taxes behind the codes that stand in the body at ``at``."""
    taxes: list[Tax] = []
    violations: list[Violation] = []
    for index, code in enumerate(codes):
        try:
            taxes += taxes_of(read, (code,))
        except RuleBroken as broken:
            pointer = f"{at}/taxCodes/{index}"
            violations += [Violation(it.code, pointer, it.detail) for it in broken.violations]
    if violations:
        raise RuleBroken(tuple(violations))
    return tuple(taxes)


def _completed(read: Read, new: NewLine, header: Header) -> Line:
    line: Any = new.line
    if new.tax_codes is not None:
        line = msgspec.structs.replace(line, taxes=taxes_by_codes(read, new.tax_codes, new.at))
    done: Line = completed(read, line, sent=new.sent, header=header)
    return done


def _filled(line: Line) -> frozenset[str]:
    """The fields that say something already: those with their default say nothing yet."""
    blank = type(line)(id=line.id)
    names = line.__struct_fields__
    return frozenset(it for it in names if getattr(line, it) != getattr(blank, it))
