"""A book in which an invoice with every kind of line can be posted, to be spoiled as one likes."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from domain.aggregate import Fact, Stream
from domain.book_settings import BOOK, SETTINGS
from domain.code_entry import entry_of
from domain.customer import CUSTOMER
from domain.facts.code_entry import CodeCreated
from domain.facts.customer import CustomerCreated
from domain.facts.invoice import InvoiceDrafted, InvoiceTaxOverridden
from domain.facts.invoice_life import InvoiceApproved
from domain.facts.invoice_parts import TaxOverride
from domain.facts.lines import (
    CommentLine,
    Component,
    Covered,
    ItemLine,
    LaborLine,
    Line,
    MiscLine,
    ModelLine,
    PackageLine,
    Serial,
    Tax,
    WarrantyLine,
)
from domain.facts.product import ProductCreated
from domain.facts.settings import BookSettings, SettingsChanged
from domain.invoice import INVOICE
from domain.invoice.editable import content_hash
from domain.invoice.lines import added
from domain.posting import Asked, Preview, preview
from domain.product import PRODUCT
from tests.given import GivenStreams, given_streams

TODAY = date(2026, 11, 9)
STANDARD = Tax(rate=Decimal(19))

SETTINGS_VALUES: dict[str, Any] = {
    "base_currency": "EUR",
    "seller_name": "Ofenhaus GmbH",
    "seller_street": "Ofenweg 1",
    "seller_postal_code": "50667",
    "seller_city": "Köln",
    "seller_country": "DE",
    "seller_vat_id": "DE136695976",
    "seller_tax_id": "214/5856/0001",
}
CUSTOMER_VALUES: dict[str, Any] = {
    "name": "Acme",
    "street": "Hauptstr. 2",
    "city": "Bonn",
    "country": "DE",
    "vat_id": "DE136695976",
    "payment_days": 14,
}


def priced(id_: str, price: str = "10", **more: Any) -> dict[str, Any]:
    """What any line needs to be billed."""
    return {
        "id": id_,
        "description": f"Line {id_}",
        "quantity": Decimal(1),
        "unit_price": Decimal(price),
        "taxes": (STANDARD,),
        **more,
    }


def item(id_: str, **more: Any) -> ItemLine:
    """A line that can be posted."""
    return msgspec.structs.replace(ItemLine(**priced(id_)), **more)


def good_lines() -> list[Line]:
    """One line of every kind."""
    stove = Serial(id="ser_1", serial_number="S-1")
    return [
        ModelLine(**priced("model", "1299.50", code="STOVE", serials=(stove,))),
        ItemLine(**priced("pipe", "40", code="PIPE", min_price=Decimal(40))),
        LaborLine(**priced("labor", "80", code="FIT")),
        MiscLine(**priced("delivery", "25", code="DELIVERY")),
        WarrantyLine(**priced("warranty", "99", code="5Y", covers=(Covered(line_id="model"),))),
        PackageLine(
            **{**priced("set", "50"), "taxes": ()},
            components=(Component(line_id="poker"), Component(line_id="brush")),
        ),
        ItemLine(**{**priced("poker"), "unit_price": None}, package_id="set"),
        ItemLine(**{**priced("brush"), "unit_price": None}, package_id="set"),
        CommentLine(id="thanks", description="Thank you."),
    ]


class Book:
    """What has happened in a book; change anything before asking for ``given``."""

    def __init__(self) -> None:
        self.settings = dict(SETTINGS_VALUES)
        self.customer = dict(CUSTOMER_VALUES)
        self.header: dict[str, Any] = {
            "customer_id": "ACME",
            "currency": "EUR",
            "issue_date": TODAY,
            "due_date": date(2026, 12, 1),
        }
        self.author: str | None = "ann"
        self.lines = good_lines()
        self.overrides: list[TaxOverride] = []
        self.customer_later: list[Fact] = []
        self.invoice_later: list[Fact] = []
        self.others: list[tuple[Stream[Any], Sequence[Fact]]] = []
        self.asked: dict[str, Any] = {"today": TODAY}
        self.products: dict[str, dict[str, Any]] = {"STOVE": {"kind": "model"}, "PIPE": {}}
        self.codes: dict[tuple[str, str], dict[str, Any]] = {
            ("labor-rates", "FIT"): {},
            ("misc", "DELIVERY"): {},
            ("warranties", "5Y"): {},
        }

    def add(self, line: Line) -> str:
        """Add a line; answers the pointer to it."""
        self.lines.append(line)
        return f"/lines/{len(self.lines) - 1}"

    def facts(self) -> list[Fact]:
        """What has happened to the invoice, though a draft may have refused some of it."""
        drafted = InvoiceDrafted(**self.header, author=self.author)
        lines = [fact for line in self.lines for fact in added(line)]
        overridden = [InvoiceTaxOverridden(override=it) for it in self.overrides]
        return [drafted, *lines, *overridden, *self.invoice_later]

    def given(self) -> GivenStreams:
        """The histories."""
        settings = SettingsChanged(to=BookSettings(**self.settings), fields=(*self.settings,))
        created = CustomerCreated(**self.customer)
        return given_streams(
            (INVOICE("inv_1"), self.facts()),
            (SETTINGS(BOOK), [settings]),
            (CUSTOMER("ACME"), [created, *self.customer_later]),
            *((PRODUCT(code), [ProductCreated(**it)]) for code, it in self.products.items()),
            *((entry_of(*key), [CodeCreated(**it)]) for key, it in self.codes.items()),
            *self.others,
        )


def seen(book: Book, **more: Any) -> Preview:
    """What posting would do."""
    return preview(book.given().read, "inv_1", Asked(**{**book.asked, **more}))


def approved(book: Book, approver: str) -> Book:
    """The book in which its invoice needs an approval, and has this one."""
    book.settings["approval_limit"] = Decimal(1)
    invoice = book.given().read(INVOICE("inv_1"))
    assert invoice is not None
    hash_ = content_hash(invoice)
    book.invoice_later.append(InvoiceApproved(approver=approver, content_hash=hash_))
    return book
