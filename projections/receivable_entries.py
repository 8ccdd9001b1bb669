"""Which facts change what customers owe, and by how much: the entries of the receivables ledger."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from domain.credit_note import CreditNote
from domain.facts.account import BalanceChanged
from domain.facts.credit_note import (
    CreditNoteApplied,
    CreditNotePosted,
    CreditNoteRefunded,
    CreditNoteUnapplied,
    CreditNoteVoided,
)
from domain.facts.invoice_life import InvoiceDueDateChanged, InvoicePosted, InvoiceVoided
from domain.facts.payment import (
    PaymentApplied,
    PaymentReallocated,
    PaymentRecorded,
    PaymentRefunded,
    PaymentReversed,
    PaymentUnapplied,
)
from domain.invoice import Invoice
from domain.money import ZERO, difference, negative
from domain.payment import Payment, refunded
from store.recorded import Recorded

DOCUMENT_TYPES = ("invoice", "payment", "credit-note")

KINDS = (
    *("invoice", "void", "due-date"),
    *("payment", "payment-reversal", "refund", "application"),
    *("credit-note", "credit-note-void", "write-off", "recovery"),
)
"""What an entry is. An application moves an amount between two documents of one customer; of a
due-date, only the date counts. Each document begins with the entry whose kind is its type."""


class Entry(NamedTuple):
    """A row of the ledger, in the order of its columns.

    ``amount`` is above zero where the customer owes more. ``on_account`` tells whether it changes
    the customer's balance, or only which of its documents are open.
    """

    document_id: str
    position: int
    recorded_at: datetime
    dated: date
    kind: str
    document_type: str
    customer_id: str
    currency: str
    amount: Decimal
    due_date: date | None
    number: str | None
    on_account: bool


class _Owner(NamedTuple):
    """A document and whose it is."""

    document_id: str
    document_type: str
    customer_id: str
    currency: str
    number: str | None

    def entry(
        self,
        event: Recorded,
        kind: str,
        dated: date,
        amount: Decimal,
        due_date: date | None = None,
    ) -> Entry:
        """An entry of this document, made by the event."""
        return Entry(
            document_id=self.document_id,
            position=event.position,
            recorded_at=event.recorded_at,
            dated=dated,
            kind=kind,
            document_type=self.document_type,
            customer_id=self.customer_id,
            currency=self.currency,
            amount=amount,
            due_date=due_date,
            number=self.number,
            on_account=kind not in {"application", "due-date"},
        )

    def applied(
        self, event: Recorded, invoice_id: str, dated: date, amount: Decimal
    ) -> Iterator[Entry]:
        """So much of this document's credit settles an invoice: less is open of both."""
        yield self.entry(event, "application", dated, amount)
        invoice = self._replace(document_id=invoice_id, document_type="invoice", number=None)
        yield invoice.entry(event, "application", dated, negative(amount))


def of_invoice(id_: str, invoice: Invoice, events: Iterable[Recorded]) -> Iterator[Entry]:
    """Entries of a posted invoice's own facts; what settles it stands with payments and credits."""
    if invoice.posted_totals is None:
        return
    gross = invoice.posted_totals.gross
    customer_id = invoice.buyer.customer_id if invoice.buyer else ""
    own = _Owner(id_, "invoice", customer_id, invoice.currency or "", invoice.number)
    for event in events:
        match event.fact:
            case InvoicePosted(accounting_date=dated, due_date=due_date):
                yield own.entry(event, "invoice", dated, gross, due_date)
            case InvoiceVoided(voided_on=dated):
                yield own.entry(event, "void", dated, negative(gross))
            case InvoiceDueDateChanged(due_date=due_date):
                dated = invoice.accounting_date or due_date
                yield own.entry(event, "due-date", dated, ZERO, due_date)
            case _:
                pass


def of_payment(id_: str, payment: Payment, events: Iterable[Recorded]) -> Iterator[Entry]:
    """Entries of a payment, which is open as long as something of it is unapplied."""
    reference = payment.external_id  # It never changes, unlike the reference.
    own = _Owner(id_, "payment", payment.customer_id, payment.currency, reference)
    for event in events:
        match event.fact:
            case PaymentRecorded(received_on=dated, amount=amount):
                yield own.entry(event, "payment", dated, negative(amount))
            case PaymentApplied(invoice_id=invoice_id, applied_on=dated, amount=amount):
                yield from own.applied(event, invoice_id, dated, amount)
            case PaymentUnapplied(invoice_id=invoice_id, unapplied_on=dated, amount=amount):
                yield from own.applied(event, invoice_id, dated, negative(amount))
            case PaymentReallocated(reallocated_on=dated, amount=amount) as fact:
                # The payment itself gives as much as it takes back.
                for invoice_id, much in (
                    (fact.from_invoice_id, negative(amount)),
                    (fact.to_invoice_id, amount),
                ):
                    yield [*own.applied(event, invoice_id, dated, much)][1]
            case PaymentRefunded(refunded_on=dated, amount=amount):
                yield own.entry(event, "refund", dated, amount)
            case PaymentReversed(reversed_on=dated):
                # What was refunded before stays so; nothing can be refunded after it.
                rest = difference(payment.amount, refunded(payment))
                yield own.entry(event, "payment-reversal", dated, rest)
            case _:
                pass


def of_credit_note(id_: str, note: CreditNote, events: Iterable[Recorded]) -> Iterator[Entry]:
    """Entries of a posted credit note, which is open as long as some of its credit is unused."""
    if note.posted_totals is None:
        return
    gross = note.posted_totals.gross
    own = _Owner(id_, "credit-note", note.customer_id or "", note.currency or "", note.number)
    for event in events:
        match event.fact:
            case CreditNotePosted(accounting_date=dated):
                yield own.entry(event, "credit-note", dated, negative(gross))
            case CreditNoteApplied(invoice_id=invoice_id, applied_on=dated, amount=amount):
                yield from own.applied(event, invoice_id, dated, amount)
            case CreditNoteUnapplied(invoice_id=invoice_id, unapplied_on=dated, amount=amount):
                yield from own.applied(event, invoice_id, dated, negative(amount))
            case CreditNoteRefunded(refunded_on=dated, amount=amount):
                yield own.entry(event, "refund", dated, amount)
            case CreditNoteVoided(voided_on=dated):
                yield own.entry(event, "credit-note-void", dated, gross)
            case _:
                pass


def of_account(customer_id: str, events: Iterable[Recorded]) -> Iterator[Entry]:
    """Entries of debts that were given up or are expected again.

    They are taken from the customer's account, where the day on which that happened always stands.
    """
    for event in events:
        match event.fact:
            case BalanceChanged(document_type="write-off") as fact:
                own = _Owner(fact.document_id, "invoice", customer_id, fact.currency, None)
                kind = "write-off" if fact.amount < ZERO else "recovery"
                yield own.entry(event, kind, fact.dated, fact.amount)
            case _:
                pass
