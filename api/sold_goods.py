"""Where goods are: the lines of all invoices, and serial numbers, over HTTP."""

from datetime import date, datetime
from decimal import Decimal

from litestar import Response, get
from litestar.di import NamedDependency

from api.caller import Caller
from api.commands import Ask
from api.list_contract import list_operation
from api.list_routes import listed, members_of
from api.wire import Reply
from projections.invoice_lines import LISTING as LINES
from projections.serial_list import LISTING as SERIALS

READ = {"scope": "read"}


class InvoiceLineListed(Reply):
    """A line of an invoice. `state` tells whether the invoice is a draft, posted or voided."""

    id: str
    invoice_id: str
    place: int
    line_id: str
    state: str
    number: str | None
    customer_id: str | None
    issue_date: date | None
    kind: str
    code: str | None
    description: str | None
    quantity: Decimal | None
    uom: str | None
    unit_price: Decimal | None
    currency: str | None
    net: Decimal
    package_id: str | None
    row_version: int


class InvoiceLinePage(Reply):
    """One page of lines. ``asOf`` is the book's position that the list shows."""

    items: list[InvoiceLineListed]
    next_cursor: str | None
    as_of: int


class SerialListed(Reply):
    """A serial number of a model, and which invoice or credit note has it."""

    id: str
    model: str
    serial_number: str
    status: str
    invoice_id: str | None
    line_id: str | None
    credit_note_id: str | None
    row_version: int
    created_at: datetime
    updated_at: datetime


class SerialPage(Reply):
    """One page of serial numbers. ``asOf`` is the book's position that the list shows."""

    items: list[SerialListed]
    next_cursor: str | None
    as_of: int


@get(
    "/api/invoice-lines",
    operation_id="listInvoiceLines",
    summary="List lines of all invoices",
    tags=["Invoices"],
    opt=READ,
    operation_class=list_operation(LINES, members_of(InvoiceLineListed)),
)
async def list_invoice_lines(
    request: Ask, caller: NamedDependency[Caller]
) -> Response[InvoiceLinePage]:
    """Lines by what was sold, to whom and when: ``code.eq=STOVE-7&issueDate.gte=2026-01-01``."""
    return await listed(request, caller, LINES, InvoiceLineListed)


@get(
    "/api/serials",
    operation_id="listSerials",
    summary="List serial numbers",
    tags=["Invoices"],
    opt=READ,
    operation_class=list_operation(SERIALS, members_of(SerialListed)),
)
async def list_serials(request: Ask, caller: NamedDependency[Caller]) -> Response[SerialPage]:
    """Where a serial number is: ``serialNumber.eq=4711`` finds it under every model."""
    return await listed(request, caller, SERIALS, SerialListed)
