"""A posted invoice of 120.20, and credit notes over it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from domain.account import ACCOUNT
from domain.aggregate import Change, Fact
from domain.book_settings import SETTINGS
from domain.credit_note import (
    CREDIT_NOTE,
    CreditNote,
    draft_over,
    post,
)
from domain.errors import RuleBroken
from domain.facts.credit_note import (
    CreditLine,
    CreditNoteDrafted,
    CreditNoteLineSet,
    CreditNoteRefunded,
    FlatAmount,
)
from domain.facts.invoice import InvoiceDrafted, InvoiceLineAdded
from domain.facts.lines import CommentLine, ItemLine, Line, Tax
from domain.facts.settings import BookSettings, SettingsChanged
from domain.invoice import INVOICE
from domain.posting import post as post_invoice
from tests.domain.bills import TODAY, History, appended, customer, state_of
from tests.given import given_streams

SELLER: dict[str, Any] = {
    "seller_name": "Ofenhaus GmbH",
    "seller_city": "Köln",
    "seller_country": "DE",
    "seller_tax_id": "214/5678/1234",
}
VAT = (Tax(rate=Decimal(19)),)
LINES: tuple[Line, ...] = (
    ItemLine(
        id="lin_1", description="Pipe", quantity=Decimal(3), unit_price=Decimal("0.335"), taxes=VAT
    ),
    ItemLine(
        id="lin_2", description="Stove", quantity=Decimal(2), unit_price=Decimal(50), taxes=VAT
    ),
    CommentLine(id="lin_3", description="Thank you."),
)
DRAFTED = CreditNoteDrafted(invoice_id="inv_1", reason_code="return")
FLAT = FlatAmount(description="Late", amount=Decimal(10), taxes=VAT)


def settings(**fields: Any) -> History:
    to = {**SELLER, **fields}
    return SETTINGS("book"), [SettingsChanged(to=BookSettings(**to), fields=tuple(to))]


def draft_of(*lines: Line, **fields: Any) -> History:
    header = InvoiceDrafted(**{"customer_id": "ACME", "currency": "EUR", **fields})
    return INVOICE("inv_1"), [header, *(InvoiceLineAdded(line=line) for line in lines or LINES)]


def sold(*lines: Line, **fields: Any) -> list[History]:
    """A book with one posted invoice, of 120.20 if nothing else is said."""
    book = [customer(), settings(), draft_of(*lines, **fields)]
    return appended(book, post_invoice(given_streams(*book).read, "inv_1", today=TODAY))


def credited(
    book: Sequence[History],
    *,
    lines: Sequence[CreditLine] | None = None,
    note: str = "crn_1",
    posted: bool = True,
    **asked: Any,
) -> list[History]:
    """The book with a credit note over the invoice."""
    drafted = draft_over(given_streams(*book).read, note, DRAFTED, lines=lines)
    book = appended(book, drafted)
    if not posted:
        return [*book]
    return appended(book, post(given_streams(*book).read, note, today=TODAY, **asked))


def part(line_id: str, quantity: str | int, *serial_numbers: str) -> CreditLine:
    return CreditLine(line_id=line_id, quantity=Decimal(quantity), serial_numbers=serial_numbers)


def note_in(book: Sequence[History], note: str = "crn_1") -> CreditNote:
    found: CreditNote = state_of(given_streams(*book), CREDIT_NOTE(note))
    return found


def invoice_in(book: Sequence[History]) -> Any:
    return state_of(given_streams(*book), INVOICE("inv_1"))


def owed(book: Sequence[History]) -> Decimal:
    account = given_streams(*book).read(ACCOUNT("ACME"))
    return account.owed("EUR") if account else Decimal(0)


def codes(refusal: RuleBroken) -> list[tuple[str, str]]:
    return [(it.code, it.pointer) for it in refusal.violations]


def broken(book: Sequence[History]) -> list[tuple[str, str]]:
    """Code and place of every rule that posting the first credit note breaks."""
    return codes(given_streams(*book).when(post, "crn_1", today=TODAY).refuses(RuleBroken))


FLAT_MEMO = CreditNoteDrafted(customer_id="ACME", currency="EUR", reason_code="goodwill")


def lines_set(*lines: CreditLine) -> list[Fact]:
    return [CreditNoteLineSet(line=line) for line in lines]


OPEN = credited(sold(), apply=False)


def done(book: Sequence[History], changes: Sequence[Change]) -> list[History]:
    return appended(book, changes)


def asked(amount: str, **fields: Any) -> CreditNoteRefunded:
    refunded = CreditNoteRefunded(
        refund_id="ref_1", amount=Decimal(amount), method="transfer", refunded_on=TODAY
    )
    return msgspec.structs.replace(refunded, **fields)
