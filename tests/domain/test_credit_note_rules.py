"""What posting a credit note refuses: each rule alone, and all at once."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from domain.aggregate import Fact
from domain.credit_note import (
    CREDIT_NOTE,
    draft,
    post,
)
from domain.facts.credit_note import (
    CreditLine,
    FlatAmount,
)
from domain.facts.invoice_life import (
    InvoiceArchived,
)
from domain.facts.lines import ItemLine, Tax
from domain.facts.period import PeriodSalesLocked
from domain.invoice import creditable
from domain.period import PERIOD
from tests.domain.bills import TODAY, History, bill, customer
from tests.domain.credits import (
    DRAFTED,
    FLAT,
    FLAT_MEMO,
    LINES,
    VAT,
    broken,
    credited,
    invoice_in,
    lines_set,
    part,
    settings,
    sold,
)
from tests.given import given_streams


def with_note(*facts: Fact, book: Sequence[History] | None = None) -> list[History]:
    return [*(sold() if book is None else book), (CREDIT_NOTE("crn_1"), [*facts])]


def over(*lines: CreditLine, **fields: Any) -> list[History]:
    drafted = msgspec.structs.replace(
        DRAFTED, **{"customer_id": "ACME", "currency": "EUR", **fields}
    )
    return with_note(drafted, *lines_set(*(lines or (part("lin_1", 1),))))


def memo(flat: FlatAmount = FLAT, **fields: Any) -> list[History]:
    return with_note(*draft(msgspec.structs.replace(FLAT_MEMO, **fields), (), flat))


def flat(**fields: Any) -> FlatAmount:
    return msgspec.structs.replace(FLAT, **fields)


ALONE: list[tuple[str, str, list[History]]] = [
    ("P04", "/customerId", memo(customer_id=None)),
    ("P04", "/customerId", memo(customer_id="nobody")),
    ("P05", "/seller/city", [*over(), settings(seller_city=None)]),
    ("P07", "/currency", memo(currency=None)),
    ("P07", "/currency", memo(currency="XXX")),
    ("P08", "/issueDate", over(issue_date=TODAY + timedelta(days=32))),
    ("P11", "/accountingDate", [*over(), (PERIOD("2026-11"), [PeriodSalesLocked()])]),
    ("P15", "/exchangeRate", memo(exchange_rate=Decimal(0))),
    ("P15", "/exchangeRate", [*memo(currency="USD"), settings(base_currency="EUR")]),
    ("P20", "/lines", with_note(msgspec.structs.replace(DRAFTED, customer_id="ACME"))),
    ("P20", "/flat", with_note(*draft(DRAFTED, [part("lin_1", 1)], FLAT))),
    ("P21", "/flat/description", memo(flat(description=""))),
    ("P22", "/flat/amount", memo(flat(amount=Decimal(0)))),
    ("P22", "/flat/amount", memo(flat(amount=Decimal(-1)))),
    ("P22", "/flat/amount", memo(flat(amount=Decimal("0.001")))),
    ("P27", "/flat/taxes", memo(flat(taxes=()))),
    ("P70", "/invoiceId", over(invoice_id="inv_9")),
    ("P70", "/invoiceId", over(invoice_id=None)),
    ("P70", "/issueDate", over(issue_date=TODAY - timedelta(days=1))),
    ("P71", "/lines/0/lineId", over(part("lin_9", 1))),
    ("P71", "/lines/0/lineId", over(part("lin_3", 1))),
    ("P71", "/lines/0/quantity", over(part("lin_1", "3.000001"))),
    ("P71", "/lines/0/quantity", over(part("lin_1", 0))),
    ("P71", "/lines/0/quantity", over(part("lin_1", -1))),
    ("P72", "/currency", over(currency="USD")),
    ("P72", "/customerId", over(customer_id="12")),
    (
        "P72",
        "/flat/taxes/0",
        with_note(*draft(DRAFTED, (), flat(taxes=(Tax(rate=Decimal(7)),)))),
    ),
    ("P73", "/reasonCode", over(reason_code=None)),
    ("P73", "/reasonCode", over(reason_code="")),
]


@pytest.mark.parametrize(("code", "pointer", "book"), ALONE)
def test_a_rule_that_is_broken_alone_is_reported_alone(
    code: str, pointer: str, book: list[History]
) -> None:
    assert broken(book) == [(code, pointer)]


def test_all_that_is_wrong_is_said_at_once() -> None:
    book = over(
        part("lin_1", 4),
        part("lin_9", 1),
        reason_code=None,
        currency="USD",
        issue_date=TODAY + timedelta(days=40),
    )
    assert broken(book) == [
        ("P72", "/currency"),
        ("P08", "/issueDate"),
        ("P73", "/reasonCode"),
        ("P71", "/lines/0/quantity"),
        ("P71", "/lines/1/lineId"),
    ]


def test_a_flat_credit_is_at_most_what_is_left_of_the_invoice_to_the_cent() -> None:
    whole = with_note(*draft(DRAFTED, (), flat(amount=Decimal("101.01"))))
    assert post(given_streams(*whole).read, "crn_1", today=TODAY)
    over = with_note(*draft(DRAFTED, (), flat(amount=Decimal("101.02"))))
    assert broken(over) == [("P71", "/totals/gross")]


def test_a_rebate_is_taken_back_in_negative_quantities_but_never_alone() -> None:
    rebate = ItemLine(
        id="lin_4", description="Rebate", quantity=Decimal(-1), unit_price=Decimal(5), taxes=VAT
    )
    book = sold(*LINES, rebate)
    assert broken(credited(book, lines=[part("lin_4", -1)], posted=False)) == [
        ("P51", "/totals/gross")
    ]
    whole = credited(book)
    assert creditable(invoice_in(whole)) == Decimal(0)
    refused = credited(book, lines=[part("lin_4", 1)], posted=False)
    assert broken(refused) == [("P71", "/lines/0/quantity")]


def test_an_archived_invoice_is_not_credited() -> None:
    archived = bill("inv_1", "60.00", InvoiceArchived())
    book = [
        customer(),
        settings(),
        archived,
        (CREDIT_NOTE("crn_1"), draft(DRAFTED, [part("lin_1", 1)])),
    ]
    assert ("P70", "/invoiceId") in broken(book)
