"""Invoices in responses.

An invoice is answered after every edit of a field, so what can be is prepared beforehand: see
``api.line_replies``.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from operator import attrgetter
from typing import Any

from msgspec import UNSET, UnsetType

from api.invoice_part_replies import (
    AddressOut,
    AttachmentOut,
    BuyerOut,
    CreditOut,
    NoteOut,
    NoticeOut,
    SellerOut,
    SettlementOut,
    TableOut,
    TaxOverrideOut,
    address_out,
    attachment_out,
    buyer_out,
    credit_out,
    note_out,
    override_out,
    seller_out,
    settlement_out,
    table_out,
    tax_out,
)
from api.line_replies import LineOut, lines_out
from api.tax_schemas import AppliedTaxOut
from api.totals_schemas import TotalsOut, totals_out
from api.wire import Reply
from domain.invoice import Invoice, available_actions, balance, overdue, settlement
from domain.invoice_totals import amounts
from store.recorded import Versioned


class InvoiceOut(Reply):
    """An invoice. ``availableActions`` are the commands that it accepts now.

    ``balance`` is what is still owed; ``settlement`` and ``overdue`` follow from it. What posting
    says beside the invoice is in ``warnings``, and ``violations`` in its dry run.
    """

    id: str
    number: str | None
    series: str | None
    status: str
    type: str
    document_type: str
    customer_id: str | None
    sold_to_id: str | None
    service_at_id: str | None
    branch: str | None
    terminal: str | None
    department: str | None
    currency: str | None
    exchange_rate: Decimal | None
    exchange_date: date | None
    price_includes_tax: bool
    issue_date: date | None
    accounting_date: date | None
    due_date: date | None
    expected_payment_date: date | None
    schedule_date: date | None
    pickup_date: date | None
    tax_point_date: date | None
    tax_point_code: str | None
    period_start: date | None
    period_end: date | None
    terms: str | None
    po_number: str | None
    reference: str | None
    buyer_reference: str | None
    contract_reference: str | None
    project_reference: str | None
    memo: str | None
    job_status: str | None
    salesperson1: str | None
    salesperson1_percent: Decimal | None
    salesperson2: str | None
    salesperson2_percent: Decimal | None
    sale_referral: str | None
    finance_company: str | None
    tags: list[str]
    discount_percent: Decimal | None
    discount_amount: Decimal | None
    discount_reason: str | None
    charge_percent: Decimal | None
    charge_amount: Decimal | None
    charge_reason: str | None
    author: str | None
    approver: str | None
    copied_from: str | None
    converted_to: str | None
    released_on: date | None
    void_reason: str | None
    voided_on: date | None
    written_off: Decimal
    disputed: str | None
    taxes: list[AppliedTaxOut]
    settlement: str
    overdue: bool
    balance: Decimal
    buyer: BuyerOut | None
    seller: SellerOut | None
    lines: list[LineOut]
    addresses: list[AddressOut]
    notes: list[NoteOut]
    tables: list[TableOut]
    tax_overrides: list[TaxOverrideOut]
    attachments: list[AttachmentOut]
    settlements: list[SettlementOut]
    credits: list[CreditOut]
    totals: TotalsOut
    row_version: int
    available_actions: list[str]
    warnings: list[NoticeOut] | UnsetType = UNSET
    violations: list[NoticeOut] | UnsetType = UNSET

    @classmethod
    def at(cls, today: date) -> Callable[[Versioned[Invoice]], "InvoiceOut"]:
        """How to show an invoice on this day of the book: it decides what is overdue."""
        return partial(_invoice_out, today)


_PLAIN = attrgetter(
    *InvoiceOut.__struct_fields__[1 : InvoiceOut.__struct_fields__.index("taxes")],
)


def _invoice_out(today: date, entity: Versioned[Invoice]) -> InvoiceOut:
    invoice = entity.state
    found = amounts(invoice)
    values: tuple[Any, ...] = (
        entity.id,
        *_PLAIN(invoice),
        [tax_out(it) for it in invoice.taxes],
        settlement(invoice),
        overdue(invoice, today),
        balance(invoice),
        buyer_out(invoice.buyer) if invoice.buyer else None,
        seller_out(invoice.seller) if invoice.seller else None,
        lines_out(invoice.lines, found.nets),
        [address_out(it) for it in invoice.posted_addresses or invoice.addresses],
        [note_out(it) for it in invoice.notes],
        [table_out(it) for it in invoice.tables],
        [override_out(it) for it in invoice.overrides],
        [attachment_out(it) for it in invoice.attachments],
        [settlement_out(it) for it in invoice.settlements],
        [credit_out(it) for it in invoice.credits],
        totals_out(found.totals),
        entity.version,
        list(available_actions(invoice)),
    )
    return InvoiceOut(*values)
