"""An example of every fact of an invoice from its approval on: see ``tests/examples.py``."""

from datetime import date
from decimal import Decimal
from typing import Any

from domain.aggregate import Fact
from domain.facts import invoice_life as life
from domain.facts.invoice_parts import BaseTotals, TaxTotal, Totals
from tests.examples_of_invoices import ADDRESS
from tests.examples_of_lines import STOVE_ID

TOTALS = Totals(
    net=Decimal("2599.00"),
    tax=Decimal("493.81"),
    gross=Decimal("3092.81"),
    taxes=(
        TaxTotal(
            rate=Decimal(19),
            base=Decimal("2599.00"),
            amount=Decimal("493.81"),
            category="L",
            exemption_code="VATEX-EU-132",
            exemption_text="Exempt.",
            override="As the customs office assessed it.",
        ),
    ),
    lines=Decimal("2605.00"),
    discount=Decimal("10.00"),
    charge=Decimal("4.00"),
    base=BaseTotals(
        currency="EUR",
        rate=Decimal("0.9215"),
        rate_date=date(2026, 11, 2),
        net=Decimal("2394.98"),
        tax=Decimal("455.05"),
        gross=Decimal("2850.03"),
    ),
)
BUYER = life.Buyer(
    customer_id="ACME",
    name="Acme Heating GmbH",
    vat_id="DE123456788",
    street="Ofenweg 3",
    postal_code="50667",
    city="Köln",
    country="DE",
    tax_id="223/112/3345",
    email="office@acme.example",
)
SELLER = life.Seller(
    name="Glow Stoves GmbH",
    vat_id="DE136695976",
    tax_id="133/815/0815",
    legal_id="HRB 4711",
    street="Kaminstr. 1",
    postal_code="50668",
    city="Köln",
    country="DE",
)
_SETTLED: dict[str, Any] = {
    "source": "payment",
    "source_id": "pay_01K9VXEH3T000000000000000E",
    "amount": Decimal("1000.00"),
}
_CREDIT_NOTE = "crn_01K9VXEH3T000000000000000F"

# The first shape: no accounting date, no discounts, no line nets.
_POSTED_V1 = life.InvoicePosted(
    number="INV-2026-000042",
    series="sales-2026",
    issue_date=date(2026, 11, 2),
    accounting_date=date(2026, 11, 2),
    due_date=date(2026, 12, 2),
    totals=Totals(
        net=Decimal("2599.00"),
        tax=Decimal("493.81"),
        gross=Decimal("3092.81"),
        taxes=(TaxTotal(rate=Decimal(19), base=Decimal("2599.00"), amount=Decimal("493.81")),),
        lines=Decimal("2599.00"),
        discount=Decimal(0),
        charge=Decimal(0),
    ),
    line_nets=(),
    buyer=life.Buyer(
        customer_id="ACME",
        name="Acme Heating GmbH",
        vat_id="DE123456788",
        street="Ofenweg 3",
        postal_code="50667",
        city="Köln",
        country="DE",
    ),
)

LIFE_EXAMPLES: dict[str, Fact] = {
    "invoice.approved.v1": life.InvoiceApproved(
        approver="key_01K9VXEH3T000000000000000M",
        content_hash="60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        reason="Within budget.",
    ),
    "invoice.approval_withdrawn.v1": life.InvoiceApprovalWithdrawn(reason="Wrong price."),
    "invoice.rejected.v1": life.InvoiceRejected(
        reviewer="key_01K9VXEH3T000000000000000M", reason="The discount is too high."
    ),
    "invoice.posted.v1": _POSTED_V1,
    "invoice.posted.v2": life.InvoicePosted(
        number="INV-2026-000042",
        series="sales-2026",
        issue_date=date(2026, 11, 2),
        accounting_date=date(2026, 11, 3),
        due_date=date(2026, 12, 2),
        totals=TOTALS,
        line_nets=(Decimal("2605.00"),),
        buyer=BUYER,
        seller=SELLER,
        addresses=(ADDRESS,),
    ),
    "invoice.released.v1": life.InvoiceReleased(released_on=date(2026, 11, 4)),
    "invoice.voided.v1": life.InvoiceVoided(reason="Billed twice.", voided_on=date(2026, 11, 9)),
    "invoice.archived.v1": life.InvoiceArchived(),
    "invoice.unarchived.v1": life.InvoiceUnarchived(),
    "invoice.converted.v1": life.InvoiceConverted(invoice_id="inv_01K9VXEH3T000000000000000N"),
    "invoice.due_date_changed.v1": life.InvoiceDueDateChanged(
        due_date=date(2026, 12, 24), reason="Customer asked for more time."
    ),
    "invoice.partially_paid.v1": life.InvoicePartiallyPaid(**_SETTLED, balance=Decimal("2092.81")),
    "invoice.paid.v1": life.InvoicePaid(**_SETTLED, balance=Decimal("0.00")),
    "invoice.reopened.v1": life.InvoiceReopened(**_SETTLED, balance=Decimal("1000.00")),
    "invoice.credited.v1": life.InvoiceCredited(
        credit_note_id=_CREDIT_NOTE,
        amount=Decimal("3092.81"),
        lines=(life.Credited(line_id=STOVE_ID, quantity=Decimal(2), net=Decimal("2599.00")),),
        totals=TOTALS,
    ),
    "invoice.credit_withdrawn.v1": life.InvoiceCreditWithdrawn(credit_note_id=_CREDIT_NOTE),
    "invoice.written_off.v1": life.InvoiceWrittenOff(
        amount=Decimal("0.03"),
        kind="small-difference",
        reason="The bank rounded.",
        written_off_on=date(2026, 12, 5),
    ),
    "invoice.recovered.v1": life.InvoiceRecovered(
        amount=Decimal("0.03"), reason="The customer paid it after all."
    ),
    "invoice.disputed.v1": life.InvoiceDisputed(reason="The stove arrived damaged."),
    "invoice.dispute_resolved.v1": life.InvoiceDisputeResolved(resolution="A credit was agreed."),
}
