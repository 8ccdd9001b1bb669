"""What a call on the XAPI has written, read off the entity as it was right after the call.

A repeated request gets its first answer again, because it is read off the same version again.
"""

from collections.abc import Iterator

from api.xapi.envelope import EnvelopeRow, EnvelopeTable, row
from api.xapi.objects import BY_KIND
from api.xapi.part_rows import InvoiceAddress, InvoiceSerial
from api.xapi.planning import payment_id
from api.xapi.references import lines_of
from api.xapi.rows import Numbered, Row
from domain.facts.invoice_parts import TableEntry
from domain.facts.lines import ModelLine, kind_of
from domain.invoice import MAX_LINES, Invoice, serials
from domain.invoice.lines import line_of
from domain.payment import Payment, unapplied
from store.recorded import Versioned


def of_invoice(entity: Versioned[Invoice], payments: int = 0) -> list[EnvelopeTable]:
    """The invoice and all of its children; ``payments`` came with it."""
    parts: dict[str, list[EnvelopeRow]] = {}
    for table, found in _children(entity.state):
        parts.setdefault(table, []).append(found)
    paid = [row(payment_id(entity.id, index)) for index in range(payments)]
    return [
        _header(entity),
        *(EnvelopeTable(table=table, keys=rows) for table, rows in parts.items()),
        *([EnvelopeTable(table="InvoicePayment", keys=paid)] if paid else []),
    ]


def of_child(entity: Versioned[Invoice], table: str, body: Row) -> list[EnvelopeTable]:
    """The invoice, and the child that this body has just added to the table."""
    key = _key_of(entity.state, body)
    rows = [it for of, it in _children(entity.state) if of == table]
    added = rows[-1] if key is None else next(it for it in rows if it.key == key)
    return [_header(entity), EnvelopeTable(table=table, keys=[added])]


def _key_of(invoice: Invoice, body: Row) -> str | None:
    """The key of what was added; ``None`` when it is the last row of its table."""
    match body:
        case InvoiceAddress():
            return body.kind
        case InvoiceSerial():
            model = line_of(invoice, lines_of(invoice).model(body.model_line_id))
            return model.serials[-1].id if isinstance(model, ModelLine) else None
        case Numbered():
            return invoice.lines[min(body.line_no or MAX_LINES, len(invoice.lines)) - 1].id
        case _:
            return None


def of_payment(entity: Versioned[Payment]) -> list[EnvelopeTable]:
    """The payment, and what is left of it."""
    payment = entity.state
    found = row(
        entity.id,
        status=payment.status,
        amount=payment.amount,
        currency=payment.currency,
        unapplied=unapplied(payment),
        deposit=payment.deposit,
        row_version=entity.version,
    )
    return [EnvelopeTable(table="InvoicePayment", keys=[found])]


def _header(entity: Versioned[Invoice]) -> EnvelopeTable:
    invoice = entity.state
    found = row(entity.id, status=invoice.status, number=invoice.number, row_version=entity.version)
    return EnvelopeTable(table="Invoice", keys=[found])


def _children(invoice: Invoice) -> Iterator[tuple[str, EnvelopeRow]]:
    for number, line in enumerate(invoice.lines, 1):
        yield BY_KIND[kind_of(line)], row(line.id, line_no=number, code=line.code)
    for line, serial in serials(invoice):
        number_of = serial.serial_number
        yield "InvoiceSerial", row(serial.id, serial_number=number_of, model_line_id=line.id)
    for address in invoice.addresses:
        yield "InvoiceAddress", row(address.kind, name=address.name)
    for note in invoice.notes:
        yield "InvoiceNote", row(note.id)
    for override in invoice.overrides:
        yield "InvoiceTax", row(override.id, category=override.category, rate_pct=override.rate)
    for entry in invoice.tables:
        yield _table_of(entry), row(entry.id, code=entry.code)


def _table_of(entry: TableEntry) -> str:
    return f"InvoiceTable{entry.table}"
