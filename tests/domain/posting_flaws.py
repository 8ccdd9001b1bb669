"""Ways to spoil an invoice, one for each way in which a rule of posting can be broken.

A flaw spoils a book and says which codes and places posting must then name. Flaws that would change
what another one leads to share a slot.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from domain.account import ACCOUNT
from domain.facts.account import BalanceChanged
from domain.facts.customer import CustomerArchived, CustomerCreditLimitChanged, CustomerPutOnHold
from domain.facts.invoice_life import InvoiceApproved
from domain.facts.period import PeriodLocked
from domain.facts.series import NumberAssigned
from domain.facts.settings import SeriesRule
from domain.period import PERIOD
from domain.series import SERIES
from tests.domain.posting_book import TODAY, Book, item

Broken: TypeAlias = list[tuple[str, str]]


class Flaw(NamedTuple):
    """How to spoil a book; ``slots`` are what it lays its hands on."""

    name: str
    slots: frozenset[str]
    spoil: Callable[[Book], Broken]


D = Decimal
CARD = "4111 1111 1111 1111"


def values(where: str, code: str, pointer: str, **values: Any) -> Callable[[Book], Broken]:
    def spoil(book: Book) -> Broken:
        getattr(book, where).update(values)
        return [(code, pointer)]

    return spoil


def line(code: str, field: str, make: Callable[[str], Any]) -> Callable[[Book], Broken]:
    def spoil(book: Book) -> Broken:
        return [(code, book.add(make(f"lin_{len(book.lines)}")) + field)]

    return spoil


def on_item(code: str, field: str, **values: Any) -> Callable[[Book], Broken]:
    return line(code, field, lambda id_: item(id_, **values))


def _later(code: str, pointer: str, fact: Any) -> Callable[[Book], Broken]:
    def spoil(book: Book) -> Broken:
        book.customer_later.append(fact)
        return [(code, pointer)]

    return spoil


def _no_customer(book: Book) -> Broken:
    book.header["customer_id"] = None
    return [("P04", "/customerId")]


def _unknown_customer(book: Book) -> Broken:
    book.header["customer_id"] = "nobody"
    return [("P04", "/customerId")]


def _approved_by_author(book: Book) -> Broken:
    book.settings["approval_limit"] = D(1)
    approved = InvoiceApproved(approver="ann", content_hash="of something else")
    book.invoice_later.append(approved)
    return [("P03", "/status")]


def _francs(book: Book) -> Broken:
    book.settings["currencies"] = ("EUR", "USD")
    book.header.update(currency="CHF", exchange_rate=D(1))
    return [("P07", "/currency")]


def _locked(book: Book) -> Broken:
    book.others.append((PERIOD("2026-11"), [PeriodLocked()]))
    return [("P11", "/accountingDate")]


def _later_number(book: Book) -> Broken:
    later = NumberAssigned(number=1, text="x", document_id="y", dated=TODAY + timedelta(days=1))
    book.others.append((SERIES("sales-2026"), [later]))
    return [("P12", "/issueDate")]


def _branch_missing(book: Book) -> Broken:
    book.settings["series"] = (SeriesRule(type="Sales", format="{branch}-{year}-{number}"),)
    return [("P12", "/branch")]


def _over_limit(book: Book) -> Broken:
    book.customer_later.append(CustomerCreditLimitChanged(limit=D(5000)))
    owed = BalanceChanged(
        document_type="invoice",
        document_id="inv_0",
        amount=D(4999),
        currency="EUR",
        balance=D(4999),
        dated=TODAY,
    )
    book.others.append((ACCOUNT("ACME"), [owed]))
    return [("P60", "/totals/gross")]


def _negative(book: Book) -> Broken:
    book.add(item("back", quantity=D(-1), unit_price=D(100_000)))
    return [("P51", "/totals/gross")]


def flaw(name: str, spoil: Callable[[Book], Broken], *slots: str) -> Flaw:
    return Flaw(name, frozenset({name, *slots}), spoil)


_BUYER = ("customer", "vat", "total", "terms", "name", "country", "endpoint")
PARTIES: tuple[Flaw, ...] = (
    flaw("no customer", _no_customer, *_BUYER),
    flaw("unknown customer", _unknown_customer, *_BUYER),
    flaw("archived", _later("P04", "/customerId", CustomerArchived()), "customer"),
    flaw("on hold", _later("P04", "/customerId", CustomerPutOnHold(reason="Owes")), "customer"),
    flaw("no seller", values("settings", "P05", "/seller/name", seller_name=None)),
    flaw("no town", values("settings", "P05", "/seller/city", seller_city="")),
    flaw("no seller country", values("settings", "P05", "/seller/country", seller_country=None)),
    flaw(
        "no seller id",
        values("settings", "P05", "/seller/vatId", seller_vat_id=None, seller_tax_id=None),
        "seller vat",
    ),
    flaw("no name", values("customer", "P06", "/customerId", name=""), "name"),
    flaw("no country", values("customer", "P06", "/customerId", country=None), "country"),
    flaw("mistyped", values("customer", "P49", "/customerId", vat_id="DE136695977"), "vat"),
    flaw(
        "mistyped seller",
        values("settings", "P49", "/seller/vatId", seller_vat_id="136695976"),
        "seller vat",
    ),
)
HEADER: tuple[Flaw, ...] = (
    flaw("not approved", values("settings", "P03", "/status", approval_limit=D(1)), "total"),
    flaw("otherwise approved", _approved_by_author, "total"),
    flaw("no currency", values("header", "P07", "/currency", currency=None), "total"),
    flaw("no such currency", values("header", "P07", "/currency", currency="eur"), "total"),
    flaw("not enabled", _francs, "total", "enabled"),
    flaw("too far ahead", values("asked", "P08", "/issueDate", today=date(2026, 10, 8))),
    flaw(
        "two tax points",
        values("header", "P09", "/taxPointCode", tax_point_date=TODAY, tax_point_code="3"),
    ),
    flaw("due before", values("header", "P10", "/dueDate", due_date=date(2026, 11, 8))),
    flaw("locked", _locked),
    flaw("later number", _later_number, "series"),
    flaw("no branch", _branch_missing, "series"),
    flaw(
        "ends before",
        values("header", "P13", "/periodEnd", period_start=TODAY, period_end=date(2026, 11, 8)),
        "period",
    ),
    flaw(
        "line ends before",
        on_item("P13", "/periodEnd", period_start=TODAY, period_end=date(2026, 11, 8)),
        "period",
    ),
    flaw("credit note", values("header", "P14", "/documentType", document_type="381")),
    flaw("no rate", values("header", "P15", "/exchangeRate", currency="USD"), "total", "enabled"),
    flaw("rate of zero", values("header", "P15", "/exchangeRate", exchange_rate=D(0)), "total"),
    flaw("own rate", values("header", "P15", "/exchangeRate", exchange_rate=D(2)), "total"),
)
LIMITS: tuple[Flaw, ...] = (
    flaw("negative", _negative, "total"),
    flaw("unexpected", values("asked", "P52", "/totals/gross", expected_total=D("0.01"))),
    flaw("over the limit", _over_limit, "total", "terms"),
    flaw("not on account", values("customer", "P61", "/terms", on_account=False), "terms"),
    flaw(
        "discount for nothing",
        values("header", "P25", "/discountReason", discount_percent=D(1)),
    ),
    flaw("card", values("header", "P63", "/memo", memo=f"Paid by {CARD} 12/29")),
    flaw("card on a line", on_item("P63", "/description", description=CARD.replace(" ", ""))),
)
