"""Payments over HTTP."""

from decimal import Decimal

from litestar import Controller, Response, get, patch, post
from litestar.params import JSONBody

from api.allocation_schemas import ApplyIn, ReasonIn, RefundIn, UnapplyIn, wishes
from api.commands import Ask, on
from api.editing import AUDIT, CREATE, READ, TRANSITION, By, Editing, shown
from api.expansion import Expandable
from api.history import After, EventPage, Limit, Order, history
from api.list_contract import list_operation
from api.list_routes import listed, members_of
from api.payment_schemas import (
    PaymentIn,
    PaymentListed,
    PaymentOut,
    PaymentPage,
    PaymentPatch,
    ReallocateIn,
)
from api.row_version import AsOf
from api.wire import IdInPath, optional_decimal
from domain import payment as decisions
from domain.aggregate import Change, Read
from domain.facts.payment import PaymentRefunded
from domain.payment import PAYMENT
from projections.payment_list import LISTING
from store.ids import new_id

_EXAMPLE = {
    "customerId": "ACME",
    "amount": "119.00",
    "currency": "EUR",
    "method": "transfer",
    "receivedOn": "2026-11-01",
    "reference": "INV-2026-000042",
}
_EXPANDABLE = Expandable(("allocations", "refunds"), PAYMENT, PaymentOut.of)


