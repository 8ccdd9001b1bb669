"""What can be tried with money that came in, serial numbers, periods and master data."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain import (
    code_entry,
    credit_note,
    customer,
    payment,
    period,
    product,
    serial,
    tax_code,
)
from domain.aggregate import Change, Stream
from domain.customer import CUSTOMER
from domain.errors import Refusal
from domain.facts.code_entry import CodeCreated
from domain.facts.credit_note import CreditNoteRefunded
from domain.facts.customer import CustomerDetails
from domain.facts.invoice import InvoiceDrafted
from domain.facts.lines import ModelLine, Serial
from domain.facts.payment import PaymentRefunded
from domain.facts.product import ProductCreated, ProductDetails
from domain.facts.tax_code import TaxCodeCreated
from domain.invoice import draft
from domain.payment import Allocation
from domain.period import PERIOD
from domain.product import PRODUCT
from tests.projections.company import CUSTOMERS, Action, Company, Step


def over_payment(decide: Callable[..., Sequence[Change]]) -> Action:
    def action(it: Company, step: Step) -> Sequence[Change]:
        return decide(it, it.existing("payment", step.which), step)

    return action


def over_credit(decide: Callable[..., Sequence[Change]]) -> Action:
    def action(it: Company, step: Step) -> Sequence[Change]:
        return decide(it, it.existing("credit-note", step.which), step)

    return action


def wish(it: Company, step: Step) -> list[Allocation]:
    return [Allocation(invoice_id=it.existing("invoice", step.other))]


def invoice_of(it: Company, stream: Stream[Any], step: Step) -> str:
    applied = it.state(stream).applied
    if not applied:
        raise Refusal
    invoice_id: str = applied[step.other % len(applied)].invoice_id
    return invoice_id


def refund(it: Company, id_: str, _step: Step) -> Sequence[Change]:
    refunded = PaymentRefunded(
        refund_id=it.new("ref"), amount=Decimal(3), method="transfer", refunded_on=it.today
    )
    return payment.refund(it.read, id_, refunded, today=it.today)


def refund_credit(it: Company, id_: str, _step: Step) -> Sequence[Change]:
    refunded = CreditNoteRefunded(
        refund_id=it.new("ref"), amount=Decimal(1), method="transfer", refunded_on=it.today
    )
    return credit_note.refund(it.read, id_, refunded, today=it.today)


def serial_reserved(it: Company, step: Step) -> Sequence[Change]:
    stove = Serial(id="ser_1", serial_number=f"S-{step.which % 4}")
    line = ModelLine(id="lin_m", code="STOVE/7", quantity=Decimal(1), serials=(stove,))
    id_ = it.new("inv")
    return serial.tracked(it.read, id_, draft(InvoiceDrafted(customer_id="12"), [line]))


def period_moved(it: Company, step: Step) -> Sequence[Change]:
    month = PERIOD(period.period_of(it.today - timedelta(days=60)))
    state = it.read(month)
    decisions = {
        0: lambda: period.lock_sales(state),
        1: lambda: period.lock(state, reason="Done."),
        2: lambda: period.reopen(state, reason="A mistake."),
    }
    if step.which % 4 == 3:
        return period.close(it.read, month.id, totals=(), as_of=len(it.events), list_drafts=True)
    return [(month, decisions[step.which % 4]())]


def master_data(it: Company, step: Step) -> Sequence[Change]:
    code = ("STOVE", "PIPE")[step.which % 2]
    entry = code_entry.entry_of("misc", code)
    customer_ = CUSTOMER(CUSTOMERS[step.which % 3])
    tried: tuple[Callable[[], Sequence[Change]], ...] = (
        lambda: product.create(it.read, code, ProductCreated(description="Ein Ofen")),
        lambda: [
            (
                PRODUCT(code),
                product.change(
                    it.state(PRODUCT(code)), ProductDetails(unit_price=step.amount), ["unit_price"]
                ),
            )
        ],
        lambda: [(PRODUCT(code), product.archive(it.state(PRODUCT(code))))],
        lambda: code_entry.create(it.read, "misc", code, CodeCreated(amount=step.amount)),
        lambda: [(entry, code_entry.remove(it.state(entry)))],
        lambda: tax_code.create(it.read, code, TaxCodeCreated(rate=Decimal(19))),
        lambda: [(customer_, customer.hold(it.state(customer_), reason="Late."))],
        lambda: [(customer_, customer.release(it.state(customer_)))],
        lambda: [(customer_, customer.change_credit_limit(it.state(customer_), step.amount))],
        lambda: [
            (
                customer_,
                customer.change(it.state(customer_), CustomerDetails(city="Köln"), ["city"]),
            )
        ],
    )
    return tried[step.other % len(tried)]()
