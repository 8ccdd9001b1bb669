"""What most tests need of a book: who sells, and changes in few words."""

from collections.abc import Sequence
from typing import Any

from daybook.opening import set_up
from domain.aggregate import Fact
from domain.facts.customer import CustomerChanged, CustomerDetails
from domain.facts.invoice import InvoiceHeaderChanged, InvoiceLineChanged
from domain.facts.invoice_parts import Header
from domain.facts.lines import ItemLine
from domain.facts.settings import BookSettings, SettingsChanged
from domain.invoice import Invoice, edit
from store.books import Books

SELLER = BookSettings(
    seller_name="Glow Stoves GmbH",
    seller_street="Kaminstr. 1",
    seller_postal_code="50668",
    seller_city="Köln",
    seller_country="DE",
    seller_vat_id="DE136695976",
)

SOLD_BY = SettingsChanged(
    to=SELLER,
    fields=tuple(it for it in SELLER.__struct_fields__ if it.startswith("seller_")),
)
"""The fact that says who sells: without it, nothing can be posted."""


async def set_seller(books: Books, book_id: str) -> None:
    """Say who sells in a book; it takes the next position of the book."""
    await set_up(books, book_id, SELLER)


def header_changed(**values: Any) -> InvoiceHeaderChanged:
    """The header fields got these values."""
    return InvoiceHeaderChanged(to=Header(**values), fields=tuple(values))


def line_changed(line_id: str, **values: Any) -> InvoiceLineChanged:
    """The fields of an item got these values."""
    return InvoiceLineChanged(to=ItemLine(id=line_id, **values), fields=tuple(values))


def customer_changed(**values: Any) -> CustomerChanged:
    """The fields of a customer got these values."""
    return CustomerChanged(to=CustomerDetails(**values), fields=tuple(values))


def edited(invoice: Invoice, **values: Any) -> Sequence[Fact]:
    """What editing these header fields leads to."""
    return edit(invoice, Header(**values), tuple(values))
