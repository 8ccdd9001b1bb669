"""What stands beside the lines of an invoice, as rows of the XAPI."""

from datetime import date
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from api.customer_schemas import Country
from api.invoice_part_schemas import AddressKind, Mentions, NoteText
from api.payment_schemas import CardLast4
from api.tax_schemas import Category
from api.wire import (
    Code,
    Currency,
    Email,
    ExchangeRate,
    Money,
    Price,
    Reason,
    ShortText,
    TaxRate,
    Text,
)
from api.xapi.rows import LineRef, Row
from domain.facts.invoice_parts import Address, Note, TableEntry, TaxOverride
from domain.facts.lines import Serial
from domain.facts.payment import PaymentRecorded

_named = msgspec.field

Shown = Annotated[ShortText, Meta(min_length=1)]


class InvoiceAddress(Row, kw_only=True):
    """Who and where. One of each kind; another one of the same kind replaces it."""

    OF: ClassVar[type[msgspec.Struct]] = Address

    kind: AddressKind
    customer_id: Code | None = _named(default=None, name="customerCode")
    name: ShortText | None = None
    attention: ShortText | None = None
    line1: ShortText | None = None
    line2: ShortText | None = None
    line3: ShortText | None = None
    city: ShortText | None = None
    region: ShortText | None = None
    postal_code: ShortText | None = None
    country: Country | None = None
    phone: ShortText | None = None
    mobile: ShortText | None = None
    email: Email | None = None
    vat_id: ShortText | None = None
    endpoint_id: ShortText | None = None
    endpoint_scheme: ShortText | None = None
    tax_region: ShortText | None = None
    delivery_instructions: Text | None = None


class InvoiceNote(Row, kw_only=True):
    """An internal note, which is never printed."""

    OF: ClassVar[type[msgspec.Struct]] = Note

    text: Annotated[NoteText, Meta(examples=["Call before delivery."])]
    category: ShortText | None = None
    pinned: bool | None = False
    mentions: Mentions | None = None


class InvoiceSerial(Row, kw_only=True):
    """A serial number under a model line. Without ``modelLineId``, under the only model."""

    OF: ClassVar[type[msgspec.Struct]] = Serial

    model_line_id: LineRef | None = None
    serial_number: Annotated[Shown, Meta(examples=["SN-0001"])]
    condition: Literal["new", "open-box", "used"] | None = "new"
    manufactured_on: date | None = _named(default=None, name="manufactureDate")
    warranty_start: date | None = None
    cost: Price | None = None
    location_code: Code | None = _named(default=None, name="location")


class InvoiceTax(Row, kw_only=True):
    """The tax of one category and rate, set by hand instead of computed, with the reason."""

    OF: ClassVar[type[msgspec.Struct]] = TaxOverride

    category: Category | None = "S"
    rate: TaxRate = _named(name="ratePct")
    amount: Annotated[Money, Meta(examples=["19.00"])]
    reason: Annotated[Reason, Meta(examples=["As agreed with the tax office"])]
    exemption_code: ShortText | None = None


class InvoiceTableEntry(Row, kw_only=True):
    """An entry of one of the book's two own code tables, such as "Referred By"."""

    OF: ClassVar[type[msgspec.Struct]] = TableEntry

    code: Annotated[Code, Meta(examples=["NEIGHBOUR"])]
    description: ShortText | None = None
    table_type: ShortText | None = None
    amount: Money | None = None
    effective_from: date | None = None
    effective_to: date | None = None


class InvoiceTable1(InvoiceTableEntry, kw_only=True):
    """An entry of the book's own first table; ``amount`` is a fee that is due for it."""


class InvoiceTable2(InvoiceTableEntry, kw_only=True):
    """An entry of the book's own second table; ``amount`` is a fee that is due for it."""


class InvoicePayment(Row, kw_only=True):
    """Money that came in for the invoice: a deposit while it is a draft, else applied to it.

    ``externalId`` is the payer's or the bank's own id, by which a payment is recorded once only.
    """

    OF: ClassVar[type[msgspec.Struct]] = PaymentRecorded

    method: Annotated[Code, Meta(examples=["CASH"])] = _named(name="paymentTypeCode")
    amount: Annotated[Money, Meta(examples=["100.00"])]
    currency: Currency | None = None
    exchange_rate: ExchangeRate | None = None
    received_on: date | None = _named(default=None, name="date")
    branch: Code | None = _named(default=None, name="branchCode")
    terminal: Code | None = _named(default=None, name="terminalCode")
    reference: ShortText | None = None
    card_last4: CardLast4 | None = None
    external_id: Shown | None = None
    bank_fee: Money | None = None
    deposit: bool | None = False
