"""Lines of invoices and the serial numbers under them."""

from collections.abc import Sequence

from litestar import Controller, Response, delete, patch, post, put
from litestar.params import JSONBody

from api.editing import Editing
from api.invoice_replies import InvoiceOut
from api.invoices.examples import LINE, LINE_EDITED, SERIAL
from api.invoices.new_lines import completed_lines, new_line, patched_line
from api.invoices.refusals import refusable
from api.invoices.showing import PLACE, Deciding, added, changed
from api.line_schemas import LineIn, LinePatch, LinesOrder, ReserveIn
from api.wire import IdInPath
from domain import invoice as decisions
from domain.aggregate import Fact, Read
from domain.invoice import Invoice
from domain.invoice.lines import line_of


class InvoiceLineController(Controller):
    """Lines of all kinds. They share the RowVersion of their invoice."""

    path = PLACE
    tags = ["Invoices"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/{invoice_id:str}/lines",
        operation_id="addLine",
        summary="Add a line",
        opt={**refusable("addLine"), "example": LINE},
        status_code=201,
    )
    async def add_line(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[LineIn]
    ) -> Response[InvoiceOut]:
        """Add a line at the end of a draft. What it does not say is given by its code."""
        return await added(edit, invoice_id, adding(data), data.row_version)

    @put(
        "/{invoice_id:str}/lines/order",
        operation_id="orderLines",
        summary="Put the lines in order",
        opt=refusable("reorderLines"),
    )
    async def order_lines(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[LinesOrder]
    ) -> Response[InvoiceOut]:
        """Put the lines of a draft in this order. All of them are named, each once."""

        def decide(_read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.reorder_lines(invoice, data.line_ids)

        return await changed(edit, invoice_id, decide, data.row_version)

    @patch(
        "/{invoice_id:str}/lines/{line_id:str}",
        operation_id="changeLine",
        summary="Change a line",
        opt={**refusable("changeLine"), "example": LINE_EDITED},
    )
    async def change_line(
        self, edit: Editing, invoice_id: IdInPath, line_id: IdInPath, data: JSONBody[LinePatch]
    ) -> Response[InvoiceOut]:
        """Change fields of one line of a draft (RFC 7396)."""
        return await changed(edit, invoice_id, changing(line_id, data), data.row_version)

    @delete(
        "/{invoice_id:str}/lines/{line_id:str}",
        operation_id="removeLine",
        summary="Remove a line",
        opt=refusable("removeLine"),
        status_code=200,
    )
    async def remove_line(
        self, edit: Editing, invoice_id: IdInPath, line_id: IdInPath
    ) -> Response[InvoiceOut]:
        """Take a line off a draft; its serial numbers can be sold elsewhere."""
        return await changed(edit, invoice_id, lambda _read, it: decisions.remove_line(it, line_id))

    @post(
        "/{invoice_id:str}/lines/{line_id:str}/serials",
        operation_id="reserveSerial",
        summary="Reserve a serial number",
        opt={**refusable("reserveSerial"), "example": SERIAL},
        status_code=201,
    )
    async def reserve_serial(
        self, edit: Editing, invoice_id: IdInPath, line_id: IdInPath, data: JSONBody[ReserveIn]
    ) -> Response[InvoiceOut]:
        """Put a serial number under a model line: nobody else can sell it meanwhile."""
        serial = data.serial()

        def decide(_read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.reserve_serial(invoice, line_id, serial)

        return await added(edit, invoice_id, decide, data.row_version)

    @delete(
        "/{invoice_id:str}/lines/{line_id:str}/serials/{serial_id:str}",
        operation_id="releaseSerial",
        summary="Release a serial number",
        opt=refusable("releaseSerial"),
        status_code=200,
    )
    async def release_serial(
        self, edit: Editing, invoice_id: IdInPath, line_id: IdInPath, serial_id: IdInPath
    ) -> Response[InvoiceOut]:
        """Take a serial number off a model line, so that it can be sold elsewhere."""

        def decide(_read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.release_serial(invoice, line_id, serial_id)

        return await changed(edit, invoice_id, decide)


def adding(data: LineIn) -> Deciding:
    """The decision that adds a line."""
    new = new_line(data)

    def decide(read: Read, invoice: Invoice) -> Sequence[Fact]:
        [line] = completed_lines(read, (new,), invoice)
        return decisions.add_line(invoice, line)

    return decide


def changing(line_id: str, data: LinePatch) -> Deciding:
    """The decision that changes the fields of a line that were sent."""

    def decide(read: Read, invoice: Invoice) -> Sequence[Fact]:
        to, fields = patched_line(read, data, line_of(invoice, line_id), invoice)
        return decisions.change_line(invoice, to, fields)

    return decide
