"""Posted invoices and other histories, as the facts that a book would hold of them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from domain.aggregate import Change, Fact, Stream, fold
from domain.customer import CUSTOMER
from domain.facts.customer import CustomerCreated
from domain.facts.invoice import InvoiceDrafted, InvoiceLineAdded
from domain.facts.invoice_life import Buyer, InvoicePosted
from domain.facts.invoice_parts import BaseTotals, TaxTotal, Totals
from domain.facts.lines import ItemLine, Tax
from domain.invoice import INVOICE
from tests.given import GivenStreams, given_streams

History: TypeAlias = tuple[Stream[Any], Sequence[Fact]]

TODAY = date(2026, 11, 9)
ISSUED = date(2026, 11, 2)


def sums(gross: Decimal, base: BaseTotals | None = None) -> Totals:
    """Sums without tax."""
    tax = TaxTotal(rate=Decimal(0), base=gross, amount=Decimal(0), category="Z")
    return Totals(
        net=gross,
        tax=Decimal(0),
        gross=gross,
        taxes=(tax,),
        lines=gross,
        discount=Decimal(0),
        charge=Decimal(0),
        base=base,
    )


def in_base(gross: Decimal, rate: str, currency: str = "EUR") -> BaseTotals:
    """The same in the book's currency."""
    amount = (gross * Decimal(rate)).quantize(Decimal("0.01"))
    return BaseTotals(
        currency=currency,
        rate=Decimal(rate),
        rate_date=ISSUED,
        net=amount,
        tax=Decimal(0),
        gross=amount,
    )


def bill(
    invoice_id: str,
    gross: str,
    *later: Fact,
    customer_id: str = "ACME",
    currency: str = "EUR",
    rate: str | None = None,
    type_: str = "Sales",
) -> History:
    """A posted invoice over one line without tax, and what happened to it since."""
    amount = Decimal(gross)
    line = ItemLine(
        id="lin_1",
        description="Stove",
        quantity=Decimal(1),
        unit_price=amount,
        taxes=(Tax(rate=Decimal(0), category="Z"),),
    )
    posted = InvoicePosted(
        number=f"INV-2026-{invoice_id[-1]:0>6}",
        series="sales-2026",
        issue_date=ISSUED,
        accounting_date=ISSUED,
        due_date=date(2026, 12, 2),
        totals=sums(amount, None if rate is None else in_base(amount, rate)),
        line_nets=(amount,),
        buyer=Buyer(customer_id=customer_id, name="Acme", country="DE"),
    )
    drafted = InvoiceDrafted(customer_id=customer_id, currency=currency, type=type_)
    return INVOICE(invoice_id), [drafted, InvoiceLineAdded(line=line), posted, *later]


def customer(customer_id: str = "ACME") -> History:
    """Somebody who pays."""
    return CUSTOMER(customer_id), [CustomerCreated(name="Acme", country="DE")]


def after(histories: Sequence[History], *commands: Sequence[Change]) -> GivenStreams:
    """The book, when these changes have been appended to it."""
    return given_streams(*appended(histories, *commands))


def appended(histories: Sequence[History], *commands: Sequence[Change]) -> list[History]:
    """The histories with these changes at their ends."""
    found = {stream.name: (stream, [*facts]) for stream, facts in histories}
    for changes in commands:
        assert len({stream.name for stream, _ in changes}) == len(changes), "a stream stands twice"
        for stream, facts in changes:
            found.setdefault(stream.name, (stream, []))[1].extend(facts)
    return [*found.values()]


def state_of(book: GivenStreams, stream: Stream[Any]) -> Any:
    """What is there now."""
    state = book.read(stream)
    assert state is not None
    return state


def folded(stream: Stream[Any], facts: Sequence[Fact]) -> Any:
    """What follows from the facts."""
    return fold(stream.aggregate, facts)
