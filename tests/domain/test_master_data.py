from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import code_entry, product, tax_code
from domain.aggregate import Aggregate, Fact, fold
from domain.code_entry import CODE_ENTRY, TABLES, entry_of
from domain.customer import CUSTOMER
from domain.defaults import completed, taxes_of
from domain.errors import AlreadyExists, NotAllowed, NotFound, RuleBroken
from domain.facts.code_entry import CodeChanged, CodeCreated, CodeDetails, CodeRemoved
from domain.facts.customer import CustomerCreated
from domain.facts.invoice_parts import Header
from domain.facts.lines import CommentLine, ItemLine, LaborLine, MiscLine, ModelLine, Tax
from domain.facts.product import (
    ProductArchived,
    ProductChanged,
    ProductCreated,
    ProductDetails,
)
from domain.facts.tax_code import TaxCodeArchived, TaxCodeChanged, TaxCodeCreated, TaxCodeDetails
from domain.product import PRODUCT, ProductFact
from domain.tax_code import TAX_CODE, TaxCode, TaxCodeFact
from tests.given import GivenStreams, given, given_streams
from tests.strategies import structs

STOVE = ProductCreated(
    kind="model",
    description="Wood stove, 7 kW",
    uom="H87",
    unit_price=Decimal("1299.50"),
    brand="Glow",
    tax_code="STD",
)
STD = TaxCodeCreated(name="Standard", rate=Decimal(19))
LABOR = CodeCreated(description="Installation", amount=Decimal(85), tax_code="STD")
HEADER = Header(customer_id="ACME", currency="EUR")
TAXED = Tax(code="STD", rate=Decimal(19))


def book(*more: Any) -> GivenStreams:
    return given_streams(
        (PRODUCT("STOVE-7"), [STOVE]),
        (TAX_CODE("STD"), [STD]),
        (entry_of("labor-rates", "INST"), [LABOR]),
        *more,
    )


# ---------------------------------------------------------------- what a line copies


def test_a_line_copies_what_its_code_says() -> None:
    line = ModelLine(id="lin_1", code="STOVE-7", quantity=Decimal(2))
    done = completed(book().read, line, sent={"code", "quantity"}, header=HEADER)
    assert (done.description, done.uom, done.brand) == ("Wood stove, 7 kW", "H87", "Glow")
    assert (done.unit_price, done.quantity) == (Decimal("1299.50"), Decimal(2))
    assert done.taxes == (TAXED,)


def test_what_was_sent_wins_even_when_it_was_sent_empty() -> None:
    line = ModelLine(id="lin_1", code="STOVE-7", unit_price=Decimal(1000), taxes=())
    sent = {"code", "unit_price", "taxes", "description"}
    done = completed(book().read, line, sent=sent, header=HEADER)
    assert (done.unit_price, done.taxes, done.description) == (Decimal(1000), (), None)
    assert done.brand == "Glow"


def test_an_unknown_code_gives_no_defaults() -> None:
    line = ItemLine(id="lin_1", code="NEW-1", description="Something new")
    assert completed(book().read, line, sent={"code", "description"}, header=HEADER) == line


def test_a_price_of_labor_comes_from_its_table() -> None:
    line = LaborLine(id="lin_1", code="INST", quantity=Decimal(3))
    done = completed(book().read, line, sent={"code", "quantity"}, header=HEADER)
    assert (done.unit_price, done.description, done.uom) == (Decimal(85), "Installation", "HUR")
    assert done.taxes == (TAXED,)


def test_a_comment_prints_the_text_of_its_code() -> None:
    text = CodeCreated(description="Thanks", text="Thank you for your order.")
    history = book((entry_of("comments", "THX"), [text]))
    line = CommentLine(id="lin_1", code="THX")
    done = completed(history.read, line, sent={"code"}, header=HEADER)
    assert done.description == "Thank you for your order."


def test_the_dates_and_reasons_of_a_misc_charge_come_from_its_table() -> None:
    promo = CodeCreated(
        description="Spring rebate",
        amount=Decimal(50),
        type="promotion",
        reason_code="95",
        start_date=date(2026, 3, 1),
        end_date=date(2026, 5, 31),
    )
    history = book((entry_of("misc", "SPRING"), [promo]))
    line = MiscLine(id="lin_1", code="SPRING", quantity=Decimal(-1))
    done = completed(history.read, line, sent={"code", "quantity"}, header=HEADER)
    assert (done.misc_type, done.reason_code) == ("promotion", "95")
    assert (done.start_date, done.end_date) == (date(2026, 3, 1), date(2026, 5, 31))


