"""An example of every fact of an invoice: see ``tests/examples.py``."""

from datetime import date
from decimal import Decimal
from typing import Any

from domain.aggregate import Fact
from domain.facts import invoice as facts
from domain.facts.invoice_parts import (
    Address,
    Attachment,
    Header,
    Note,
    TableEntry,
    TaxOverride,
)
from domain.facts.lines import ItemLine, Tax
from tests.examples_of_lines import (
    ITEM,
    KINDS_OF_LINES,
    PIPE_ID,
    SERIAL,
    STOVE_ID,
    TAX,
)

_HEADER: dict[str, Any] = {
    "type": "Service",
    "document_type": "384",
    "customer_id": "ACME",
    "sold_to_id": "12",
    "service_at_id": "14",
    "branch": "KOELN",
    "terminal": "T1",
    "department": "Heating",
    "currency": "USD",
    "exchange_rate": Decimal("0.9215"),
    "exchange_date": date(2026, 11, 2),
    "price_includes_tax": True,
    "issue_date": date(2026, 11, 2),
    "accounting_date": date(2026, 11, 3),
    "due_date": date(2026, 12, 2),
    "expected_payment_date": date(2026, 12, 10),
    "schedule_date": date(2026, 11, 9),
    "pickup_date": date(2026, 11, 10),
    "tax_point_date": date(2026, 11, 9),
    "tax_point_code": "3",
    "period_start": date(2026, 11, 1),
    "period_end": date(2026, 11, 30),
    "terms": "AR",
    "po_number": "PO 4711",
    "reference": "Order 2026-118",
    "buyer_reference": "04011000-12345-03",
    "contract_reference": "C-7",
    "project_reference": "P-9",
    "memo": "Deliver before noon.",
    "job_status": "scheduled",
    "salesperson1": "anna",
    "salesperson1_percent": Decimal(60),
    "salesperson2": "ben",
    "salesperson2_percent": Decimal(40),
    "sale_referral": "Neighbour",
    "finance_company": "Kredit AG",
    "tags": ("winter",),
    "discount_percent": Decimal(2),
    "discount_amount": Decimal("10.00"),
    "discount_reason": "Trade fair",
    "charge_percent": Decimal(1),
    "charge_amount": Decimal("4.00"),
    "charge_reason": "Insurance",
    "taxes": (TAX,),
}
ADDRESS = Address(
    kind="shipTo",
    customer_id="ACME",
    name="Acme Heating GmbH",
    attention="Goods in",
    line1="Ofenweg 3",
    line2="Gate 2",
    line3="Ramp B",
    city="Köln",
    region="NW",
    postal_code="50667",
    country="DE",
    phone="+49 221 1234",
    mobile="+49 170 1234",
    email="goods@acme.example",
    vat_id="DE123456788",
    endpoint_id="4012345000009",
    endpoint_scheme="0088",
    tax_region="DE",
    delivery_instructions="Ring twice.",
)
_NOTE = Note(
    id="not_01K9VXEH3T000000000000000D",
    text="Asked for a call before delivery.",
    category="delivery",
    pinned=True,
    author="anna",
    mentions=("ben",),
)
# The first shapes: an invoice had one kind of line, one tax a line, and no discounts.
_LINE_V1 = ItemLine(
    id=STOVE_ID,
    code="STOVE-7",
    description="Wood stove, 7 kW",
    quantity=Decimal(2),
    uom="H87",
    unit_price=Decimal("1299.50"),
    taxes=(Tax(rate=Decimal(19)),),
)
_HEADER_V1 = ("customer_id", "currency", "issue_date", "due_date", "po_number", "reference", "memo")
_LINE_FIELDS_V1 = ("description", "quantity", "uom", "unit_price", "code", "taxes")
INVOICE_EXAMPLES: dict[str, Fact] = {
    "invoice.drafted.v1-first": facts.InvoiceDrafted(
        customer_id="ACME",
        currency="EUR",
        issue_date=date(2026, 11, 2),
        due_date=date(2026, 12, 2),
        po_number="PO 4711",
        reference="Order 2026-118",
        memo="Deliver before noon.",
    ),
    "invoice.drafted.v1": facts.InvoiceDrafted(
        **_HEADER,
        author="key_01K9VXEH3T0000000000000005",
        copied_from="inv_01K9VXEH3T000000000000000G",
    ),
    "invoice.header_changed.v1": facts.InvoiceHeaderChanged(
        to=Header(
            customer_id="12",
            currency="USD",
            issue_date=date(2026, 11, 3),
            reference="Order 2026-119",
            memo="Ring the bell twice.",
        ),
        fields=_HEADER_V1,
    ),
    "invoice.header_changed.v2": facts.InvoiceHeaderChanged(
        to=Header(**_HEADER), fields=Header.__struct_fields__
    ),
    "invoice.line_added.v1": facts.InvoiceLineAdded(line=_LINE_V1),
    "invoice.line_added.v2": facts.InvoiceLineAdded(line=ITEM),
    **{
        f"invoice.line_added.v2-{kind}": facts.InvoiceLineAdded(line=line)
        for kind, line in KINDS_OF_LINES.items()
    },
    "invoice.line_changed.v1": facts.InvoiceLineChanged(
        to=ItemLine(
            id=STOVE_ID,
            description="Wood stove, 8 kW",
            quantity=Decimal("-1.5"),
            unit_price=Decimal("0.000001"),
        ),
        fields=_LINE_FIELDS_V1,
    ),
    "invoice.line_changed.v2": facts.InvoiceLineChanged(
        to=ITEM, fields=tuple(it for it in ItemLine.__struct_fields__ if it != "id")
    ),
    "invoice.line_removed.v1": facts.InvoiceLineRemoved(line_id=STOVE_ID),
    "invoice.lines_reordered.v1": facts.InvoiceLinesReordered(line_ids=(PIPE_ID, STOVE_ID)),
    "invoice.serial_reserved.v1": facts.InvoiceSerialReserved(line_id=STOVE_ID, serial=SERIAL),
    "invoice.serial_released.v1": facts.InvoiceSerialReleased(
        line_id=STOVE_ID, serial_id=SERIAL.id
    ),
    "invoice.tax_overridden.v1": facts.InvoiceTaxOverridden(
        override=TaxOverride(
            id="tov_01K9VXEH3T000000000000000H",
            category="S",
            rate=Decimal(19),
            amount=Decimal("493.80"),
            reason="As the customs office assessed it.",
            exemption_code="VATEX-EU-132",
        )
    ),
    "invoice.tax_override_removed.v1": facts.InvoiceTaxOverrideRemoved(
        override_id="tov_01K9VXEH3T000000000000000H"
    ),
    "invoice.address_set.v1": facts.InvoiceAddressSet(address=ADDRESS),
    "invoice.address_removed.v1": facts.InvoiceAddressRemoved(kind="shipTo"),
    "invoice.note_added.v1": facts.InvoiceNoteAdded(note=_NOTE),
    "invoice.note_changed.v1": facts.InvoiceNoteChanged(
        to=_NOTE, fields=("text", "category", "pinned", "author", "mentions")
    ),
    "invoice.note_redacted.v1": facts.InvoiceNoteRedacted(
        note_id=_NOTE.id, reason="It named a third person."
    ),
    "invoice.table_assigned.v1": facts.InvoiceTableAssigned(
        entry=TableEntry(
            id="tab_01K9VXEH3T000000000000000J",
            table=1,
            code="RADIO",
            description="Radio spot",
            table_type="advertising",
            amount=Decimal("12.00"),
            effective_from=date(2026, 1, 1),
            effective_to=date(2026, 12, 31),
        )
    ),
    "invoice.table_unassigned.v1": facts.InvoiceTableUnassigned(
        entry_id="tab_01K9VXEH3T000000000000000J"
    ),
    "invoice.attachment_added.v1": facts.InvoiceAttachmentAdded(
        attachment=Attachment(
            id="att_01K9VXEH3T000000000000000K",
            file_name="delivery-note.pdf",
            media_type="application/pdf",
            size=48213,
            sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            description="Signed delivery note",
            embed=True,
        )
    ),
    "invoice.attachment_removed.v1": facts.InvoiceAttachmentRemoved(
        attachment_id="att_01K9VXEH3T000000000000000K"
    ),
    "invoice.draft_deleted.v1": facts.InvoiceDraftDeleted(),
}
