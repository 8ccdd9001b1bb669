"""Drafts at the edge of a rule, which can be posted, and what only warns."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from domain.account import ACCOUNT
from domain.facts.account import BalanceChanged
from domain.facts.customer import CustomerCreditLimitChanged
from domain.facts.lines import Covered, Line, MiscLine, Tax, WarrantyLine
from domain.posting import post
from tests.domain.posting_book import TODAY, Book, approved, item, priced, seen

D = Decimal


# ---------------------------------------------------------------- the edges


def _header(**values: Any) -> Callable[[Book], object]:
    return lambda book: book.header.update(values)


def _item(**values: Any) -> Callable[[Book], object]:
    return lambda book: book.add(item("edge", **values))


def _limit(owed: str, currency: str = "EUR") -> Callable[[Book], object]:
    def change(book: Book) -> None:
        gross = seen(book).totals.gross
        book.customer_later.append(CustomerCreditLimitChanged(limit=gross + D(100)))
        changed = BalanceChanged(
            document_type="invoice",
            document_id="inv_0",
            amount=D(owed),
            currency=currency,
            balance=D(owed),
            dated=TODAY,
        )
        book.others.append((ACCOUNT("ACME"), [changed]))

    return change


def _cheap(line: Line) -> dict[str, Any]:
    """The poker of the set, whose price only weighs."""
    weight = {"unit_price": D(1), "min_price": D(9), "package_id": None}
    return weight if line.id == "poker" else {}


_KUWAIT = {"currency": "KWD", "exchange_rate": D(3)}
EDGES: dict[str, Callable[[Book], object]] = {
    "nothing changed": lambda _: None,
    "approved": lambda book: approved(book, "bob"),
    "below the limit": lambda book: book.settings.update(approval_limit=D(10_000)),
    "as far ahead as allowed": lambda book: book.asked.update(today=TODAY - timedelta(days=31)),
    "long ago": _header(issue_date=date(1, 1, 1), due_date=None),
    "due at once": _header(due_date=TODAY),
    "tax point": _header(tax_point_code="3"),
    "one day": _header(period_start=TODAY, period_end=TODAY),
    "prepayment": _header(document_type="386"),
    "foreign": _header(currency="USD", exchange_rate=D("0.9")),
    "own rate of one": _header(exchange_rate=D(1)),
    "enabled": lambda book: book.settings.update(currencies=("EUR", "USD")),
    "base is enabled": lambda book: book.settings.update(currencies=("USD",)),
    "free": _item(unit_price=D(0)),
    "little": _item(quantity=D("0.000001")),
    "given back": _item(quantity=D(-1)),
    "per hundred": _item(price_quantity=D(100)),
    "all of it off": _item(discount_percent=D(100), discount_reason="Goodwill"),
    "exactly off": _item(discount_amount=D(10), discount_reason="Goodwill"),
    "discount of zero": _item(discount_percent=D(0)),
    "document discount": _header(discount_percent=D(10), discount_reason="Regular"),
    "cheapest": _item(min_price=D(10)),
    "cheapest of many": _item(min_price=D(9), discount_percent=D(10), discount_reason="x"),
    "cheap inside of a package": lambda book: setattr(
        book, "lines", [msgspec.structs.replace(it, **_cheap(it)) for it in book.lines]
    ),
    "a named serial": lambda book: book.add(
        WarrantyLine(**priced("w", covers=(Covered(serial_number="Z"),)))
    ),
    "the model's serial": lambda book: book.add(
        WarrantyLine(**priced("w", covers=(Covered(line_id="model", serial_number="S-1"),)))
    ),
    "zero rated": _item(taxes=(Tax(rate=D(0), category="Z"),)),
    "exempt": _item(taxes=(Tax(rate=D(0), category="E", exemption_text="Art. 135"),)),
    "reverse": _item(taxes=(Tax(rate=D(0), category="AE", exemption_code="VATEX-EU-AE"),)),
    "three taxes": _item(taxes=(Tax(rate=D(5)), Tax(rate=D(7)), Tax(rate=D(1), category="L"))),
    "no VAT ids": lambda book: (
        book.customer.update(vat_id=None),
        book.settings.update(seller_vat_id=None),
    ),
    "three digits, on paper": lambda book: (
        book.header.update(_KUWAIT),
        book.add(item("fils", unit_price=D("0.125"))),
    ),
    "two of three digits": lambda book: (
        book.header.update(_KUWAIT),
        book.customer.update(endpoint_id="x"),
        book.lines.__setitem__(slice(None), [item("dinar", unit_price=D(100))]),
    ),
    "expected": lambda book: book.asked.update(expected_total=seen(book).totals.gross),
    "limit met": _limit("100"),
    "limit of another currency": _limit("100000", "USD"),
    "cash": lambda book: (_limit("101")(book), book.header.update(terms="COD")),
    "cash only": lambda book: book.customer.update(on_account=False, terms="COD"),
    "unchecked": lambda book: (_limit("101")(book), book.settings.update(credit_check="off")),
    "last four": _header(memo="Card 1111"),
    "no card": _header(memo="Order 4111 1111 1111 1112"),
}


@pytest.mark.parametrize("name", EDGES)
def test_a_draft_at_the_edge_of_a_rule_can_be_posted(name: str) -> None:
    book = Book()
    EDGES[name](book)
    assert seen(book).violations == ()
    assert post(book.given().read, "inv_1", **book.asked) == [*seen(book).changes]


def test_what_is_outside_of_the_scope_of_tax_stands_alone() -> None:
    book = Book()
    scope = Tax(rate=D(0), category="O", exemption_text="Not subject to VAT")
    book.lines = [item("x", taxes=(scope,))]
    assert seen(book).violations == ()


# ---------------------------------------------------------------- warnings


def _foreign_vat(book: Book) -> None:
    book.customer["vat_id"] = "AU51824753556"


def _code(**values: Any) -> Callable[[Book], object]:
    def change(book: Book) -> None:
        book.codes["misc", "FEE"] = values
        book.add(MiscLine(**priced("fee", code="FEE")))

    return change


def _product(**values: Any) -> Callable[[Book], object]:
    def change(book: Book) -> None:
        book.products["LAMP"] = values
        book.add(item("lamp", code="LAMP"))

    return change


WARNINGS: list[tuple[str, str, Callable[[Book], object], dict[str, Any]]] = [
    ("P49", "/customerId", _foreign_vat, {}),
    ("P31", "/lines/9/code", lambda b: b.add(MiscLine(**priced("fee", code="NEW"))), {}),
    ("P31", "/lines/9/code", _code(end_date=TODAY - timedelta(days=1)), {}),
    ("P31", "/lines/9/code", _code(start_date=TODAY + timedelta(days=1)), {}),
    ("P32", "/lines/9/unitPrice", _item(min_price=D(11)), {"overrides": frozenset({"P32"})}),
    ("P33", "/lines/9/code", _item(code="NEW"), {}),
    ("P33", "/lines/9/code", _product(status="Discontinued"), {}),
    ("P60", "/totals/gross", _limit("101"), {"overrides": frozenset({"P60"})}),
    (
        "P60",
        "/totals/gross",
        lambda b: (_limit("101")(b), b.settings.update(credit_check="warn")),
        {},
    ),
    ("P62", "/poNumber", lambda _: None, {"similar": ("INV-2026-000007",)}),
]


@pytest.mark.parametrize(("code", "pointer", "change", "asked"), WARNINGS)
def test_a_warning_is_shown_and_stops_nothing(
    code: str, pointer: str, change: Callable[[Book], object], asked: dict[str, Any]
) -> None:
    assert seen(Book()).warnings == ()
    book = Book()
    change(book)
    found = seen(book, **asked)
    assert [(it.code, it.pointer) for it in found.warnings] == [(code, pointer)]
    assert found.violations == ()
    overrides = asked.get("overrides", frozenset())
    assert post(book.given().read, "inv_1", today=TODAY, overrides=overrides)
