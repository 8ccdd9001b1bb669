"""An example of every kind of line, with every field: see ``tests/examples.py``."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from domain.facts.lines import (
    CommentLine,
    Component,
    Covered,
    ItemLine,
    LaborLine,
    Line,
    MiscLine,
    ModelLine,
    PackageLine,
    Serial,
    Tax,
    WarrantyLine,
)

STOVE_ID = "lin_01K9VXEH3T0000000000000001"
PIPE_ID = "lin_01K9VXEH3T0000000000000006"
PACKAGE_ID = "lin_01K9VXEH3T0000000000000007"

TAX = Tax(
    rate=Decimal(0),
    category="K",
    code="EU",
    included=True,
    jurisdiction="DE",
    exemption_code="VATEX-EU-IC",
    exemption_text="Intra-Community supply.",
)
SERIAL = Serial(
    id="ser_01K9VXEH3T0000000000000008",
    serial_number="SN-0042",
    condition="open-box",
    manufactured_on=date(2026, 3, 1),
    warranty_start=date(2026, 11, 2),
    cost=Decimal("880.00"),
    location_code="MAIN",
)


def _billed(id_: str, code: str, description: str) -> dict[str, Any]:
    return {
        "id": id_,
        "code": code,
        "description": description,
        "user_created": True,
        "quantity": Decimal(2),
        "uom": "H87",
        "unit_price": Decimal("1299.50"),
        "price_quantity": Decimal(10),
        "taxes": (TAX,),
        "discount_percent": Decimal(5),
        "discount_amount": Decimal("1.50"),
        "discount_reason": "Floor model",
        "charge_amount": Decimal("2.00"),
        "charge_reason": "Crate",
        "package_id": PACKAGE_ID,
        "trip_no": 1,
        "cost": Decimal("880.00"),
        "gl_account": "8400",
        "period_start": date(2026, 11, 1),
        "period_end": date(2026, 11, 30),
    }


MODEL = ModelLine(
    **_billed(STOVE_ID, "STOVE-7", "Wood stove, 7 kW"),
    quantity_shipped=Decimal(1),
    brand="Glow",
    category="Stoves",
    color="black",
    list_price=Decimal("1399.00"),
    min_price=Decimal("1200.00"),
    location_code="MAIN",
    delivery_date=date(2026, 11, 9),
    gtin="04012345678901",
    weight=Decimal("95.5"),
    special_order=True,
    gl_cost_account="3400",
    serials=(SERIAL,),
)
ITEM = ItemLine(
    **_billed(PIPE_ID, "PIPE-150", "Flue pipe, 150 mm"),
    list_price=Decimal("24.90"),
    min_price=Decimal("19.90"),
    location_code="MAIN",
    bin="A-12",
    for_line_id=STOVE_ID,
    core_charge=Decimal("5.00"),
    returnable=False,
    lot="L-7",
)

KINDS_OF_LINES: dict[str, Line] = {
    "model": MODEL,
    "labor": LaborLine(
        **_billed("lin_01K9VXEH3T0000000000000009", "INST", "Installation"),
        technician_code="T-3",
        list_price=Decimal("85.00"),
        service_date=date(2026, 11, 9),
        started_at=datetime(2026, 11, 9, 8, 0, tzinfo=UTC),
        ended_at=datetime(2026, 11, 9, 10, 30, tzinfo=UTC),
        warranty_claim=True,
    ),
    "misc": MiscLine(
        **_billed("lin_01K9VXEH3T000000000000000A", "DELIVERY", "Delivery"),
        misc_type="charge",
        applies_to=STOVE_ID,
        reason_code="DL",
        start_date=date(2026, 1, 1),
        end_date=date(2026, 12, 31),
    ),
    "warranty": WarrantyLine(
        **_billed("lin_01K9VXEH3T000000000000000B", "EXT-36", "Three more years"),
        term_months=36,
        start_date=date(2026, 11, 9),
        end_date=date(2029, 11, 8),
        provider="Glow Care",
        certificate_no="C-991",
        covers=(Covered(line_id=STOVE_ID, serial_number="SN-0042"),),
        deductible=Decimal("50.00"),
        deferred_revenue=True,
        gl_cost_debit="4980",
        gl_cost_credit="1700",
    ),
    "package": PackageLine(
        **{
            **_billed(PACKAGE_ID, "STOVE-SET", "Stove with its flue"),
            "package_id": "lin_01K9VXEH3T000000000000000T",
        },
        components=(
            Component(line_id=STOVE_ID, share_percent=Decimal(90), amount=Decimal("1169.55")),
        ),
        print_components=False,
    ),
    "comment": CommentLine(
        id="lin_01K9VXEH3T000000000000000C",
        code="THANKS",
        description="Thank you for your order.",
        user_created=True,
        print_position="footer",
        after_line_id=STOVE_ID,
        language="en",
    ),
}
"""Each kind beside the item, which the examples of the facts show."""
