"""What can be tried with invoices, payments and credit notes."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain import (
    credit_note,
    payment,
)
from domain.aggregate import Change, Fact
from domain.credit_note import CREDIT_NOTE
from domain.facts.credit_note import CreditNoteDrafted, FlatAmount
from domain.facts.invoice import InvoiceDrafted
from domain.facts.lines import CommentLine, ItemLine, Line, Tax
from domain.facts.payment import PaymentRecorded
from domain.invoice import INVOICE, draft
from domain.payment import Allocation
from domain.posting import post
from tests.projections.company import CURRENCIES, CUSTOMERS, Action, Company, Step

# ---------------------------------------------------------------- what can be tried


def drafted(it: Company, step: Step) -> Sequence[Change]:
    taxes = [(Tax(rate=Decimal(rate)),) for rate in ("19", "19.00", "7")]
    lines: list[Line] = [
        ItemLine(
            id=f"lin_{at}",
            code=("STOVE", "PIPE", None)[(step.which + at) % 3],
            description="Goods",
            quantity=Decimal(at + 1),
            unit_price=step.amount,
            taxes=taxes[(step.other + at) % 3],
        )
        for at in range(step.other % 3 + 1)
    ]
    lines.append(CommentLine(id="lin_c", description="Thank you."))
    header = InvoiceDrafted(
        customer_id=CUSTOMERS[step.which % 3],
        currency=CURRENCIES[step.other % 4],
        issue_date=it.today,
        accounting_date=it.today + timedelta(days=step.which % 4) if step.other % 2 else None,
        po_number=f"PO-{step.which % 2}" if step.other % 3 else None,
        discount_percent=Decimal(10) if step.which % 5 == 0 else None,
    )
    return [(INVOICE(it.new("inv")), draft(header, lines))]


def posted(it: Company, step: Step) -> Sequence[Change]:
    """A draft that is posted at once: most histories should have something to pay."""
    changes = [*drafted(it, step)]
    stream, facts = changes[0]
    it.append(changes)
    assert facts
    return post(it.read, stream.id, today=it.today)


def on_invoice(decide: Callable[[Company, Any, Step], Sequence[Fact]]) -> Action:
    def action(it: Company, step: Step) -> Sequence[Change]:
        stream = INVOICE(it.existing("invoice", step.which))
        return [(stream, decide(it, it.state(stream), step))]

    return action


def paid(it: Company, step: Step) -> Sequence[Change]:
    invoice_id = it.existing("invoice", step.which)
    invoice = it.state(INVOICE(invoice_id))
    recorded = PaymentRecorded(
        customer_id=invoice.customer_id,
        amount=step.amount.quantize(Decimal(1)),
        currency=invoice.currency,
        method="transfer",
        received_on=it.today - timedelta(days=step.other),
    )
    wishes = [Allocation(invoice_id=invoice_id)] if step.other % 3 else []
    return payment.record(it.read, it.new("pay"), recorded, wishes, today=it.today)


def credited(it: Company, step: Step) -> Sequence[Change]:
    note = it.new("crn")
    invoice_id = it.existing("invoice", step.which)
    drafted = CreditNoteDrafted(invoice_id=invoice_id, reason_code="return")
    flat = FlatAmount(description="Late", amount=Decimal(2)) if step.other % 2 else None
    it.append(credit_note.draft_over(it.read, note, drafted, flat=flat))
    return credit_note.post(it.read, note, today=it.today, apply=step.other % 3 == 0)


def memo(it: Company, step: Step) -> Sequence[Change]:
    note = it.new("crn")
    drafted = CreditNoteDrafted(
        customer_id=CUSTOMERS[step.which % 3],
        currency="EUR",
        reason_code="goodwill",
        issue_date=it.today,
    )
    taxes = (Tax(rate=Decimal(19)),)
    flat = FlatAmount(description="Late", amount=step.amount, taxes=taxes)
    it.append([(CREDIT_NOTE(note), credit_note.draft(drafted, flat=flat))])
    return credit_note.post(it.read, note, today=it.today) if step.other % 3 else []
