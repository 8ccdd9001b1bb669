import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest

from domain import posting
from domain.aggregate import Fact, Stream
from domain.customer import CUSTOMER
from domain.errors import NotAllowed, NotFound, RuleBroken
from domain.facts.customer import CustomerArchived, CustomerChanged, CustomerCreated
from domain.facts.invoice import (
    Buyer,
    InvoiceDrafted,
    InvoiceHeaderChanged,
    InvoiceLineAdded,
    InvoiceLineChanged,
    InvoicePosted,
    Line,
    TaxTotal,
    Totals,
)
from domain.facts.series import NumberAssigned
from domain.invoice import INVOICE
from domain.posting import post
from domain.series import SERIES
from tests.given import GivenStreams, given_streams

History: TypeAlias = tuple[Stream[Any], list[Fact]]

TODAY = date(2026, 11, 9)
CUSTOMER_CREATED = CustomerCreated(name="Acme", country="DE", vat_id="DE123456788", payment_days=14)
DRAFTED = InvoiceDrafted(
    customer_id="ACME", currency="EUR", issue_date=TODAY, due_date=date(2026, 12, 1)
)
LINE_ADDED = InvoiceLineAdded(
    line=Line(
        id="lin_1",
        description="Wood stove",
        quantity=Decimal(2),
        unit_price=Decimal("1299.50"),
        tax_rate=Decimal(19),
    )
)
TOTALS = Totals(
    net=Decimal("2599.00"),
    tax=Decimal("493.81"),
    gross=Decimal("3092.81"),
    taxes=(TaxTotal(rate=Decimal(19), base=Decimal("2599.00"), amount=Decimal("493.81")),),
)


def book(
    *later: Fact,
    customer: Sequence[Fact] = (),
    series: tuple[Stream[Any], list[Fact]] | None = None,
) -> GivenStreams:
    """A book with a draft that can be posted, and what happened to spoil it."""
    return given_streams(
        (INVOICE("inv_1"), [DRAFTED, LINE_ADDED, *later]),
        (CUSTOMER("ACME"), [CUSTOMER_CREATED, *customer]),
        *([series] if series else []),
    )


def header(**fields: Any) -> InvoiceHeaderChanged:
    return InvoiceHeaderChanged(**fields)


def line(**fields: Any) -> InvoiceLineChanged:
    return InvoiceLineChanged(line_id="lin_1", **fields)


def latest(dated: date, number: int = 41) -> History:
    assigned = NumberAssigned(number=number, text="x", document_id="inv_0", dated=dated)
    return SERIES(f"sales-{dated.year}"), [assigned]


def broken(history: GivenStreams, **asked: Any) -> list[tuple[str, str]]:
    """Code and place of every rule that the draft breaks."""
    refusal = history.when(post, "inv_1", today=TODAY, **asked).refuses(RuleBroken)
    assert all(it.detail.endswith(".") for it in refusal.violations)
    return [(it.code, it.pointer) for it in refusal.violations]


# ---------------------------------------------------------------- what posting does


def test_posting_numbers_the_invoice_and_freezes_its_amounts_and_its_buyer() -> None:
    posted = InvoicePosted(
        number="INV-2026-000042",
        series="sales-2026",
        issue_date=TODAY,
        due_date=date(2026, 12, 1),
        totals=TOTALS,
        buyer=Buyer(customer_id="ACME", name="Acme", country="DE", vat_id="DE123456788"),
    )
    assigned = NumberAssigned(number=42, text="INV-2026-000042", document_id="inv_1", dated=TODAY)
    book(series=latest(TODAY)).when(post, "inv_1", today=TODAY).then(
        (INVOICE("inv_1"), [posted]), (SERIES("sales-2026"), [assigned])
    )


def posted_fact(history: GivenStreams) -> InvoicePosted:
    (_, (fact,)), _ = post(history.read, "inv_1", today=TODAY)
    assert isinstance(fact, InvoicePosted)
    return fact


def test_the_first_invoice_of_a_year_begins_its_series() -> None:
    other_year = latest(date(2025, 12, 30))
    assert posted_fact(book(series=other_year)).number == "INV-2026-000001"
    next_year = book(header(issue_date=TODAY.replace(year=2025), due_date=None))
    assert posted_fact(next_year).series == "sales-2025"


def test_an_invoice_without_a_date_is_issued_today() -> None:
    assert posted_fact(book(header(issue_date=None))).issue_date == TODAY


@pytest.mark.parametrize(("days", "due"), [(14, 14), (0, 0), (None, posting.PAYMENT_DAYS)])
def test_an_invoice_without_a_due_date_is_due_as_agreed_with_its_customer(
    days: int | None, due: int
) -> None:
    history = book(header(due_date=None), customer=[CustomerChanged(payment_days=days)])
    assert posted_fact(history).due_date == TODAY + timedelta(days=due)


def test_an_expected_total_that_is_right_is_accepted_in_any_notation() -> None:
    for expected in ("3092.81", "3092.8100"):
        assert post(book().read, "inv_1", today=TODAY, expected_total=Decimal(expected))


def test_what_does_not_exist_cannot_be_posted() -> None:
    refusal = book().when(post, "inv_9", today=TODAY).refuses(NotFound)
    assert (refusal.kind, refusal.id) == ("invoice", "inv_9")


def test_an_invoice_is_posted_once() -> None:
    again = book(posted_fact(book()))
    refusal = again.when(post, "inv_1", today=TODAY).refuses(NotAllowed, match="is Posted")
    assert refusal.actions == ("edit", "void")