def test_without_a_tax_of_its_own_a_line_takes_the_documents_then_the_customers() -> None:
    line, reduced = ItemLine(id="lin_1"), Tax(rate=Decimal(7))
    of_document = Header(customer_id="ACME", taxes=(reduced,))
    customer = (CUSTOMER("ACME"), [CustomerCreated(tax_code="STD")])
    assert completed(book(customer).read, line, sent=(), header=of_document).taxes == (reduced,)
    assert completed(book(customer).read, line, sent=(), header=HEADER).taxes == (TAXED,)
    assert completed(book().read, line, sent=(), header=HEADER).taxes == ()


def test_an_archived_tax_code_is_no_default_and_cannot_be_asked_for() -> None:
    history = given_streams((TAX_CODE("STD"), [STD, TaxCodeArchived()]))
    line = ItemLine(id="lin_1")
    header = Header(customer_id="ACME")
    assert completed(history.read, line, sent=(), header=header).taxes == ()
    with pytest.raises(RuleBroken) as raised:
        taxes_of(history.read, ["STD", "X"], pointer="/lines/0/taxes")
    assert [it.pointer for it in raised.value.violations] == [
        "/lines/0/taxes/0/code",
        "/lines/0/taxes/1/code",
    ]


# ---------------------------------------------------------------- the master data themselves


def test_codes_are_given_once() -> None:
    assert book().when(product.create, "STOVE-7", STOVE).refuses(AlreadyExists).id == "STOVE-7"
    assert book().when(tax_code.create, "STD", STD).refuses(AlreadyExists).kind == "tax-code"
    again = book().when(code_entry.create, "labor-rates", "INST", LABOR)
    assert "labor rates" in str(again.refuses(AlreadyExists))


def test_a_removed_code_can_be_used_again() -> None:
    stream = entry_of("misc", "OLD")
    history = given_streams((stream, [LABOR, CodeRemoved()]))
    history.when(code_entry.create, "misc", "OLD", LABOR).then((stream, [LABOR]))


def test_there_are_only_the_tables_that_there_are() -> None:
    refusal = given_streams().when(code_entry.create, "planets", "X", LABOR).refuses(NotFound)
    assert refusal.kind == "code table"
    assert {"table1", "table2", "salespeople"} <= set(TABLES)


@pytest.mark.parametrize(
    ("details", "pointers"),
    [
        (TaxCodeCreated(category="X", rate=Decimal(19)), ["/category"]),
        (TaxCodeCreated(category="Z", rate=Decimal(19)), ["/rate"]),
        (TaxCodeCreated(rate=Decimal("-0.01")), ["/rate"]),
        (TaxCodeCreated(rate=Decimal("1000.01")), ["/rate"]),
        (TaxCodeCreated(valid_from=date(2026, 2, 1), valid_to=date(2026, 1, 1)), ["/validTo"]),
        (TaxCodeCreated(category="?", rate=Decimal(-1)), ["/category", "/rate"]),
    ],
)
def test_a_tax_code_that_makes_no_sense_is_refused(
    details: TaxCodeCreated, pointers: list[str]
) -> None:
    refusal = given_streams().when(tax_code.create, "T", details).refuses(RuleBroken)
    assert [violation.pointer for violation in refusal.violations] == pointers
    codes = {"/category": "tax-category", "/rate": "tax-rate", "/validTo": "tax-validity"}
    assert [violation.code for violation in refusal.violations] == [codes[it] for it in pointers]


@pytest.mark.parametrize("category", ["S", "Z", "E", "AE", "K", "G", "O", "L", "M"])
def test_a_tax_code_has_a_category_of_uncl_5305(category: str) -> None:
    created = TaxCodeCreated(category=category, rate=Decimal(19 if category in "SLM" else 0))
    given_streams().when(tax_code.create, "T", created).then((TAX_CODE("T"), [created]))


