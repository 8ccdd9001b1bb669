"""The single transaction: a header and all of its children, in one decision and one append."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec

from api.xapi.adding import Adding, pay
from api.xapi.building import Building
from api.xapi.part_rows import InvoiceTable1
from api.xapi.planning import Child, Plan, places
from api.xapi.pointers import placed
from domain.aggregate import Change, Fact, Read, Stream, fold
from domain.errors import RuleBroken
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_parts import Address, Note, TableEntry, TaxOverride
from domain.facts.lines import Line, ModelLine, Serial
from domain.invoice import draft
from domain.serial import tracked


def add_invoice(
    read: Read, plan_: Plan, *, author: str, today: date, usual: Mapping[str, str]
) -> list[Change]:
    """Open the draft with everything that came with it.

    ``usual`` are header fields that the login gives where the body does not.

    Raises:
        RuleBroken: Everything that is wrong with any row, at its place in the body.
    """
    building = Building(read, plan_.references)
    building.violations += plan_.violations
    said = {name: value for name, value in usual.items() if getattr(plan_.body, name) is None}
    header = building.header(plan_.body, InvoiceDrafted, author=author, **said)
    facts = _draft(building, plan_, header)
    building.check()
    changes: list[Change] = []
    try:
        changes += tracked(read, plan_.id, facts)
    except RuleBroken as refusal:
        building.violations += placed(refusal.violations, places(plan_))
    for child in plan_.payments:
        asked = Adding(plan_.id, child.row, child.id, author, today)
        building.read = after(read, changes)
        with building.at(child.place):
            changes += pay(building, plan_.id, header, child.row, asked)  # type: ignore[arg-type]  # rows of this table are payments
    building.check()
    return changes


def _draft(building: Building, plan_: Plan, header: InvoiceDrafted) -> list[Fact]:
    lines: list[Line] = [
        building.line(it.row, it.id, header, it.place)  # type: ignore[arg-type]  # rows of these tables are lines
        for it in plan_.lines
    ]
    addresses = plan_.body.addresses or ()
    try:
        return draft(
            header,
            [_with_serials(building, plan_, line) for line in lines],
            addresses=[building.part(it, Address) for it in addresses],
            notes=[
                building.part(it.row, Note, id=it.id, author=header.author) for it in plan_.notes
            ],
            tables=list(_entries(building, plan_)),
            overrides=[building.part(it.row, TaxOverride, id=it.id) for it in plan_.taxes],
        )
    except RuleBroken as refusal:
        building.violations += placed(refusal.violations, places(plan_))
        return []


def _by(note: Child, header: InvoiceDrafted) -> dict[str, str | None]:
    return {"id": note.id, "author": header.author}


def _entries(building: Building, plan_: Plan) -> Iterator[TableEntry]:
    for child in plan_.tables:
        yield building.entry(child.row, child.id, 1 if isinstance(child.row, InvoiceTable1) else 2)


def _with_serials(building: Building, plan_: Plan, line: Line) -> Line:
    """The line; a model with the serial numbers that belong to it."""
    serials = plan_.serials.get(line.id)
    if not serials or not isinstance(line, ModelLine):
        return line
    made = tuple(building.part(it.row, Serial, id=it.id) for it in serials)
    return msgspec.structs.replace(line, serials=made)


def after(read: Read, changes: Sequence[Change]) -> Read:
    """What a decision reads that follows upon these changes in the same append."""
    states: dict[str, object] = {}
    for stream, facts in changes:
        before = states[stream.name] if stream.name in states else read(stream)
        states[stream.name] = fold(stream.aggregate, facts, before)

    def reading(stream: Stream[object]) -> object:
        return states[stream.name] if stream.name in states else read(stream)

    return reading  # type: ignore[return-value]  # a state is of its stream's type
