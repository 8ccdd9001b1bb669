"""What stands inside of an invoice's facts, besides its lines. Part of the storage format."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from domain.facts.lines import Tax


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of an invoice that are not lists. In a draft, any of them may be missing.

    ``customer_id`` is billed, ``sold_to_id`` bought, ``service_at_id`` is where work is done.
    ``type`` is Sales, Service, Warranty or Estimate; ``document_type`` a code of UNTDID 1001.
    ``terms`` names how it is to be paid, such as COD or AR (on account). ``exchange_rate`` is how
    many units of the book's currency one unit of ``currency`` is worth on ``exchange_date``.
    Discounts and charges of the document are spread over its taxes. ``taxes`` are for new lines.
    """

    type: str = "Sales"
    document_type: str = "380"
    customer_id: str | None = None
    sold_to_id: str | None = None
    service_at_id: str | None = None
    branch: str | None = None
    terminal: str | None = None
    department: str | None = None
    currency: str | None = None
    exchange_rate: Decimal | None = None
    exchange_date: date | None = None
    price_includes_tax: bool = False
    issue_date: date | None = None
    accounting_date: date | None = None
    due_date: date | None = None
    expected_payment_date: date | None = None
    schedule_date: date | None = None
    pickup_date: date | None = None
    tax_point_date: date | None = None
    tax_point_code: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    terms: str | None = None
    po_number: str | None = None
    reference: str | None = None
    buyer_reference: str | None = None
    contract_reference: str | None = None
    project_reference: str | None = None
    memo: str | None = None
    job_status: str | None = None
    salesperson1: str | None = None
    salesperson1_percent: Decimal | None = None
    salesperson2: str | None = None
    salesperson2_percent: Decimal | None = None
    sale_referral: str | None = None
    finance_company: str | None = None
    tags: tuple[str, ...] = ()
    discount_percent: Decimal | None = None
    discount_amount: Decimal | None = None
    discount_reason: str | None = None
    charge_percent: Decimal | None = None
    charge_amount: Decimal | None = None
    charge_reason: str | None = None
    taxes: tuple[Tax, ...] = ()


class Address(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who and where. ``kind``: billTo, soldTo, shipTo, serviceAt, remitTo, payee or taxRep.

    ``country`` is ISO 3166-1 alpha-2; ``endpoint_id`` is a Peppol address of ``endpoint_scheme``.
    """

    kind: str
    customer_id: str | None = None
    name: str | None = None
    attention: str | None = None
    line1: str | None = None
    line2: str | None = None
    line3: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    phone: str | None = None
    mobile: str | None = None
    email: str | None = None
    vat_id: str | None = None
    endpoint_id: str | None = None
    endpoint_scheme: str | None = None
    tax_region: str | None = None
    delivery_instructions: str | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An internal note."""

    id: str
    text: str | None = None
    category: str | None = None
    pinned: bool = False
    author: str | None = None
    mentions: tuple[str, ...] = ()


class TableEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry of table 1 or 2, such as "Referred By", on an invoice; ``amount`` is its fee."""

    id: str
    table: int
    code: str
    description: str | None = None
    table_type: str | None = None
    amount: Decimal | None = None
    effective_from: date | None = None
    effective_to: date | None = None


class TaxOverride(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An amount of tax that is set instead of computed, for one category and rate."""

    id: str
    category: str
    rate: Decimal
    amount: Decimal
    reason: str
    exemption_code: str | None = None


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file: ``size`` in bytes, ``sha256`` in hexadecimal. ``embed``: part of the e-invoice."""

    id: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    description: str | None = None
    embed: bool = False


class TaxTotal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tax of one category, rate and exemption: EN 16931 BG-23.

    ``amount`` is ``base`` times ``rate`` percent, rounded once (BR-CO-17), unless the prices
    include the tax, or ``override`` gives the reason why it was set by hand.
    """

    rate: Decimal
    base: Decimal
    amount: Decimal
    category: str = "S"
    exemption_code: str | None = None
    exemption_text: str | None = None
    override: str | None = None


class BaseTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The sums in the book's currency, each converted once; ``net`` + ``tax`` = ``gross``."""

    currency: str
    rate: Decimal
    rate_date: date
    net: Decimal
    tax: Decimal
    gross: Decimal


class Totals(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sums in the document's currency, after EN 16931.

    ``lines`` (BT-106) - ``discount`` (BT-107) + ``charge`` (BT-108) = ``net`` (BT-109);
    ``net`` + ``tax`` (BT-110) = ``gross`` (BT-112). Where prices include tax, lines, discount and
    charge are without it as well.
    """

    net: Decimal
    tax: Decimal
    gross: Decimal
    taxes: tuple[TaxTotal, ...]
    lines: Decimal
    discount: Decimal
    charge: Decimal
    base: BaseTotals | None = None


def upcast_totals_v1(fields: dict[str, Any]) -> None:
    """Totals of the first days: no discounts, no charges, rates without a category."""
    fields.update(lines=fields["net"], discount="0", charge="0")
    for tax in fields["taxes"]:
        if not Decimal(tax["rate"]):
            tax["category"] = "Z"