@pytest.mark.parametrize("category", ["Z", "E", "AE", "K", "G", "O"])
def test_a_category_without_tax_has_no_rate(category: str) -> None:
    created = TaxCodeCreated(category=category, rate=Decimal("0.01"))
    refusal = given_streams().when(tax_code.create, "T", created).refuses(RuleBroken)
    assert [violation.pointer for violation in refusal.violations] == ["/rate"]


def test_a_product_of_no_known_kind_or_status_is_refused() -> None:
    details = ProductCreated(kind="comment", status="Gone")
    refusal = given_streams().when(product.create, "P", details).refuses(RuleBroken)
    assert [violation.pointer for violation in refusal.violations] == ["/kind", "/status"]
    worse = ProductDetails(status="Gone")
    given(PRODUCT, STOVE).when(product.change, worse, ("status",)).refuses(RuleBroken)


def test_the_dates_of_a_code_come_in_order() -> None:
    to = CodeDetails(start_date=date(2026, 5, 1), end_date=date(2026, 4, 1))
    changed = given(CODE_ENTRY, LABOR).when(code_entry.change, to, ("start_date", "end_date"))
    assert changed.refuses(RuleBroken).violations[0].pointer == "/endDate"


def test_changes_name_only_what_becomes_different() -> None:
    to = ProductDetails(kind="model", unit_price=Decimal(1199))
    expected = ProductChanged(to=to, fields=("unit_price",))
    given(PRODUCT, STOVE).when(product.change, to, ("kind", "unit_price")).then(expected)
    rate = TaxCodeDetails(rate=Decimal(20))
    raised = TaxCodeChanged(to=rate, fields=("rate",))
    given(TAX_CODE, STD).when(tax_code.change, rate, ("rate", "category")).then(raised)
    price = CodeDetails(amount=Decimal(90))
    dearer = CodeChanged(to=price, fields=("amount",))
    given(CODE_ENTRY, LABOR).when(code_entry.change, price, ("amount",)).then(dearer)
    same = CodeDetails(amount=Decimal(85))
    given(CODE_ENTRY, LABOR).when(code_entry.change, same, ("amount",)).changes_nothing()


@pytest.mark.parametrize(
    ("aggregate", "begun", "archived", "archive", "unarchive"),
    [
        (PRODUCT, STOVE, ProductArchived(), product.archive, product.unarchive),
        (TAX_CODE, STD, TaxCodeArchived(), tax_code.archive, tax_code.unarchive),
    ],
)
def test_archiving_and_unarchiving_alternate(
    aggregate: Aggregate[Any],
    begun: Fact,
    archived: Fact,
    archive: Callable[[Any], list[Fact]],
    unarchive: Callable[[Any], list[Fact]],
) -> None:
    fresh, away = given(aggregate, begun), given(aggregate, begun, archived)
    fresh.when(archive).then(archived)
    assert fresh.when(unarchive).refuses(NotAllowed).actions == ("archive",)
    assert away.when(archive).refuses(NotAllowed).actions == ("unarchive",)
    (back,) = unarchive(away.state)
    assert fold(aggregate, [back], away.state) == fresh.state


@pytest.mark.parametrize(
    ("day", "valid"),
    [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2027, 1, 1), False)],
)
def test_a_tax_code_is_valid_from_its_first_day_to_its_last(day: date, *, valid: bool) -> None:
    year = TaxCode(valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31))
    assert year.valid_on(day) is valid
    assert TaxCode().valid_on(day)


_FACTS = [structs(it) for it in (*ProductFact.__args__, *TaxCodeFact.__args__)]
_CODES = [structs(it) for it in (CodeCreated, CodeChanged, CodeRemoved)]


@for_all(st.lists(st.one_of(_FACTS[:4]), max_size=8), st.lists(st.one_of(_FACTS[4:]), max_size=8))
def test_no_history_makes_evolve_stumble(products: list[Fact], taxes: list[Fact]) -> None:
    fold(PRODUCT, products)
    fold(TAX_CODE, taxes)


@for_all(st.lists(st.one_of(_CODES), max_size=8))
def test_no_history_of_codes_makes_evolve_stumble(history: list[Fact]) -> None:
    ends = [it for it in history if not isinstance(it, CodeChanged)]
    exists = fold(CODE_ENTRY, history) is not None
    assert exists == (bool(ends) and isinstance(ends[-1], CodeCreated))
