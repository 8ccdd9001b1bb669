"""The invoice as one row of the XAPI, with all of its child tables."""

from datetime import date
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from api.invoice_schemas import Tags, Type
from api.wire import Code, Currency, ExchangeRate, Money, Percent, ShortText, TaxRate, Text
from api.xapi.line_rows import (
    InvoiceComment,
    InvoiceItem,
    InvoiceLabor,
    InvoiceMisc,
    InvoiceModel,
    InvoicePackage,
    InvoiceWarranty,
)
from api.xapi.part_rows import (
    InvoiceAddress,
    InvoiceNote,
    InvoicePayment,
    InvoiceSerial,
    InvoiceTable1,
    InvoiceTable2,
    InvoiceTax,
)
from api.xapi.rows import Row
from domain.facts.invoice_parts import Header
from domain.invoice import LIMITS

_named = msgspec.field
_list: Any = msgspec.field(default_factory=list)

MAX_PAYMENTS = 50
"""The most payments that one invoice can be added with."""

Blank = Annotated[
    str, Meta(max_length=0, description="Blank or null: the number is given when it is posted.")
]


class Invoice(Row, kw_only=True):
    """An invoice: its header, and as much of its child tables as there is."""

    OF: ClassVar[type[msgspec.Struct]] = Header

    code: Blank | None = None
    type: Type | None = _named(default="Sales", name="invTypeCode")
    is_estimate: bool | None = False
    customer_id: Code | None = _named(default=None, name="billToCode")
    sold_to_id: Code | None = _named(default=None, name="soldToCode")
    service_at_id: Code | None = _named(default=None, name="serviceAtCode")
    branch: Code | None = _named(default=None, name="branchCode")
    terminal: Code | None = _named(default=None, name="terminalCode")
    department: Code | None = None
    terms: Code | None = _named(default=None, name="paymentTypeCode")
    currency: Currency | None = None
    exchange_rate: ExchangeRate | None = None
    exchange_date: date | None = None
    price_includes_tax: bool | None = False
    issue_date: date | None = _named(default=None, name="invoiceDate")
    accounting_date: date | None = None
    due_date: date | None = None
    expected_payment_date: date | None = None
    schedule_date: date | None = None
    pickup_date: date | None = None
    tax_point_date: date | None = None
    period_start: date | None = None
    period_end: date | None = None
    job_status: Code | None = _named(default=None, name="jobStatusCode")
    salesperson1: Code | None = None
    salesperson1_percent: Percent | None = _named(default=None, name="salesperson1CommissionPct")
    salesperson2: Code | None = None
    salesperson2_percent: Percent | None = _named(default=None, name="salesperson2CommissionPct")
    sale_referral: ShortText | None = None
    finance_company: ShortText | None = None
    po_number: ShortText | None = None
    reference: ShortText | None = None
    buyer_reference: ShortText | None = None
    contract_reference: ShortText | None = _named(default=None, name="contractRef")
    project_reference: ShortText | None = _named(default=None, name="projectRef")
    memo: Text | None = None
    tags: Tags | None = None
    discount_percent: Percent | None = _named(default=None, name="documentDiscountPct")
    discount_amount: Money | None = _named(default=None, name="documentDiscountAmount")
    discount_reason: ShortText | None = _named(default=None, name="documentDiscountReason")
    charge_percent: Percent | None = _named(default=None, name="documentChargePct")
    charge_amount: Money | None = _named(default=None, name="documentChargeAmount")
    charge_reason: ShortText | None = _named(default=None, name="documentChargeReason")
    tax1_code: Code | None = None
    tax2_code: Code | None = None
    tax2_percentage: TaxRate | None = None
    tax3_code: Code | None = None
    table1_code: Code | None = None
    table2_code: Code | None = None
    addresses: Annotated[list[InvoiceAddress], Meta(max_length=LIMITS["addresses"])] | None = _list
    notes: Annotated[list[InvoiceNote], Meta(max_length=LIMITS["notes"])] | None = _list
    models: Annotated[list[InvoiceModel], Meta(max_length=LIMITS["lines"])] | None = _list
    serials: Annotated[list[InvoiceSerial], Meta(max_length=LIMITS["serials"])] | None = _list
    overrides: Annotated[list[InvoiceTax], Meta(max_length=LIMITS["overrides"])] | None = _named(
        default_factory=list, name="taxes"
    )
    items: Annotated[list[InvoiceItem], Meta(max_length=LIMITS["lines"])] | None = _list
    packages: Annotated[list[InvoicePackage], Meta(max_length=LIMITS["lines"])] | None = _list
    table1: Annotated[list[InvoiceTable1], Meta(max_length=LIMITS["tables"])] | None = _list
    table2: Annotated[list[InvoiceTable2], Meta(max_length=LIMITS["tables"])] | None = _list
    misc: Annotated[list[InvoiceMisc], Meta(max_length=LIMITS["lines"])] | None = _list
    warranties: Annotated[list[InvoiceWarranty], Meta(max_length=LIMITS["lines"])] | None = _list
    labor: Annotated[list[InvoiceLabor], Meta(max_length=LIMITS["lines"])] | None = _list
    comments: Annotated[list[InvoiceComment], Meta(max_length=LIMITS["lines"])] | None = _list
    payments: Annotated[list[InvoicePayment], Meta(max_length=MAX_PAYMENTS)] | None = _list
