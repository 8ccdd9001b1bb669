"""What can happen to an invoice. The storage format: see ``domain.aggregate.Fact``."""

from datetime import date
from decimal import Decimal
from typing import TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from domain.aggregate import Fact


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One billable line. In a draft everything but the id may still be missing.

    ``quantity`` counts ``uom`` (UN/ECE Recommendation 20 code, C62 = piece); ``unit_price`` is in
    the invoice's currency and excludes tax; ``tax_rate`` is in percent.
    """

    id: str
    item_code: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    uom: str = "C62"
    unit_price: Decimal | None = None
    tax_rate: Decimal | None = None


class TaxTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Tax of one rate: ``amount`` is ``base`` times ``rate`` percent, rounded once (BR-CO-17)."""

    rate: Decimal
    base: Decimal
    amount: Decimal


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums in the invoice's currency: ``net`` + ``tax`` = ``gross`` (EN 16931 BT-109, 110, 112)."""

    net: Decimal
    tax: Decimal
    gross: Decimal
    taxes: tuple[TaxTotal, ...]


class Buyer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The customer as of posting: what was billed stays as it was when master data changes."""

    customer_id: str
    name: str
    vat_id: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None


class InvoiceDrafted(Fact, frozen=True, kw_only=True):
    """A draft was opened, with whatever of its header was known."""

    TOPIC = "invoice.drafted"

    customer_id: str | None = None
    currency: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    po_number: str | None = None
    reference: str | None = None
    memo: str | None = None


class InvoiceHeaderChanged(Fact, frozen=True, kw_only=True):
    """Header fields got new values. A field that is not named kept its value; null cleared it."""

    TOPIC = "invoice.header_changed"

    customer_id: str | None | UnsetType = UNSET
    currency: str | None | UnsetType = UNSET
    issue_date: date | None | UnsetType = UNSET
    due_date: date | None | UnsetType = UNSET
    po_number: str | None | UnsetType = UNSET
    reference: str | None | UnsetType = UNSET
    memo: str | None | UnsetType = UNSET


class InvoiceLineAdded(Fact, frozen=True, kw_only=True):
    """A line was added at the end."""

    TOPIC = "invoice.line_added"

    line: Line


class InvoiceLineChanged(Fact, frozen=True, kw_only=True):
    """Fields of one line got new values, as in a header change."""

    TOPIC = "invoice.line_changed"

    line_id: str
    item_code: str | None | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    quantity: Decimal | None | UnsetType = UNSET
    uom: str | UnsetType = UNSET
    unit_price: Decimal | None | UnsetType = UNSET
    tax_rate: Decimal | None | UnsetType = UNSET


class InvoiceLineRemoved(Fact, frozen=True, kw_only=True):
    """A line was taken off the draft."""

    TOPIC = "invoice.line_removed"

    line_id: str


class InvoicePosted(Fact, frozen=True, kw_only=True):
    """The invoice entered the books: numbered, dated, its amounts and buyer frozen."""

    TOPIC = "invoice.posted"

    number: str
    series: str
    issue_date: date
    due_date: date
    totals: Totals
    buyer: Buyer


class InvoiceVoided(Fact, frozen=True, kw_only=True):
    """The posted invoice was cancelled. It keeps its number and its amounts."""

    TOPIC = "invoice.voided"

    reason: str
    voided_on: date


class InvoiceDraftDeleted(Fact, frozen=True, kw_only=True):
    """A draft, which never had a number, was thrown away."""

    TOPIC = "invoice.draft_deleted"


InvoiceFact: TypeAlias = (
    InvoiceDrafted
    | InvoiceHeaderChanged
    | InvoiceLineAdded
    | InvoiceLineChanged
    | InvoiceLineRemoved
    | InvoicePosted
    | InvoiceVoided
    | InvoiceDraftDeleted
)
