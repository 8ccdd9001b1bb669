"""Invoices on the wire: request and response bodies, and the one way from each to the domain."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.wire import (
    Code,
    Currency,
    Money,
    Patch,
    Percent,
    Price,
    Quantity,
    Reply,
    RowVersion,
    ShortText,
    Text,
    Wire,
    sent,
)
from domain.facts.invoice import (
    Buyer,
    InvoiceDrafted,
    InvoiceHeaderChanged,
    InvoiceLineChanged,
    Line,
    Totals,
)
from domain.invoice import MAX_LINES, Invoice, available_actions
from domain.invoice_totals import line_nets, totals
from store.recorded import Versioned

Uom = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z0-9]{1,3}(?![\s\S])",
        max_length=3,
        description="Unit of measure, as a code of UN/ECE Recommendation 20.",
        examples=["C62"],
    ),
]

# ---------------------------------------------------------------- requests


class LineIn(Wire):
    """A line to add. Everything may be missing in a draft; posting says what is needed."""

    item_code: Code | None = None
    description: ShortText | None = None
    quantity: Quantity | None = None
    uom: Uom = "C62"
    unit_price: Price | None = None
    tax_rate: Percent | None = None
    row_version: RowVersion | UnsetType = UNSET

    def line(self, id_: str) -> Line:
        """The domain's line, under this id."""
        return Line(
            id=id_,
            item_code=self.item_code,
            description=self.description,
            quantity=_decimal(self.quantity),
            uom=self.uom,
            unit_price=_decimal(self.unit_price),
            tax_rate=_decimal(self.tax_rate),
        )


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

    def header(self) -> InvoiceDrafted:
        """The fact that opens the draft."""
        values = msgspec.structs.asdict(self)
        del values["lines"]
        return InvoiceDrafted(**values)


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

    def changes(self) -> InvoiceHeaderChanged:
        """The change that was sent."""
        values = sent(self)
        values.pop("row_version", None)
        return InvoiceHeaderChanged(**values)


class LinePatch(Wire):
    """Line fields to change (RFC 7396): a field that is absent keeps its value, null clears."""

    item_code: Patch[Code] = UNSET
    description: Patch[ShortText] = UNSET
    quantity: Patch[Quantity] = UNSET
    uom: Uom | UnsetType = UNSET
    unit_price: Patch[Price] = UNSET
    tax_rate: Patch[Percent] = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self, line_id: str) -> InvoiceLineChanged:
        """The change that was sent."""
        values = sent(self)
        values.pop("row_version", None)
        for field in ("quantity", "unit_price", "tax_rate"):
            if values.get(field) is not None:
                values[field] = Decimal(values[field])
        return InvoiceLineChanged(line_id=line_id, **values)


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


class LineOut(Reply):
    """A line. ``net`` is quantity times price, rounded once to the currency's exponent."""

    id: str
    item_code: str | None
    description: str | None
    quantity: Decimal | None
    uom: str
    unit_price: Decimal | None
    tax_rate: Decimal | None
    net: Decimal


class TaxOut(Reply):
    """Tax of one rate, computed on the sum of that rate's lines and rounded once."""

    rate: Decimal
    base: Decimal
    amount: Decimal


class TotalsOut(Reply):
    """``net`` + ``tax`` = ``gross``, in the invoice's currency."""

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


class InvoiceOut(Reply):
    """An invoice. ``availableActions`` are the commands that its status allows now."""

    id: str
    status: str
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
        nets = line_nets(invoice)
        return cls(
            id=entity.id,
            status=invoice.status,
            number=invoice.number,
            customer_id=invoice.customer_id,
            buyer=_buyer_out(invoice.buyer) if invoice.buyer else None,
            currency=invoice.currency,
            issue_date=invoice.issue_date,
            due_date=invoice.due_date,
            po_number=invoice.po_number,
            reference=invoice.reference,
            memo=invoice.memo,
            lines=list(map(_line_out, invoice.lines, nets)),
            totals=_totals_out(totals(invoice, nets)),
            void_reason=invoice.void_reason,
            voided_on=invoice.voided_on,
            row_version=entity.version,
            available_actions=list(available_actions(invoice.status)),
        )


class InvoiceListed(Reply):
    """An invoice in a list: its header and sums. ``GET /api/invoices/{id}`` has the rest."""

    id: str
    number: str | None
    status: str
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


def _line_out(line: Line, net: Decimal) -> LineOut:
    return LineOut(
        id=line.id,
        item_code=line.item_code,
        description=line.description,
        quantity=line.quantity,
        uom=line.uom,
        unit_price=line.unit_price,
        tax_rate=line.tax_rate,
        net=net,
    )


def _totals_out(sums: Totals) -> TotalsOut:
    taxes = [TaxOut(rate=it.rate, base=it.base, amount=it.amount) for it in sums.taxes]
    return TotalsOut(net=sums.net, tax=sums.tax, gross=sums.gross, taxes=taxes)
