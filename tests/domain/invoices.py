"""Histories of an invoice that several tests begin with."""

from datetime import date
from decimal import Decimal

from domain.aggregate import Fact
from domain.facts.invoice import InvoiceDrafted, InvoiceLineAdded
from domain.facts.invoice_life import (
    Buyer,
    InvoiceApproved,
    InvoiceArchived,
    InvoiceCredited,
    InvoicePaid,
    InvoicePosted,
    InvoiceReleased,
    InvoiceVoided,
)
from domain.facts.invoice_parts import Totals
from domain.facts.lines import ItemLine, ModelLine, Serial, Tax
from domain.invoice import INVOICE, Invoice
from tests.given import Given, given

TODAY = date(2026, 11, 9)
STOVE = ModelLine(
    id="lin_1",
    code="STOVE-7",
    description="Stove",
    quantity=Decimal(1),
    unit_price=Decimal(1299),
    taxes=(Tax(rate=Decimal(19)),),
)
PIPE = ItemLine(
    id="lin_2",
    description="Pipe",
    quantity=Decimal(3),
    unit_price=Decimal("19.90"),
    taxes=(Tax(rate=Decimal(19)),),
)
SERIAL = Serial(id="ser_1", serial_number="SN-1")
OTHER = Serial(id="ser_2", serial_number="SN-2")

DRAFTED = InvoiceDrafted(customer_id="ACME", currency="EUR", memo="Before noon", author="anna")
WITH_LINES: tuple[Fact, ...] = (
    DRAFTED,
    InvoiceLineAdded(line=STOVE),
    InvoiceLineAdded(line=PIPE),
)
TOTALS = Totals(
    net=Decimal("1358.70"),
    tax=Decimal("258.15"),
    gross=Decimal("1616.85"),
    taxes=(),
    lines=Decimal("1358.70"),
    discount=Decimal("0.00"),
    charge=Decimal("0.00"),
)
POSTED = InvoicePosted(
    number="INV-2026-000042",
    series="sales-2026",
    issue_date=date(2026, 11, 2),
    accounting_date=date(2026, 11, 2),
    due_date=date(2026, 12, 2),
    totals=TOTALS,
    line_nets=(Decimal("1299.00"), Decimal("59.70")),
    buyer=Buyer(customer_id="ACME", name="Acme"),
)
PAID = InvoicePaid(
    source="payment", source_id="pay_1", amount=TOTALS.gross, balance=Decimal("0.00")
)
CREDITED = InvoiceCredited(credit_note_id="crn_1", amount=Decimal("100.00"))
RELEASED = InvoiceReleased(released_on=date(2026, 11, 3))
VOIDED = InvoiceVoided(reason="Billed twice.", voided_on=TODAY)
ESTIMATE = InvoiceDrafted(type="Estimate", customer_id="ACME", currency="EUR")

HISTORIES: dict[str, tuple[Fact, ...]] = {
    "Draft": WITH_LINES,
    "Approved": (*WITH_LINES, InvoiceApproved(approver="ben", content_hash="-")),
    "Posted": (*WITH_LINES, POSTED),
    "Released": (*WITH_LINES, POSTED, RELEASED),
    "Paid": (*WITH_LINES, POSTED, PAID),
    "Voided": (*WITH_LINES, POSTED, VOIDED),
    "Archived": (*WITH_LINES, POSTED, PAID, InvoiceArchived()),
}
"""What has happened to an invoice that is so; Paid is posted, and owes nothing any more."""


def an_invoice(status: str, *more: Fact) -> Given[Invoice]:
    """An invoice that is so, and to which this has happened since."""
    return given(INVOICE, *HISTORIES[status], *more)


def state(history: Given[Invoice]) -> Invoice:
    assert history.state is not None
    return history.state