# ---------------------------------------------------------------- each rule alone

LATE = TODAY + timedelta(days=32)
ALONE: list[tuple[str, str, GivenStreams]] = [
    ("P04", "/customerId", book(header(customer_id=None))),
    ("P04", "/customerId", book(header(customer_id=""))),
    ("P04", "/customerId", book(header(customer_id="nobody"))),
    ("P04", "/customerId", book(customer=[CustomerArchived()])),
    ("P06", "/customerId", book(customer=[CustomerChanged(name=None)])),
    ("P06", "/customerId", book(customer=[CustomerChanged(name="")])),
    ("P07", "/currency", book(header(currency=None))),
    ("P07", "/currency", book(header(currency="ABC"))),
    ("P07", "/currency", book(header(currency="eur"))),
    ("P08", "/issueDate", book(header(issue_date=LATE, due_date=LATE))),
    ("P08", "/issueDate", book(header(issue_date=date.max, due_date=None))),
    ("P10", "/dueDate", book(header(due_date=TODAY - timedelta(days=1)))),
    ("P12", "/issueDate", book(series=latest(TODAY + timedelta(days=1)))),
    ("P21", "/lines/0/quantity", book(line(quantity=None))),
    ("P21", "/lines/0/description", book(line(description=None))),
    ("P21", "/lines/0/description", book(line(description=""))),
    ("P21", "/lines/0/unitPrice", book(line(unit_price=None))),
    (
        "P22",
        "/lines/0/unitPrice",
        book(line(unit_price=Decimal("-0.000001"))),
    ),
    ("P23", "/lines/0/quantity", book(line(quantity=Decimal("0.00")))),
    ("P27", "/lines/0/taxRate", book(line(tax_rate=None))),
    ("P51", "/totals/gross", book(line(quantity=Decimal(-1)))),
]


@pytest.mark.parametrize(("code", "pointer", "history"), ALONE)
def test_a_rule_that_is_broken_alone_is_reported_alone(
    code: str, pointer: str, history: GivenStreams
) -> None:
    assert broken(history) == [(code, pointer)]


def test_an_invoice_without_lines_is_refused() -> None:
    empty = given_streams((INVOICE("inv_1"), [DRAFTED]), (CUSTOMER("ACME"), [CUSTOMER_CREATED]))
    assert broken(empty) == [("P20", "/lines")]


@pytest.mark.parametrize("expected", ["3092.80", "0", "-3092.81", "3092.8101"])
def test_a_total_that_the_client_did_not_expect_is_refused(expected: str) -> None:
    assert broken(book(), expected_total=Decimal(expected)) == [("P52", "/totals/gross")]


def test_the_line_that_breaks_a_rule_is_pointed_at() -> None:
    second = msgspec.structs.replace(LINE_ADDED.line, id="lin_2", description=None, tax_rate=None)
    assert broken(book(InvoiceLineAdded(line=second))) == [
        ("P21", "/lines/1/description"),
        ("P27", "/lines/1/taxRate"),
    ]


@pytest.mark.parametrize(
    "history",
    [
        book(header(issue_date=TODAY + timedelta(days=31), due_date=None)),
        book(header(due_date=TODAY)),
        book(header(issue_date=date(1, 1, 1), due_date=None)),
        book(series=latest(TODAY)),
        book(line(unit_price=Decimal(0))),
        book(line(tax_rate=Decimal(0))),
        book(line(quantity=Decimal("0.000001"))),
    ],
)
def test_a_draft_at_the_edge_of_a_rule_can_be_posted(history: GivenStreams) -> None:
    assert posted_fact(history).totals.gross >= 0


# ---------------------------------------------------------------- all at once


def test_everything_that_is_wrong_is_said_at_once() -> None:
    spoiled = book(
        header(currency=None, issue_date=LATE, due_date=TODAY),
        line(quantity=Decimal(-1), description=None, tax_rate=None),
        InvoiceLineAdded(line=Line(id="lin_2", quantity=Decimal(0), unit_price=Decimal(-1))),
        InvoiceLineAdded(line=Line(id="lin_3")),
        customer=[CustomerArchived(), CustomerChanged(name=None)],
        series=latest(LATE + timedelta(days=1)),
    )
    assert broken(spoiled, expected_total=Decimal(1)) == [
        ("P04", "/customerId"),
        ("P06", "/customerId"),
        ("P07", "/currency"),
        ("P08", "/issueDate"),
        ("P10", "/dueDate"),
        ("P12", "/issueDate"),
        ("P21", "/lines/0/description"),
        ("P27", "/lines/0/taxRate"),
        ("P23", "/lines/1/quantity"),
        ("P21", "/lines/1/description"),
        ("P22", "/lines/1/unitPrice"),
        ("P27", "/lines/1/taxRate"),
        ("P21", "/lines/2/quantity"),
        ("P21", "/lines/2/description"),
        ("P21", "/lines/2/unitPrice"),
        ("P27", "/lines/2/taxRate"),
        ("P51", "/totals/gross"),
        ("P52", "/totals/gross"),
    ]


def test_every_rule_of_posting_is_tested_here_alone() -> None:
    source = Path(posting.__file__).read_text(encoding="utf-8")
    tested = {code for code, _, _ in ALONE} | {"P20", "P52"}
    assert set(re.findall(r'"(P\d\d)"', source)) == tested
