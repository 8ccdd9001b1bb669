"""What is done about the money that an invoice owes: pay it, credit it, give it up."""

from decimal import Decimal
from typing import Annotated, Literal

from litestar import Controller, Response, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from api.credit_note_replies import CreditNoteOut
from api.credit_note_schemas import CreditIn
from api.editing import Editing
from api.invoice_replies import InvoiceOut
from api.invoices.refusals import creating, refusable
from api.invoices.showing import showing
from api.payment_schemas import InvoicePaymentIn, PaymentOut
from api.wire import IdInPath, Money, Reason, RowVersion, Wire, optional_decimal
from domain import credit_note, payment, settlement
from domain.aggregate import Change, Read
from domain.allocation import Allocation
from domain.credit_note import CREDIT_NOTE
from domain.errors import NotFound
from domain.invoice import INVOICE, Invoice, balance, guard
from domain.payment import PAYMENT
from store.ids import new_id

_PAID = {"amount": "119.00", "method": "card", "cardLast4": "4242"}


_RETURNED = {"reasonCode": "return", "reason": "It did not fit"}


class WriteOffIn(Wire):
    """What is given up: all that is owed, unless ``amount`` says less.

    A ``bad-debt`` is given up whole; a ``small-difference`` is at most what the settings say.
    """

    kind: Annotated[
        Literal["bad-debt", "small-difference"], Meta(description="Why nothing more is expected.")
    ]
    reason: Reason
    amount: Money | None = None
    row_version: RowVersion | UnsetType = UNSET


class RecoverIn(Wire):
    """What is expected again: all that was written off, unless ``amount`` says less."""

    reason: Reason
    amount: Money | None = None
    row_version: RowVersion | UnsetType = UNSET


class InvoiceMoneyController(Controller):
    """The money of one invoice."""

    path = "/api/invoices"
    tags = ["Invoices"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/{invoice_id:str}/payments",
        operation_id="payInvoice",
        summary="Pay",
        opt={**creating("apply"), "example": _PAID},
    )
    async def pay_invoice(
        self, making: Editing, invoice_id: IdInPath, data: JSONBody[InvoicePaymentIn]
    ) -> Response[PaymentOut]:
        """Record a payment of the invoice's customer, and set it against the invoice."""
        id_ = new_id("pay")

        def decide(read: Read) -> list[Change]:
            invoice = _payable(read, invoice_id)
            today = making.today(read)
            amount = balance(invoice) if data.amount is None else Decimal(data.amount)
            fact = data.recorded(invoice.customer_id or "", amount, invoice.currency or "", today)
            wanted = [Allocation(invoice_id=invoice_id)]
            return payment.record(read, id_, fact, wanted, today=today)

        return await making.create(PAYMENT, id_, decide, PaymentOut.of, "/api/payments")

    @post(
        "/{invoice_id:str}/credit",
        operation_id="creditInvoice",
        summary="Credit",
        opt={**creating("credit"), "example": _RETURNED},
    )
    async def credit_invoice(
        self, making: Editing, invoice_id: IdInPath, data: JSONBody[CreditIn | None] = None
    ) -> Response[CreditNoteOut]:
        """Draft a credit note over lines of the invoice; without any, over all that is left."""
        id_, asked = new_id("crn"), data or CreditIn()
        drafted, lines, flat = (
            asked.drafted(invoice_id, making.author),
            asked.wanted(),
            asked.amount(),
        )

        def decide(read: Read) -> list[Change]:
            return credit_note.draft_over(read, id_, drafted, lines=lines, flat=flat)

        return await making.create(CREDIT_NOTE, id_, decide, CreditNoteOut.of, "/api/credit-notes")

    @post(
        "/{invoice_id:str}/write-off",
        operation_id="writeOffInvoice",
        summary="Write off",
        opt=refusable("writeOff"),
        status_code=200,
    )
    async def write_off_invoice(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[WriteOffIn]
    ) -> Response[InvoiceOut]:
        """Expect no more of what the invoice still owes."""

        def decide(read: Read) -> list[Change]:
            return settlement.write_off(
                read,
                invoice_id,
                kind=data.kind,
                reason=data.reason,
                today=edit.today(read),
                amount=optional_decimal(data.amount),
            )

        show = await showing(edit.caller)
        return await edit.change(INVOICE(invoice_id), decide, show, seen=data.row_version)

    @post(
        "/{invoice_id:str}/recover",
        operation_id="recoverInvoice",
        summary="Recover",
        opt=refusable("recover"),
        status_code=200,
    )
    async def recover_invoice(
        self, edit: Editing, invoice_id: IdInPath, data: JSONBody[RecoverIn]
    ) -> Response[InvoiceOut]:
        """Expect what was written off again, as when a debtor pays after all."""

        def decide(read: Read) -> list[Change]:
            return settlement.recover(
                read,
                invoice_id,
                reason=data.reason,
                today=edit.today(read),
                amount=optional_decimal(data.amount),
            )

        show = await showing(edit.caller)
        return await edit.change(INVOICE(invoice_id), decide, show, seen=data.row_version)


def _payable(read: Read, invoice_id: str) -> Invoice:
    invoice = read(INVOICE(invoice_id))
    if invoice is None:
        raise NotFound("invoice", invoice_id)
    guard(invoice, "apply")
    return invoice
