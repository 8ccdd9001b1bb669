"""Credit notes in responses."""

from datetime import date, datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from api.allocation_schemas import AllocationOut, RefundOut, allocations_out, refunds_out
from api.tax_schemas import AppliedTaxOut, taxes_out
from api.totals_schemas import TotalsOut, totals_out
from api.wire import Reply
from domain.credit_note import CreditNote, available_actions, open_credit, refunded
from domain.facts.credit_note import FlatAmount
from domain.money import rounded
from store.recorded import Versioned


class CreditLineOut(Reply):
    """What is credited of a line. ``net`` is its amount without tax, once it is posted."""

    line_id: str
    quantity: Decimal
    reason: str | None
    serial_numbers: list[str]
    net: Decimal | None


class FlatOut(Reply):
    """A flat amount without its taxes."""

    description: str
    amount: Decimal
    taxes: list[AppliedTaxOut]


class CreditNoteOut(Reply):
    """A credit note. ``openAmount`` is what can still be applied or refunded of it.

    Its ``totals`` depend on what other credit notes took back of the invoice, so that they are
    fixed by posting, and null before: a dry run of ``post`` answers them. ``status`` follows from
    what became of the credit: Draft, Posted, PartiallyApplied, Applied, PartiallyRefunded,
    Refunded or Voided.
    """

    id: str
    status: str
    number: str | None
    series: str | None
    invoice_id: str | None
    preceding_number: str | None
    preceding_date: date | None
    customer_id: str | None
    customer_name: str | None
    currency: str | None
    branch: str | None
    issue_date: date | None
    accounting_date: date | None
    reason_code: str | None
    reason: str | None
    reference: str | None
    memo: str | None
    exchange_rate: Decimal | None
    exchange_date: date | None
    lines: list[CreditLineOut]
    flat: FlatOut | None
    totals: TotalsOut | None
    open_amount: Decimal
    refunded_amount: Decimal
    allocations: list[AllocationOut]
    refunds: list[RefundOut]
    voided_on: date | None
    void_reason: str | None
    row_version: int
    available_actions: list[str]

    @classmethod
    def of(cls, entity: Versioned[CreditNote]) -> "CreditNoteOut":
        """The credit note as clients see it."""
        note = entity.state
        values = {it: getattr(note, it) for it in cls.__struct_fields__ if hasattr(note, it)}
        values |= {
            "id": entity.id,
            "customer_name": note.buyer.name if note.buyer else None,
            "lines": _lines_out(note),
            "flat": _flat_out(note.flat) if note.flat else None,
            "totals": totals_out(note.posted_totals) if note.posted_totals else None,
            "open_amount": rounded(open_credit(note), note.currency),
            "refunded_amount": rounded(refunded(note), note.currency),
            "allocations": allocations_out(note.applied),
            "refunds": refunds_out(note.refunds),
            "row_version": entity.version,
            "available_actions": list(available_actions(note.status)),
        }
        return cls(**values)


class CreditNoteListed(Reply):
    """A credit note in a list, and what ``expand`` names of the rest.

    Its sums are null before it is posted.
    """

    id: str
    number: str | None
    status: str
    invoice_id: str | None
    invoice_number: str | None
    customer_id: str | None
    customer_name: str | None
    currency: str | None
    issue_date: date | None
    accounting_date: date | None
    reason_code: str | None
    reference: str | None
    branch: str | None
    net: Decimal | None
    tax: Decimal | None
    gross: Decimal | None
    open: Decimal = msgspec.field(name="openAmount")
    row_version: int
    created_at: datetime
    updated_at: datetime
    lines: list[CreditLineOut] | UnsetType = UNSET
    allocations: list[AllocationOut] | UnsetType = UNSET
    refunds: list[RefundOut] | UnsetType = UNSET


class CreditNotePage(Reply):
    """One page of credit notes. ``asOf`` is the book's position that the list shows."""

    items: list[CreditNoteListed]
    next_cursor: str | None
    as_of: int


def _lines_out(note: CreditNote) -> list[CreditLineOut]:
    nets = note.posted_nets or (None,) * len(note.lines)
    return [
        CreditLineOut(
            line_id=it.line_id,
            quantity=it.quantity,
            reason=it.reason,
            serial_numbers=list(it.serial_numbers),
            net=net,
        )
        for it, net in zip(note.lines, nets, strict=True)
    ]


def _flat_out(flat: FlatAmount) -> FlatOut:
    return FlatOut(description=flat.description, amount=flat.amount, taxes=taxes_out(flat.taxes))
