"""An example of every fact about payments, credit and accounts: see ``tests/examples.py``."""

from datetime import date
from decimal import Decimal

from domain.aggregate import Fact
from domain.facts import credit_note as credit
from domain.facts import payment
from domain.facts.account import BalanceChanged
from tests.examples_of_invoice_life import BUYER, SELLER, TOTALS
from tests.examples_of_lines import STOVE_ID, TAX

_INVOICE = "inv_01K9VXEH3T0000000000000002"
_OTHER = "inv_01K9VXEH3T000000000000000P"
_CREDIT_HEADER = credit.CreditHeader(
    invoice_id=_INVOICE,
    customer_id="ACME",
    currency="USD",
    branch="KOELN",
    issue_date=date(2026, 11, 12),
    accounting_date=date(2026, 11, 13),
    reason_code="returned",
    reason="One stove came back.",
    reference="RMA 7",
    memo="Checked by Ben.",
    exchange_rate=Decimal("0.9215"),
    exchange_date=date(2026, 11, 2),
)
_DETAILS = payment.PaymentDetails(
    reference="INV-2026-000042",
    memo="By telephone.",
    branch="KOELN",
    terminal="T1",
    card_last4="4242",
)

MONEY_EXAMPLES: dict[str, Fact] = {
    "credit_note.drafted.v1": credit.CreditNoteDrafted(
        **{it: getattr(_CREDIT_HEADER, it) for it in _CREDIT_HEADER.__struct_fields__},
        author="key_01K9VXEH3T0000000000000005",
    ),
    "credit_note.changed.v1": credit.CreditNoteChanged(
        to=_CREDIT_HEADER, fields=_CREDIT_HEADER.__struct_fields__
    ),
    "credit_note.line_set.v1": credit.CreditNoteLineSet(
        line=credit.CreditLine(
            line_id=STOVE_ID,
            quantity=Decimal(1),
            reason="Dented.",
            serial_numbers=("SN-0042",),
        )
    ),
    "credit_note.line_removed.v1": credit.CreditNoteLineRemoved(line_id=STOVE_ID),
    "credit_note.amount_set.v1": credit.CreditNoteAmountSet(
        flat=credit.FlatAmount(description="Goodwill", amount=Decimal("50.00"), taxes=(TAX,))
    ),
    "credit_note.posted.v1": credit.CreditNotePosted(
        number="CRN-2026-000007",
        series="credit-2026",
        issue_date=date(2026, 11, 12),
        accounting_date=date(2026, 11, 13),
        totals=TOTALS,
        line_nets=(Decimal("1299.50"),),
        buyer=BUYER,
        seller=SELLER,
        preceding_number="INV-2026-000042",
        preceding_date=date(2026, 11, 2),
    ),
    "credit_note.applied.v1": credit.CreditNoteApplied(
        invoice_id=_INVOICE, amount=Decimal("500.00"), applied_on=date(2026, 11, 14)
    ),
    "credit_note.unapplied.v1": credit.CreditNoteUnapplied(
        invoice_id=_INVOICE,
        amount=Decimal("500.00"),
        unapplied_on=date(2026, 11, 15),
        reason="Meant for the other invoice.",
    ),
    "credit_note.refunded.v1": credit.CreditNoteRefunded(
        refund_id="ref_01K9VXEH3T000000000000000Q",
        amount=Decimal("500.00"),
        method="transfer",
        refunded_on=date(2026, 11, 16),
        reason="Nothing else is owed.",
    ),
    "credit_note.voided.v1": credit.CreditNoteVoided(
        reason="Credited twice.", voided_on=date(2026, 11, 17)
    ),
    "credit_note.draft_deleted.v1": credit.CreditNoteDraftDeleted(),
    "payment.recorded.v1": payment.PaymentRecorded(
        **{it: getattr(_DETAILS, it) for it in _DETAILS.__struct_fields__},
        customer_id="ACME",
        amount=Decimal("1000.00"),
        currency="USD",
        method="transfer",
        received_on=date(2026, 11, 20),
        bank_fee=Decimal("1.20"),
        exchange_rate=Decimal("0.9301"),
        external_id="2026-11-20/000417",
        deposit=True,
    ),
    "payment.changed.v1": payment.PaymentChanged(
        to=_DETAILS, fields=payment.PaymentDetails.__struct_fields__
    ),
    "payment.applied.v1": payment.PaymentApplied(
        invoice_id=_INVOICE,
        amount=Decimal("1000.00"),
        applied_on=date(2026, 11, 20),
        exchange_difference=Decimal("8.60"),
    ),
    "payment.unapplied.v1": payment.PaymentUnapplied(
        invoice_id=_INVOICE,
        amount=Decimal("1000.00"),
        unapplied_on=date(2026, 11, 21),
        exchange_difference=Decimal("-8.60"),
        reason="Meant for the other invoice.",
    ),
    "payment.reallocated.v1": payment.PaymentReallocated(
        from_invoice_id=_INVOICE,
        to_invoice_id=_OTHER,
        amount=Decimal("400.00"),
        reallocated_on=date(2026, 11, 21),
        exchange_difference=Decimal("0.40"),
        reason="The customer said so.",
    ),
    "payment.refunded.v1": payment.PaymentRefunded(
        refund_id="ref_01K9VXEH3T000000000000000R",
        amount=Decimal("100.00"),
        method="transfer",
        refunded_on=date(2026, 11, 22),
        reason="Paid twice.",
    ),
    "payment.reversed.v1": payment.PaymentReversed(
        reason="The check bounced.", reversed_on=date(2026, 11, 24)
    ),
    "payment.external_id_taken.v1": payment.ExternalIdTaken(
        payment_id="pay_01K9VXEH3T000000000000000E"
    ),
    "customer.balance_changed.v1": BalanceChanged(
        document_type="invoice",
        document_id=_INVOICE,
        amount=Decimal("3092.81"),
        currency="USD",
        balance=Decimal("4092.81"),
        dated=date(2026, 11, 2),
    ),
}
