"""Whatever decision numbers come in with refuses what is no number, too large or too fine."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias, get_args

import msgspec
import pytest

from domain import code_entry, credit_note, customer, payment, product, tax_code
from domain import invoice as invoices
from domain.book_settings import DEFAULTS
from domain.book_settings import change as change_settings
from domain.changes import in_json
from domain.credit_note import Allocation, CreditNote
from domain.errors import RuleBroken, Violation
from domain.facts.code_entry import CodeCreated, CodeDetails
from domain.facts.credit_note import (
    CreditHeader,
    CreditLine,
    CreditNoteDrafted,
    CreditNoteRefunded,
    FlatAmount,
)
from domain.facts.customer import CustomerCreditLimitChanged
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_life import InvoiceWrittenOff
from domain.facts.invoice_parts import Header, TableEntry, TaxOverride
from domain.facts.lines import KINDS, Component, ItemLine, PackageLine, Serial, Tax
from domain.facts.payment import PaymentRecorded, PaymentRefunded
from domain.facts.product import ProductCreated, ProductDetails
from domain.facts.settings import BookSettings
from domain.facts.tax_code import TaxCodeCreated, TaxCodeDetails
from domain.limits import OUTSIDE, PRICE, beyond
from domain.settlement import recover, write_off
from tests.domain.bills import TODAY, bill
from tests.domain.credits import OPEN
from tests.domain.invoices import SERIAL, an_invoice, state
from tests.domain.payments import RECORDED, book, paid, recorded
from tests.given import GivenStreams, given_streams

D = Decimal
Attempt: TypeAlias = Callable[[Decimal], object]

NO_NUMBERS = [D(it) for it in ("NaN", "sNaN", "Infinity", "-Infinity", "1e999999999", "1e-999999")]

# ---------------------------------------------------------------- what comes in

ENTERED: tuple[type[msgspec.Struct], ...] = (
    *(Header, *KINDS.values(), Tax, Serial, Component, TableEntry, TaxOverride),
    *(CreditHeader, CreditLine, FlatAmount, PaymentRecorded, PaymentRefunded, CreditNoteRefunded),
    *(ProductDetails, TaxCodeDetails, CodeDetails, CustomerCreditLimitChanged, BookSettings),
)

_BLANK = {str: "x", Decimal: D(1), date: TODAY, int: 1}


def numbers(kind: type[msgspec.Struct]) -> list[msgspec.structs.FieldInfo]:
    fields = msgspec.structs.fields(kind)
    return [it for it in fields if it.type is Decimal or Decimal in get_args(it.type)]


@pytest.mark.parametrize("kind", ENTERED)
def test_every_number_that_comes_in_has_a_limit(kind: type[msgspec.Struct]) -> None:
    fields = msgspec.structs.fields(kind)
    blank = kind(**{it.name: _BLANK[it.type] for it in fields if it.required})
    assert [*beyond(blank)] == []
    for it in numbers(kind):
        for bad in NO_NUMBERS:
            found = [*beyond(msgspec.structs.replace(blank, **{it.name: bad}), "/at")]
            pointers = [(one.code, one.pointer) for one in found]
            assert pointers == [(OUTSIDE, f"/at/{in_json(it.name)}")]


def test_a_number_outside_of_its_limit_is_told_what_the_limit_is() -> None:
    (violation,) = beyond(Tax(rate=D("1000.01")), "/taxes/0")
    detail = "Set a number from 0 to 1000, with at most 4 decimal digits."
    assert violation == Violation(OUTSIDE, "/taxes/0/rate", detail)


def test_some_fields_have_limits_of_their_own() -> None:
    hour = CodeDetails(amount=D("0.000001"))
    assert [*beyond(hour, amount=PRICE)] == []
    assert [it.pointer for it in beyond(hour)] == ["/amount"]


# ---------------------------------------------------------------- the decisions

ITEM = ItemLine(id="lin_9")
DRAFT = state(an_invoice("Draft"))
READ = given_streams().read
PAID = book(bill("inv_1", "60.00", paid("60.00")), recorded(("inv_1", "60.00"))).read
UNUSED = book(recorded()).read
CREDIT = given_streams(*OPEN).read
ON_INVOICE: dict[str, tuple[Attempt, str]] = {
    "draft": (lambda bad: invoices.draft(InvoiceDrafted(charge_percent=bad)), "/chargePercent"),
    "tax of a draft": (
        lambda bad: invoices.draft(InvoiceDrafted(taxes=(Tax(rate=bad),))),
        "/taxes/0/rate",
    ),
    "line of a draft": (
        lambda bad: invoices.draft(
            InvoiceDrafted(), [ITEM, msgspec.structs.replace(ITEM, id="lin_8", quantity=bad)]
        ),
        "/lines/1/quantity",
    ),
    "header": (
        lambda bad: invoices.edit(DRAFT, Header(exchange_rate=bad), ("exchange_rate",)),
        "/exchangeRate",
    ),
    "line": (
        lambda bad: invoices.add_line(DRAFT, msgspec.structs.replace(ITEM, unit_price=bad)),
        "/lines/2/unitPrice",
    ),
    "tax of a line": (
        lambda bad: invoices.add_line(
            DRAFT, msgspec.structs.replace(ITEM, taxes=(Tax(rate=D(1)), Tax(rate=bad)))
        ),
        "/lines/2/taxes/1/rate",
    ),
    "component": (
        lambda bad: invoices.add_line(
            DRAFT, PackageLine(id="set", components=(Component(line_id="x", share_percent=bad),))
        ),
        "/lines/2/components/0/sharePercent",
    ),
    "change": (
        lambda bad: invoices.change_line(
            DRAFT, ItemLine(id="lin_2", discount_amount=bad), ("discount_amount",)
        ),
        "/discountAmount",
    ),
    "serial": (
        lambda bad: invoices.reserve_serial(
            DRAFT, "lin_1", msgspec.structs.replace(SERIAL, cost=bad)
        ),
        "/cost",
    ),
    "table entry": (
        lambda bad: invoices.assign_table(
            DRAFT, TableEntry(id="tab_1", table=1, code="RADIO", amount=bad)
        ),
        "/amount",
    ),
    "override": (
        lambda bad: invoices.override_tax(
            DRAFT, TaxOverride(id="o", category="S", rate=D(19), amount=bad, reason="Customs")
        ),
        "/amount",
    ),
}
FLAT = FlatAmount(description="Late", amount=D(1), taxes=(Tax(rate=D(19)),))
ON_CREDIT: dict[str, tuple[Attempt, str]] = {
    "draft": (
        lambda bad: credit_note.draft(CreditNoteDrafted(exchange_rate=bad)),
        "/exchangeRate",
    ),
    "line of a draft": (
        lambda bad: credit_note.draft(
            CreditNoteDrafted(), [CreditLine(line_id="lin_1", quantity=bad)]
        ),
        "/lines/0/quantity",
    ),
    "amount of a draft": (
        lambda bad: credit_note.draft(
            CreditNoteDrafted(), (), msgspec.structs.replace(FLAT, amount=bad)
        ),
        "/flat/amount",
    ),
    "header": (
        lambda bad: credit_note.edit(
            CreditNote(), CreditHeader(exchange_rate=bad), ("exchange_rate",)
        ),
        "/exchangeRate",
    ),
    "line": (
        lambda bad: credit_note.set_line(CreditNote(), CreditLine(line_id="l", quantity=bad)),
        "/quantity",
    ),
    "amount": (
        lambda bad: credit_note.set_amount(
            CreditNote(), msgspec.structs.replace(FLAT, taxes=(Tax(rate=bad),))
        ),
        "/flat/taxes/0/rate",
    ),
    "apply": (
        lambda bad: credit_note.apply(
            CREDIT, "crn_1", [Allocation(invoice_id="inv_1", amount=bad)], today=TODAY
        ),
        "/allocations/0/amount",
    ),
    "refund": (
        lambda bad: credit_note.refund(
            CREDIT,
            "crn_1",
            CreditNoteRefunded(refund_id="r", amount=bad, method="cash", refunded_on=TODAY),
            today=TODAY,
        ),
        "/amount",
    ),
}


def recording(**fields: Any) -> object:
    return payment.record(READ, "pay_1", msgspec.structs.replace(RECORDED, **fields), today=TODAY)


def moving(bad: Decimal) -> object:
    return payment.reallocate(
        PAID, "pay_1", from_invoice_id="inv_1", to_invoice_id="inv_2", amount=bad, today=TODAY
    )


def written_off() -> GivenStreams:
    gone = InvoiceWrittenOff(amount=D(9), kind="bad-debt", reason="Gone.", written_off_on=TODAY)
    return given_streams(bill("inv_1", "60.00", gone))


ON_MONEY: dict[str, tuple[Attempt, str]] = {
    "payment": (lambda bad: recording(amount=bad), "/amount"),
    "fee": (lambda bad: recording(bank_fee=bad), "/bankFee"),
    "rate": (lambda bad: recording(exchange_rate=bad), "/exchangeRate"),
    "apply": (
        lambda bad: payment.apply(
            UNUSED, "pay_1", [Allocation(invoice_id="inv_1", amount=bad)], today=TODAY
        ),
        "/allocations/0/amount",
    ),
    "unapply": (
        lambda bad: payment.unapply(PAID, "pay_1", "inv_1", amount=bad, today=TODAY),
        "/amount",
    ),
    "reallocate": (moving, "/amount"),
    "refund": (
        lambda bad: payment.refund(
            UNUSED,
            "pay_1",
            PaymentRefunded(refund_id="r", amount=bad, method="cash", refunded_on=TODAY),
            today=TODAY,
        ),
        "/amount",
    ),
    "write off": (
        lambda bad: write_off(
            written_off().read, "inv_1", kind="bad-debt", reason="x", today=TODAY, amount=bad
        ),
        "/amount",
    ),
    "recover": (
        lambda bad: recover(written_off().read, "inv_1", reason="x", today=TODAY, amount=bad),
        "/amount",
    ),
}
ON_MASTER_DATA: dict[str, tuple[Attempt, str]] = {
    "product": (
        lambda bad: product.create(READ, "STOVE", ProductCreated(unit_price=bad)),
        "/unitPrice",
    ),
    "code": (
        lambda bad: code_entry.create(READ, "misc", "FEE", CodeCreated(amount=bad)),
        "/amount",
    ),
    "credit limit": (
        lambda bad: customer.change_credit_limit(customer.Customer(), bad),
        "/limit",
    ),
    "settings": (
        lambda bad: change_settings(
            DEFAULTS, BookSettings(approval_limit=bad), ("approval_limit",)
        ),
        "/approvalLimit",
    ),
}


@pytest.mark.parametrize("bad", NO_NUMBERS, ids=str)
@pytest.mark.parametrize(
    ("decide", "pointer"),
    [*ON_INVOICE.values(), *ON_CREDIT.values(), *ON_MONEY.values(), *ON_MASTER_DATA.values()],
    ids=[
        *(f"invoice: {it}" for it in ON_INVOICE),
        *(f"credit note: {it}" for it in ON_CREDIT),
        *(f"money: {it}" for it in ON_MONEY),
        *ON_MASTER_DATA,
    ],
)
def test_what_is_no_number_is_refused_by_every_decision(
    decide: Attempt, pointer: str, bad: Decimal
) -> None:
    with pytest.raises(RuleBroken) as raised:
        decide(bad)
    assert (OUTSIDE, pointer) in [(it.code, it.pointer) for it in raised.value.violations]


@pytest.mark.parametrize("bad", NO_NUMBERS, ids=str)
def test_the_rate_of_a_tax_code_is_a_number(bad: Decimal) -> None:
    with pytest.raises(RuleBroken) as raised:
        tax_code.create(READ, "STD", TaxCodeCreated(rate=bad))
    assert [(it.code, it.pointer) for it in raised.value.violations] == [("tax-rate", "/rate")]