class PaymentController(Controller):
    """Money that came in, which invoices it settles, and what of it went back."""

    path = "/api/payments"
    tags = ["Payments"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/",
        operation_id="recordPayment",
        summary="Record a payment",
        opt={**CREATE, "example": _EXAMPLE},
    )
    async def record_payment(
        self, making: Editing, data: JSONBody[PaymentIn]
    ) -> Response[PaymentOut]:
        """Record money that came in, and set it against invoices at once where wanted."""
        id_, wanted = new_id("pay"), wishes(data.allocations)

        def decide(read: Read) -> list[Change]:
            today = making.today(read)
            fact = data.recorded(data.customer_id, Decimal(data.amount), data.currency, today)
            return decisions.record(read, id_, fact, wanted, today=today)

        return await making.create(PAYMENT, id_, decide, PaymentOut.of, "/api/payments")

    @get(
        "/",
        operation_id="listPayments",
        summary="List payments",
        opt=READ,
        operation_class=list_operation(LISTING, members_of(PaymentListed), _EXPANDABLE.names),
    )
    async def list_payments(self, request: Ask, caller: By) -> Response[PaymentPage]:
        """Payments, newest first unless ``sort`` says otherwise.

        ``unappliedAmount.gt=0`` asks for those with credit left.
        """
        return await listed(request, caller, LISTING, PaymentListed, expandable=_EXPANDABLE)

    @get("/{payment_id:str}", operation_id="getPayment", summary="Get a payment", opt=READ)
    async def get_payment(
        self, caller: By, payment_id: IdInPath, as_of: AsOf = None
    ) -> Response[PaymentOut]:
        """The payment as it is now, or as it was at a RowVersion or an instant."""
        return await shown(caller, PAYMENT(payment_id), as_of, PaymentOut.of)

    @patch(
        "/{payment_id:str}",
        operation_id="editPayment",
        summary="Change details",
        opt=TRANSITION,
    )
    async def edit_payment(
        self, edit: Editing, payment_id: IdInPath, data: JSONBody[PaymentPatch]
    ) -> Response[PaymentOut]:
        """Put details right (RFC 7396). Amounts never change: reverse it and record it anew."""
        decide = on(PAYMENT(payment_id), lambda it: decisions.change(it, *data.changes()))
        return await edit.change(PAYMENT(payment_id), decide, PaymentOut.of, seen=data.row_version)

    @post(
        "/{payment_id:str}/apply",
        operation_id="applyPayment",
        summary="Apply",
        opt=TRANSITION,
        status_code=200,
    )
    async def apply_payment(
        self, edit: Editing, payment_id: IdInPath, data: JSONBody[ApplyIn]
    ) -> Response[PaymentOut]:
        """Set unapplied money against invoices of the customer, all or none."""
        wanted = wishes(data.allocations)

        def decide(read: Read) -> list[Change]:
            return decisions.apply(read, payment_id, wanted, today=edit.today(read))

        return await edit.change(PAYMENT(payment_id), decide, PaymentOut.of, seen=data.row_version)

    @post(
        "/{payment_id:str}/unapply",
        operation_id="unapplyPayment",
        summary="Un-apply",
        opt=TRANSITION,
        status_code=200,
    )
    async def unapply_payment(
        self, edit: Editing, payment_id: IdInPath, data: JSONBody[UnapplyIn]
    ) -> Response[PaymentOut]:
        """Take back what settles an invoice: it is owed again, and unapplied here."""

        def decide(read: Read) -> list[Change]:
            return decisions.unapply(
                read,
                payment_id,
                data.invoice_id,
                today=edit.today(read),
                amount=optional_decimal(data.amount),
                reason=data.reason,
            )

        return await edit.change(PAYMENT(payment_id), decide, PaymentOut.of, seen=data.row_version)

    @post(
        "/{payment_id:str}/reallocate",
        operation_id="reallocatePayment",
        summary="Reallocate",
        opt=TRANSITION,
        status_code=200,
    )
    async def reallocate_payment(
        self, edit: Editing, payment_id: IdInPath, data: JSONBody[ReallocateIn]
    ) -> Response[PaymentOut]:
        """Let what settles one invoice settle another one, in one step."""

        def decide(read: Read) -> list[Change]:
            return decisions.reallocate(
                read,
                payment_id,
                from_invoice_id=data.from_invoice_id,
                to_invoice_id=data.to_invoice_id,
                today=edit.today(read),
                amount=optional_decimal(data.amount),
                reason=data.reason,
            )

        return await edit.change(PAYMENT(payment_id), decide, PaymentOut.of, seen=data.row_version)

    @post(
        "/{payment_id:str}/refund",
        operation_id="refundPayment",
        summary="Refund",
        opt=TRANSITION,
        status_code=200,
    )
    async def refund_payment(
        self, edit: Editing, payment_id: IdInPath, data: JSONBody[RefundIn]
    ) -> Response[PaymentOut]:
        """Give unapplied money back to the customer."""
        refund_id = new_id("ref")

        def decide(read: Read) -> list[Change]:
            today = edit.today(read)
            asked = PaymentRefunded(
                refund_id=refund_id,
                amount=Decimal(data.amount),
                method=data.method,
                refunded_on=data.refunded_on or today,
                reason=data.reason,
            )
            return decisions.refund(read, payment_id, asked, today=today)

        return await edit.change(PAYMENT(payment_id), decide, PaymentOut.of, seen=data.row_version)

    @post(
        "/{payment_id:str}/reverse",
        operation_id="reversePayment",
        summary="Reverse",
        opt=TRANSITION,
        status_code=200,
    )
    async def reverse_payment(
        self, edit: Editing, payment_id: IdInPath, data: JSONBody[ReasonIn]
    ) -> Response[PaymentOut]:
        """Let the payment not stand, as when a check bounces: what it settled is owed again."""

        def decide(read: Read) -> list[Change]:
            return decisions.reverse(read, payment_id, reason=data.reason, today=edit.today(read))

        return await edit.change(PAYMENT(payment_id), decide, PaymentOut.of, seen=data.row_version)

    @get(
        "/{payment_id:str}/events",
        operation_id="listPaymentEvents",
        summary="History",
        opt=AUDIT,
    )
    async def list_payment_events(
        self,
        caller: By,
        payment_id: IdInPath,
        after: After = 0,
        limit: Limit = 50,
        order: Order = "asc",
    ) -> EventPage:
        """Every event of the payment, in order: who did what when."""
        return await history(caller, PAYMENT(payment_id), after, limit, order)
