"""Invoices on the wire: request and response bodies, and the one way from each to the domain."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.line_schemas import LineIn, LineOut, line_out
from api.wire import (
    Code,
    Currency,
    Money,
    Patch,
    Reply,
    RowVersion,
    ShortText,
    Text,
    Wire,
    sent,
)
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_life import Buyer
from domain.facts.invoice_parts import Header, Totals
from domain.invoice import (
    MAX_LINES,
    Invoice,
    available_actions,
    balance,
    overdue,
    settlement,
)
from domain.invoice_totals import amounts
from store.recorded import Versioned

# ---------------------------------------------------------------- requests


class InvoiceIn(Wire):
    """A draft to open, with any part of its header and any lines, all in one transaction."""

    customer_id: Code | None = None
    currency: Currency | None = None
    issue_date: date | None = None
    due_date: date | None = None
    po_number: ShortText | None = None
    reference: ShortText | None = None
    memo: Text | None = None
    lines: Annotated[list[LineIn], Meta(max_length=MAX_LINES)] = msgspec.field(default_factory=list)

    def header(self, author: str) -> InvoiceDrafted:
        """The fact that opens the draft."""
        values = msgspec.structs.asdict(self)
        del values["lines"]
        return InvoiceDrafted(**values, author=author)


class InvoicePatch(Wire):
    """Header fields to change (RFC 7396): a field that is absent keeps its value, null clears."""

    customer_id: Patch[Code] = UNSET
    currency: Patch[Currency] = UNSET
    issue_date: Patch[date] = UNSET
    due_date: Patch[date] = UNSET
    po_number: Patch[ShortText] = UNSET
    reference: Patch[ShortText] = UNSET
    memo: Patch[Text] = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self) -> tuple[Header, tuple[str, ...]]:
        """The values that were sent, and the names of their fields."""
        values = sent(self)
        values.pop("row_version", None)
        return Header(**values), tuple(values)


class PostIn(Wire):
    """Options of posting. ``expectedTotal`` is the gross total that you believe the invoice has."""

    row_version: RowVersion | UnsetType = UNSET
    expected_total: Money | None = None

    def expected(self) -> Decimal | None:
        """The expected gross total, if the client sent one."""
        return _decimal(self.expected_total)


class VoidIn(Wire):
    """Why the invoice is voided. Auditors will read it."""

    reason: Annotated[ShortText, Meta(min_length=1)]
    row_version: RowVersion | UnsetType = UNSET


# ---------------------------------------------------------------- responses


class TaxOut(Reply):
    """Tax of one category and rate, computed on the sum of its lines and rounded once."""

    category: str
    rate: Decimal
    base: Decimal
    amount: Decimal


class TotalsOut(Reply):
    """``lines`` - ``discount`` + ``charge`` = ``net``; ``net`` + ``tax`` = ``gross``.

    All are in the invoice's currency.
    """

    lines: Decimal
    discount: Decimal
    charge: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    taxes: list[TaxOut]


class BuyerOut(Reply):
    """The customer as of posting."""

    customer_id: str
    name: str
    vat_id: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    tax_id: str | None
    email: str | None


class InvoiceOut(Reply):
    """An invoice. ``availableActions`` are the commands that it accepts now.

    ``balance`` is what is still owed; ``settlement`` and ``overdue`` follow from it.
    """

    id: str
    status: str
    settlement: str
    overdue: bool
    balance: Decimal
    number: str | None
    customer_id: str | None
    buyer: BuyerOut | None
    currency: str | None
    issue_date: date | None
    due_date: date | None
    po_number: str | None
    reference: str | None
    memo: str | None
    lines: list[LineOut]
    totals: TotalsOut
    void_reason: str | None
    voided_on: date | None
    row_version: int
    available_actions: list[str]

    @classmethod
    def of(cls, entity: Versioned[Invoice]) -> "InvoiceOut":
        """The invoice as clients see it."""
        invoice = entity.state
        found = amounts(invoice)
        return cls(
            id=entity.id,
            status=invoice.status,
            settlement=settlement(invoice),
            overdue=overdue(invoice, datetime.now(UTC).date()),
            balance=balance(invoice),
            number=invoice.number,
            customer_id=invoice.customer_id,
            buyer=_buyer_out(invoice.buyer) if invoice.buyer else None,
            currency=invoice.currency,
            issue_date=invoice.issue_date,
            due_date=invoice.due_date,
            po_number=invoice.po_number,
            reference=invoice.reference,
            memo=invoice.memo,
            lines=list(map(line_out, invoice.lines, found.nets)),
            totals=_totals_out(found.totals),
            void_reason=invoice.void_reason,
            voided_on=invoice.voided_on,
            row_version=entity.version,
            available_actions=list(available_actions(invoice)),
        )


class InvoiceListed(Reply):
    """An invoice in a list: its header and sums. ``GET /api/invoices/{id}`` has the rest."""

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


class InvoicePage(Reply):
    """One page of invoices. ``asOf`` is the book's position that the list shows."""

    items: list[InvoiceListed]
    next_cursor: str | None
    as_of: int


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _buyer_out(buyer: Buyer) -> BuyerOut:
    return BuyerOut(**msgspec.structs.asdict(buyer))


def _totals_out(sums: Totals) -> TotalsOut:
    taxes = [
        TaxOut(category=it.category, rate=it.rate, base=it.base, amount=it.amount)
        for it in sums.taxes
    ]
    return TotalsOut(
        lines=sums.lines,
        discount=sums.discount,
        charge=sums.charge,
        net=sums.net,
        tax=sums.tax,
        gross=sums.gross,
        taxes=taxes,
    )
