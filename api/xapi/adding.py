"""Independent transactions: one row is added to an invoice, by the same decisions as over REST."""

from datetime import date

import msgspec

from api.xapi.building import Building
from api.xapi.part_rows import (
    InvoiceAddress,
    InvoiceNote,
    InvoicePayment,
    InvoiceSerial,
    InvoiceTable1,
    InvoiceTable2,
    InvoiceTax,
)
from api.xapi.pointers import own
from api.xapi.references import lines_of
from api.xapi.rows import Numbered, Row
from domain import invoice as decisions
from domain import payment, serial
from domain.aggregate import Change, Fact, Read, fold
from domain.allocation import Allocation
from domain.errors import NotFound, RuleBroken, Violation
from domain.facts.invoice_parts import Address, Header, Note, TaxOverride
from domain.facts.lines import Serial
from domain.invoice import INVOICE, Invoice, is_estimate


class Adding(msgspec.Struct, frozen=True):
    """Who adds what to which invoice, and when. ``id`` is that of the new child."""

    invoice_id: str
    row: Row
    id: str
    author: str
    today: date


def add(read: Read, adding: Adding) -> list[Change]:
    """Add the row.

    Raises:
        NotFound: There is no such invoice, or no such line of it.
        NotAllowed: The status of the invoice forbids it.
        RuleBroken: Everything that is wrong, at the keys of the row.
    """
    invoice = read(INVOICE(adding.invoice_id))
    if invoice is None:
        raise NotFound("invoice", adding.invoice_id)
    building = Building(read, lines_of(invoice))
    try:
        if isinstance(adding.row, InvoiceSerial):
            return _serial(building, invoice, adding, adding.row)
        if isinstance(adding.row, InvoicePayment):
            return pay(building, adding.invoice_id, invoice, adding.row, adding)
        facts = _facts(building, invoice, adding)
        return serial.tracked(read, adding.invoice_id, facts)
    except RuleBroken as refusal:
        raise RuleBroken(tuple(own(refusal.violations, type(adding.row)))) from refusal


def _facts(building: Building, invoice: Invoice, adding: Adding) -> list[Fact]:
    row, id_ = adding.row, adding.id
    match row:
        case Numbered():
            line = building.line(row, id_, invoice)
            building.check()
            return _in_place(invoice, row.line_no, decisions.add_line(invoice, line))
        case InvoiceAddress():
            return decisions.set_address(invoice, building.part(row, Address))
        case InvoiceNote():
            note = building.part(row, Note, id=id_, author=adding.author)
            return decisions.add_note(invoice, note)
        case InvoiceTax():
            return decisions.override_tax(invoice, building.part(row, TaxOverride, id=id_))
        case InvoiceTable1():
            return decisions.assign_table(invoice, building.entry(row, id_, 1))
        case InvoiceTable2():
            return decisions.assign_table(invoice, building.entry(row, id_, 2))
        case _:
            raise AssertionError(f"{type(row)} is no row that is added to an invoice")


def _in_place(invoice: Invoice, line_no: int | None, facts: list[Fact]) -> list[Fact]:
    """The new line is at the end; with a ``lineNo``, it is moved there."""
    after = fold(INVOICE, facts, invoice)
    if line_no is None or after is None or line_no >= len(after.lines):
        return facts
    *others, new = (line.id for line in after.lines)
    others.insert(line_no - 1, new)
    return [*facts, *decisions.reorder_lines(after, others)]


def _serial(
    building: Building, invoice: Invoice, adding: Adding, row: InvoiceSerial
) -> list[Change]:
    decisions.guard(invoice, "reserveSerial")
    line_id = building.lines.model(row.model_line_id)
    made = building.part(row, Serial, id=adding.id)
    return serial.reserve(building.read, adding.invoice_id, line_id, made)


# ---------------------------------------------------------------- payments


def pay(
    building: Building,
    invoice_id: str,
    header: Header,
    row: InvoicePayment,
    adding: Adding,
) -> list[Change]:
    """Record the payment: for a posted invoice with its allocation, for a draft as a deposit.

    A draft owes nothing yet. The deposit names it, and is applied once it is posted.

    Raises:
        RuleBroken: The invoice is an estimate, or something is wrong about the payment.
    """
    invoice = header if isinstance(header, Invoice) else Invoice(type=header.type)
    if is_estimate(invoice):
        detail = "An estimate takes no payments: convert it into an invoice first."
        raise RuleBroken((Violation("estimate", "", detail),))
    money = building.payment(row, header, adding.today)
    if invoice.status not in {"Draft", "Approved"}:
        whole = [Allocation(invoice_id=invoice_id)]
        return payment.record(building.read, adding.id, money, whole, today=adding.today)
    deposit = msgspec.structs.replace(
        money,
        deposit=True,
        reference=money.reference or invoice_id,
        memo=f"Deposit for invoice {invoice_id}",
    )
    return payment.record(building.read, adding.id, deposit, today=adding.today)
