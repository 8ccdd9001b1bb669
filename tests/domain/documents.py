"""Drafts for tests of amounts: written ones, and Hypothesis strategies for any."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from domain.facts.invoice_parts import TaxOverride, Totals
from domain.facts.lines import (
    CommentLine,
    Component,
    ItemLine,
    LaborLine,
    Line,
    MiscLine,
    ModelLine,
    PackageLine,
    Tax,
)
from domain.invoice import Invoice
from domain.invoice_totals import amounts
from domain.money import EXPONENTS
from tests.strategies import decimals


def line(quantity: str | None, price: str | None, *rates: str, **terms: Any) -> ItemLine:
    """A line with these taxes; numbers are given as text."""
    return ItemLine(
        id=f"{quantity} x {price}",
        quantity=None if quantity is None else Decimal(quantity),
        unit_price=None if price is None else Decimal(price),
        taxes=tuple(Tax(rate=Decimal(it)) for it in rates),
        **_numbers(terms),
    )


def invoice(*lines: Line, currency: str | None = "EUR", **terms: Any) -> Invoice:
    """A draft of these lines; numbers are given as text."""
    return Invoice(currency=currency, lines=lines, **_numbers(terms))


def _numbers(terms: dict[str, Any]) -> dict[str, Any]:
    return {
        name: Decimal(it) if isinstance(it, str) and name not in {"id", "package_id"} else it
        for name, it in terms.items()
    }


def texts(sums: Totals) -> list[str]:
    """Net, tax and gross as they are written."""
    return [str(sums.net), str(sums.tax), str(sums.gross)]


def taxes(sums: Totals) -> list[tuple[str, str, str]]:
    """Rate, base and amount of every tax as they are written."""
    return [(str(it.rate), str(it.base), str(it.amount)) for it in sums.taxes]


CURRENCIES = st.sampled_from([*sorted(EXPONENTS), None, "no currency"])
PERCENTS = st.sampled_from([Decimal(it) for it in ("0", "4", "7.5", "33.3333", "100")]) | decimals(
    0, 100
)
RATES = st.sampled_from([Decimal(it) for it in ("0", "0.00", "5", "7", "7.0", "19", "9.975")])
TAXES = st.builds(
    Tax,
    rate=RATES | decimals(0, 100),
    category=st.sampled_from("SZEO"),
    included=st.sampled_from([None, None, None, True, False]),
    exemption_code=st.sampled_from([None, None, "VATEX-EU-IC"]),
)
SMALL = st.decimals(-100, 100, places=2)
NUMBERS = SMALL | decimals()
NOTHING = st.none()


def lines(numbers: st.SearchStrategy[Decimal] = NUMBERS) -> st.SearchStrategy[Line]:
    """Lines of several kinds, whose id is yet to be given."""
    fields: dict[str, Any] = {
        "id": st.just("lin"),
        "quantity": NOTHING | numbers,
        "unit_price": NOTHING | numbers,
        "price_quantity": NOTHING | NOTHING | st.sampled_from([Decimal(it) for it in "0138"]),
        "taxes": st.lists(TAXES, max_size=3).map(tuple),
        "discount_percent": NOTHING | NOTHING | PERCENTS,
        "discount_amount": NOTHING | NOTHING | numbers,
        "charge_amount": NOTHING | NOTHING | numbers,
    }
    kinds: list[st.SearchStrategy[Line]] = [
        st.builds(kind, **fields) for kind in (ItemLine, ModelLine, LaborLine, MiscLine)
    ]
    return st.one_of([*kinds, st.builds(CommentLine, id=st.just("lin"))])


def drafts(
    them: st.SearchStrategy[Line] | None = None, *, max_size: int = 6, **fields: Any
) -> st.SearchStrategy[Invoice]:
    """Invoices with such lines, with and without discounts, charges and tax in the price."""
    terms: dict[str, Any] = {
        "currency": CURRENCIES,
        "price_includes_tax": st.booleans(),
        "discount_percent": NOTHING | PERCENTS,
        "discount_amount": NOTHING | NOTHING | SMALL,
        "charge_percent": NOTHING | NOTHING | PERCENTS,
        "charge_amount": NOTHING | NOTHING | SMALL,
        "lines": st.lists(lines() if them is None else them, max_size=max_size).map(_numbered),
    }
    return st.builds(Invoice, **{**terms, **fields})


def packaged(*, max_size: int = 6) -> st.SearchStrategy[Invoice]:
    """Drafts of which some lines are inside of packages, and some packages list their lines."""
    ids = st.sampled_from([f"lin_{number}" for number in range(max_size)])
    component = st.builds(
        Component,
        line_id=ids,
        share_percent=NOTHING | PERCENTS,
        amount=NOTHING | st.decimals(0, 100, places=2),
    )
    package = st.builds(
        PackageLine,
        id=st.just("lin"),
        quantity=NOTHING | SMALL,
        unit_price=NOTHING | SMALL,
        taxes=st.just(()) | st.lists(TAXES, max_size=2).map(tuple),
        components=st.lists(component, max_size=3).map(tuple),
    )
    item = st.builds(
        ItemLine,
        id=st.just("lin"),
        quantity=NOTHING | SMALL,
        unit_price=NOTHING | SMALL,
        list_price=NOTHING | SMALL,
        taxes=st.lists(TAXES, max_size=2).map(tuple),
        package_id=NOTHING | ids,
    )
    return drafts(package | item, max_size=max_size)


def odd_drafts() -> st.SearchStrategy[Invoice]:
    """Drafts whose percentages and shares are any numbers, as stored data might have them."""
    tax = st.builds(Tax, rate=decimals(), included=st.booleans())
    terms: dict[str, Any] = {
        "id": st.just("lin"),
        "quantity": NOTHING | decimals(),
        "unit_price": NOTHING | decimals(),
        "price_quantity": NOTHING | decimals(),
        "taxes": st.lists(tax, max_size=3).map(tuple),
        "discount_percent": NOTHING | decimals(),
        "discount_amount": NOTHING | decimals(),
        "charge_amount": NOTHING | decimals(),
    }
    component = st.builds(
        Component,
        line_id=st.sampled_from(["lin_0", "lin_1", "gone"]),
        share_percent=NOTHING | decimals(),
        amount=NOTHING | decimals(),
    )
    package = st.builds(PackageLine, **terms, components=st.lists(component, max_size=3).map(tuple))
    override = st.builds(
        TaxOverride,
        id=st.just("ovr"),
        category=st.just("S"),
        rate=decimals(),
        amount=decimals(),
        reason=st.just("As agreed"),
    )
    return drafts(
        st.builds(ItemLine, **terms) | package,
        discount_percent=NOTHING | decimals(),
        discount_amount=NOTHING | decimals(),
        charge_percent=NOTHING | decimals(),
        charge_amount=NOTHING | decimals(),
        exchange_rate=NOTHING | decimals(),
        exchange_date=st.dates(),
        overrides=st.lists(override, max_size=2).map(tuple),
    )


def posted(invoice: Invoice) -> Invoice:
    """The invoice with its amounts frozen, as posting freezes them."""
    found = amounts(invoice, "EUR")
    return replace(invoice, posted_totals=found.totals, posted_nets=found.nets)


def _numbered(them: list[Line]) -> tuple[Line, ...]:
    return tuple(replace(it, id=f"lin_{index}") for index, it in enumerate(them))
