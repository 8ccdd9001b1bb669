"""One invoice of a sales file as one decision: its customer, its draft and its posting at once."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from daybook.sales.file import SalesInvoice
from domain import customer as customers
from domain import invoice as drafts
from domain import posting
from domain.aggregate import Change, Decision, Read, Stream, fold
from domain.customer import CUSTOMER
from domain.errors import RuleBroken, Violation
from domain.facts.customer import CustomerCreated
from domain.facts.invoice import InvoiceDrafted
from domain.invoice import INVOICE, available_actions
from store.ids import new_id

S = TypeVar("S")

CREDIT_NOTE_NEEDED = "P51"
_CANCELLATION = Violation(
    CREDIT_NOTE_NEEDED, "/reference", "Its number begins with C: it cancels another invoice."
)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the file does not say. ``tax_rate`` is in percent.

    Without a ``default_customer``, an invoice must name its own.
    """

    currency: str
    tax_rate: Decimal
    default_customer: str | None = None


def enter(id_: str, invoice: SalesInvoice, terms: Terms, *, today: date) -> Decision:
    """The decision that enters the invoice under this id; nothing, when it is posted already.

    A draft that stands there is posted as it is.
    """
    customer_id = invoice.customer_id or terms.default_customer
    header = InvoiceDrafted(
        customer_id=customer_id,
        currency=terms.currency,
        issue_date=invoice.issue_date,
        reference=invoice.number,
    )
    rate = str(terms.tax_rate)
    lines = [
        msgspec.structs.replace(line, tax_rate=rate).line(new_id("lin")) for line in invoice.lines
    ]

    def decide(read: Read) -> list[Change]:
        known = read(INVOICE(id_))
        if known is not None and "post" not in available_actions(known):
            return [(INVOICE(id_), [])]
        changes: list[Change] = []
        if known is None:
            changes.extend(_customer(read, customer_id, invoice.country))
            changes.append((INVOICE(id_), drafts.draft(header, lines)))
        try:
            posted = posting.post(_after(read, changes), id_, today=today)
        except RuleBroken as refused:
            raise _with_cancellation(invoice, refused.violations) from refused
        if invoice.is_cancellation:
            raise _with_cancellation(invoice, ())
        return [*changes, *posted]

    return decide


def _customer(read: Read, code: str | None, country: str | None) -> list[Change]:
    if code is None or read(CUSTOMER(code)) is not None:
        return []
    return customers.create(read, code, CustomerCreated(name=f"Customer {code}", country=country))


def _after(read: Read, changes: Sequence[Change]) -> Read:
    """How the book reads once these changes are made."""
    ahead: dict[str, Any] = {
        stream.name: fold(stream.aggregate, facts, read(stream)) for stream, facts in changes
    }

    def look(stream: Stream[S]) -> S | None:
        state: S | None = ahead[stream.name] if stream.name in ahead else read(stream)
        return state

    return look


def _with_cancellation(invoice: SalesInvoice, violations: tuple[Violation, ...]) -> RuleBroken:
    """What tells most comes first: that it is a cancellation, then that its total is negative."""
    if invoice.is_cancellation:
        others = (broken for broken in violations if broken.code != CREDIT_NOTE_NEEDED)
        return RuleBroken((_CANCELLATION, *others))
    return RuleBroken(violations)
