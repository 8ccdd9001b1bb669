"""Invoices in lists."""

from datetime import date, datetime
from decimal import Decimal

from msgspec import UNSET, UnsetType

from api.invoice_part_replies import AddressOut, AttachmentOut, CreditOut, SettlementOut
from api.line_replies import LineOut
from api.wire import Reply


class InvoiceListed(Reply):
    """An invoice in a list: its header and sums, and what ``expand`` names of the rest."""

    id: str
    number: str | None
    status: str
    settlement: str
    customer_id: str | None
    customer_name: str | None
    currency: str | None
    issue_date: date | None
    due_date: date | None
    po_number: str | None
    reference: str | None
    net: Decimal
    tax: Decimal
    gross: Decimal
    balance: Decimal
    row_version: int
    created_at: datetime
    updated_at: datetime
    lines: list[LineOut] | UnsetType = UNSET
    addresses: list[AddressOut] | UnsetType = UNSET
    attachments: list[AttachmentOut] | UnsetType = UNSET
    settlements: list[SettlementOut] | UnsetType = UNSET
    credits: list[CreditOut] | UnsetType = UNSET


class InvoicePage(Reply):
    """One page of invoices. ``asOf`` is the book's position that the list shows."""

    items: list[InvoiceListed]
    next_cursor: str | None
    as_of: int
