"""One document of a sales file as one decision: customer, draft and posting at once."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from daybook.sales.file import SalesInvoice
from domain import credit_note as credit_notes
from domain import customer as customers
from domain import invoice as drafts
from domain import posting
from domain.aggregate import Change, Decision, Read, Stream, fold
from domain.credit_note import CREDIT_NOTE
from domain.customer import CUSTOMER
from domain.errors import RuleBroken, Violation
from domain.facts.credit_note import CreditNoteDrafted, FlatAmount
from domain.facts.customer import CustomerCreated
from domain.facts.invoice import InvoiceDrafted
from domain.facts.lines import CommentLine, Line, Tax
from domain.invoice import INVOICE, available_actions
from domain.money import ZERO, difference
from store.ids import new_id

S = TypeVar("S")

_NEGATIVE = "P51"
_CANCELS_NOTHING = Violation(
    _NEGATIVE,
    "/reference",
    "Its number begins with C, as those of cancellations do, but its total is not below zero.",
)
_REASON = "cancellation"
_DESCRIPTION = 200


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
    header, lines = _content(invoice, terms)

    def decide(read: Read) -> list[Change]:
        known = read(INVOICE(id_))
        if known is not None and "post" not in available_actions(known):
            return [(INVOICE(id_), [])]
        changes: list[Change] = []
        if known is None:
            changes.extend(_customer(read, customer_id, invoice.country))
            changes.append((INVOICE(id_), drafts.draft(header, lines)))
        posted = posting.post(_after(read, changes), id_, today=today)
        if invoice.is_cancellation:
            raise RuleBroken((_CANCELS_NOTHING,))
        return [*changes, *posted]

    return decide


def credit(id_: str, invoice: SalesInvoice, terms: Terms, *, today: date) -> Decision:
    """The decision that enters an invoice below zero as a credit memo, under this id.

    The file does not say what it takes back, so the credit stays open on the customer's account.
    Its lines keep to the rules of lines all the same.
    """
    customer_id = invoice.customer_id or terms.default_customer
    header, lines = _content(invoice, terms)
    flat = FlatAmount(
        description="; ".join(line.description or "" for line in lines)[:_DESCRIPTION],
        amount=difference(ZERO, invoice.net(terms.currency)),
        taxes=_taxes(lines),
    )
    drafted = CreditNoteDrafted(
        customer_id=customer_id,
        currency=terms.currency,
        issue_date=invoice.issue_date,
        reason_code=_REASON,
        reference=invoice.number,
    )

    def decide(read: Read) -> list[Change]:
        if read(CREDIT_NOTE(id_)) is not None:
            return [(CREDIT_NOTE(id_), [])]
        changes = _customer(read, customer_id, invoice.country)
        as_invoice = (INVOICE(id_), drafts.draft(header, lines))
        _check(_after(read, [*changes, as_invoice]), id_, today)
        changes.append((CREDIT_NOTE(id_), credit_notes.draft(drafted, (), flat)))
        return [*changes, *credit_notes.post(_after(read, changes), id_, today=today)]

    return decide


def _check(read: Read, id_: str, today: date) -> None:
    """Whatever else would be wrong with it as an invoice is wrong with it as a credit memo."""
    asked = posting.Asked(today=today)
    others = [it for it in posting.preview(read, id_, asked).violations if it.code != _NEGATIVE]
    if others:
        raise RuleBroken(tuple(others))


def _taxes(lines: Sequence[Line]) -> tuple[Tax, ...]:
    """The whole file has one rate of tax."""
    return next((line.taxes for line in lines if not isinstance(line, CommentLine)), ())


def _content(invoice: SalesInvoice, terms: Terms) -> tuple[InvoiceDrafted, list[Line]]:
    header = InvoiceDrafted(
        customer_id=invoice.customer_id or terms.default_customer,
        currency=terms.currency,
        issue_date=invoice.issue_date,
        reference=invoice.number,
    )
    rate = str(terms.tax_rate)
    lines = [
        msgspec.structs.replace(line, tax_rate=rate).line(new_id("lin")) for line in invoice.lines
    ]
    return header, lines


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
