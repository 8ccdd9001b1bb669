"""Sums of a 20-line invoice, against nothing but multiplying, rounding and adding its lines."""

import time
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any

from benchmarks.figures import Figure, figure
from benchmarks.rounds import Run, alternate
from domain.aggregate import Fact, Stream, fold
from domain.book_settings import BOOK, SETTINGS
from domain.customer import CUSTOMER
from domain.facts.customer import CustomerCreated
from domain.facts.invoice import InvoiceDrafted, InvoiceHeaderChanged, InvoiceLineAdded
from domain.facts.invoice_parts import Header
from domain.facts.lines import ItemLine, Tax
from domain.facts.settings import BookSettings, SettingsChanged
from domain.invoice import INVOICE, Invoice
from domain.invoice_totals import amounts
from domain.posting import post

NAME = "domain_speed"
CALLS = 2000
TODAY = date(2026, 11, 20)
SELLER = BookSettings(
    base_currency="EUR",
    seller_name="Ofenhaus GmbH",
    seller_street="Ofenweg 1",
    seller_postal_code="50667",
    seller_city="Köln",
    seller_country="DE",
    seller_tax_id="214/5856/0001",
)


async def measure(_database_url: str) -> Figure:
    """The baseline is what a program without discounts, packages, or tax in prices has to do.

    Everything else that the domain computes while somebody waits is told in the notes.
    """
    invoice = folded(drafted(20))
    runs = await alternate(
        lambda: _calls(lambda: amounts(invoice)), lambda: _calls(lambda: multiplied(invoice))
    )
    return figure(
        NAME, "calls/s", *runs, [f"{what}: {_cost(call):.1f} µs" for what, call in told()]
    )


async def _calls(call: Callable[[], object]) -> Run:
    latencies: list[float] = []
    started = before = time.perf_counter()
    for _ in range(CALLS):
        call()
        now = time.perf_counter()
        latencies.append(now - before)
        before = now
    return Run(before - started, latencies)


def _cost(call: Callable[[], object]) -> float:
    """Microseconds a call, in the median of many."""
    call()
    times: list[float] = []
    finish = time.perf_counter() + 0.5
    while not times or time.perf_counter() < finish:
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return 1e6 * median(times)


# ---------------------------------------------------------------- what is measured


def told() -> list[tuple[str, Callable[[], object]]]:
    """What the notes tell, and how it is called."""
    history = [
        *drafted(20),
        *(
            InvoiceHeaderChanged(to=Header(memo=f"Gate {number}"), fields=("memo",))
            for number in range(29)
        ),
    ]
    found: list[tuple[str, Callable[[], object]]] = [
        (f"fold of {len(history)} events", lambda: fold(INVOICE, history))
    ]
    for count in (5, 20, 500):
        for what, terms in TERMS.items():
            invoice = folded(drafted(count, **terms))
            found.append((f"sums of {count} lines{what}", _summing(invoice)))
    return [*found, *((f"posting of {count} lines", posting(count)) for count in (20, 500))]


TERMS: dict[str, dict[str, Any]] = {
    "": {},
    " with tax in their prices": {"price_includes_tax": True},
    " and a discount on them all": {"discount_percent": Decimal("2.5")},
}


def _summing(invoice: Invoice) -> Callable[[], object]:
    return lambda: amounts(invoice)


def posting(count: int) -> Callable[[], object]:
    """Decide about posting an invoice of so many lines. Nothing is appended."""
    states: dict[str, Any] = {
        INVOICE("inv_1").name: folded(drafted(count)),
        CUSTOMER("ACME").name: fold(
            CUSTOMER,
            [CustomerCreated(name="Acme", street="Hauptstr. 2", city="Bonn", country="DE")],
        ),
        SETTINGS(BOOK).name: fold(SETTINGS, [SettingsChanged(to=SELLER, fields=_named(SELLER))]),
    }

    def read(stream: Stream[Any]) -> Any:
        return states.get(stream.name)

    return lambda: post(read, "inv_1", today=TODAY)


def _named(settings: BookSettings) -> tuple[str, ...]:
    return tuple(it for it in settings.__struct_fields__ if getattr(settings, it) is not None)


def drafted(count: int, **terms: Any) -> list[Fact]:
    """A draft of so many lines at two rates of tax."""
    header = InvoiceDrafted(customer_id="ACME", currency="EUR", issue_date=TODAY, **terms)
    return [header, *(InvoiceLineAdded(line=_line(number)) for number in range(count))]


def folded(facts: list[Fact]) -> Invoice:
    """What the facts amount to."""
    invoice = fold(INVOICE, facts)
    assert invoice is not None
    return invoice


def _line(number: int) -> ItemLine:
    return ItemLine(
        id=f"lin_{number}",
        description=f"Article {number} of the catalogue",
        quantity=Decimal(f"{number + 1}.5"),
        unit_price=Decimal(f"{number}9.95"),
        taxes=(Tax(rate=Decimal(19 if number % 4 else 7)),),
    )


def multiplied(invoice: Invoice) -> tuple[list[Decimal], Decimal]:
    """Nets of the lines, and gross of one rate: the baseline."""
    cent = Decimal("0.01")
    nets: list[Decimal] = []
    for line in invoice.lines:
        assert isinstance(line, ItemLine)
        assert line.quantity is not None
        assert line.unit_price is not None
        nets.append((line.quantity * line.unit_price).quantize(cent, ROUND_HALF_UP))
    net = sum(nets, Decimal(0))
    return nets, net + (net * Decimal("0.19")).quantize(cent, ROUND_HALF_UP)
