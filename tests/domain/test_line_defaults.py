"""What lines and entries copy from each code table and from every field of a product."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain import code_entry
from domain.code_entry import TABLES, CodeEntry, entry_of
from domain.defaults import completed, completed_entry, taxes_of
from domain.errors import RuleBroken
from domain.facts.code_entry import CodeChanged, CodeCreated, CodeDetails
from domain.facts.invoice_parts import Header, TableEntry
from domain.facts.lines import CommentLine, ItemLine, Line, ModelLine, Tax, WarrantyLine
from domain.facts.product import ProductCreated
from domain.facts.tax_code import TaxCodeCreated
from domain.product import PRODUCT
from domain.tax_code import TAX_CODE
from tests.given import given_streams

HEADER = Header(customer_id="ACME", currency="EUR")
FIRST, LAST = date(2026, 3, 1), date(2026, 5, 31)


def test_a_model_copies_all_that_its_product_says() -> None:
    known: dict[str, Any] = {
        "description": "Wood stove",
        "uom": "H87",
        "unit_price": Decimal(1299),
        "list_price": Decimal(1399),
        "min_price": Decimal(1199),
        "cost": Decimal(800),
        "brand": "Glow",
        "category": "stoves",
        "color": "black",
        "gtin": "4006381333931",
        "weight": Decimal(92),
        "location_code": "HALL-1",
        "gl_account": "8400",
        "gl_cost_account": "3400",
    }
    book = given_streams((PRODUCT("S-7"), [ProductCreated(kind="model", **known)]))
    line = ModelLine(id="lin_1", code="S-7")
    done = completed(book.read, line, sent={"code"}, header=HEADER)
    copied = {name: getattr(done, name) for name in known if name in done.__struct_fields__}
    assert copied == {name: known[name] for name in copied}
    assert {"list_price", "min_price", "cost", "location_code", "gl_account"} <= {*copied}


@pytest.mark.parametrize(
    ("priced_in", "billed_in", "price"),
    [("EUR", "EUR", "5"), ("USD", "EUR", None), (None, "EUR", "5"), ("USD", None, "5")],
)
def test_prices_of_a_product_are_not_copied_into_another_currency(
    priced_in: str | None, billed_in: str | None, price: str | None
) -> None:
    prices: dict[str, Any] = dict.fromkeys(
        ("unit_price", "list_price", "min_price", "cost"), Decimal(5)
    )
    created = ProductCreated(currency=priced_in, description="Pipe", **prices)
    book = given_streams((PRODUCT("PIPE"), [created]))
    header = Header(currency=billed_in)
    done = completed(book.read, ItemLine(id="l", code="PIPE"), sent=("code",), header=header)
    assert done.description == "Pipe"
    wanted = None if price is None else Decimal(price)
    assert {getattr(done, name) for name in prices} == {wanted}


def test_a_warranty_copies_what_its_product_or_its_table_says() -> None:
    sold = ProductCreated(kind="warranty", term_months=24, provider="Care AG")
    listed = CodeCreated(description="Five years", amount=Decimal(199), gl_account="8410")
    book = given_streams((PRODUCT("W-2"), [sold]), (entry_of("warranties", "W-5"), [listed]))
    bought = completed(book.read, WarrantyLine(id="lin_1", code="W-2"), sent=(), header=HEADER)
    assert (bought.term_months, bought.provider) == (24, "Care AG")
    named = completed(book.read, WarrantyLine(id="lin_1", code="W-5"), sent=(), header=HEADER)
    assert (named.description, named.unit_price) == ("Five years", Decimal(199))
    assert named.gl_account == "8410"


@pytest.mark.parametrize(
    ("entry", "sent", "printed"),
    [
        (CodeCreated(description="Thanks", text="Thank you."), (), "Thank you."),
        (CodeCreated(description="Thanks"), (), "Thanks"),
        (CodeCreated(description="Thanks", text="Thank you."), ("description",), "Mine"),
    ],
)
def test_a_comment_prints_text_before_description(
    entry: CodeCreated, sent: tuple[str, ...], printed: str
) -> None:
    book = given_streams((entry_of("comments", "THX"), [entry]))
    line: Line = CommentLine(id="lin_1", code="THX", description="Mine")
    assert completed(book.read, line, sent=sent, header=HEADER).description == printed


def test_an_entry_of_a_table_copies_what_was_not_sent() -> None:
    known = CodeCreated(
        description="Delivery", type="tour", amount=Decimal(40), start_date=FIRST, end_date=LAST
    )
    book = given_streams((entry_of("table2", "TOUR"), [known]))
    entry = TableEntry(id="tab_1", table=2, code="TOUR", amount=Decimal(35))
    done = completed_entry(book.read, entry, sent={"table", "code", "amount"})
    assert (done.description, done.table_type) == ("Delivery", "tour")
    assert (done.amount, done.effective_from, done.effective_to) == (Decimal(35), FIRST, LAST)
    assert completed_entry(book.read, entry, sent={"code"}).amount == Decimal(40)
    other = TableEntry(id="tab_1", table=1, code="TOUR")
    assert completed_entry(book.read, other, sent={"table", "code"}) == other


def test_the_taxes_behind_codes_come_in_their_order() -> None:
    codes = {"CITY": Decimal(2), "STATE": Decimal(5)}
    book = given_streams(
        *((TAX_CODE(code), [TaxCodeCreated(rate=rate)]) for code, rate in codes.items())
    )
    found = taxes_of(book.read, ["STATE", "CITY"])
    assert [(it.code, it.rate) for it in found] == [("STATE", Decimal(5)), ("CITY", Decimal(2))]
    with pytest.raises(RuleBroken) as raised:
        taxes_of(book.read, ["CITY", "NONE"])
    violations = [(it.code, it.pointer) for it in raised.value.violations]
    assert violations == [("tax-code", "/taxes/1/code")]


def test_a_product_with_taxes_of_its_own_goes_before_its_tax_code() -> None:
    own = (Tax(rate=Decimal(7)),)
    sold = ProductCreated(kind="model", taxes=own, tax_code="STD")
    book = given_streams(
        (PRODUCT("S-7"), [sold]), (TAX_CODE("STD"), [TaxCodeCreated(rate=Decimal(19))])
    )
    header = Header(customer_id="ACME", taxes=(Tax(rate=Decimal(5)),))
    line = ModelLine(id="lin_1", code="S-7")
    assert completed(book.read, line, sent=(), header=header).taxes == own


# ---------------------------------------------------------------- code tables


def test_every_book_has_the_same_tables() -> None:
    names = (
        "branches comments departments job-statuses labor-rates locations misc payment-methods "
        "reason-codes referrals salespeople table1 table2 technicians terminals terms warranties"
    )
    assert [*TABLES] == names.split()


@pytest.mark.parametrize(
    ("day", "valid"),
    [
        (date(2026, 2, 28), False),
        (FIRST, True),
        (LAST, True),
        (date(2026, 6, 1), False),
    ],
)
def test_an_entry_is_valid_from_its_first_day_to_its_last(day: date, *, valid: bool) -> None:
    assert CodeEntry(start_date=FIRST, end_date=LAST).within(day) is valid
    assert CodeEntry(start_date=FIRST).within(LAST)
    assert CodeEntry(end_date=LAST).within(FIRST)
    assert CodeEntry().within(day)


def test_an_entry_may_be_valid_for_a_day_but_not_for_less() -> None:
    stream = entry_of("misc", "X")
    one_day = CodeCreated(start_date=FIRST, end_date=FIRST)
    given_streams().when(code_entry.create, "misc", "X", one_day).then((stream, [one_day]))
    swapped = CodeCreated(start_date=LAST, end_date=FIRST)
    refusal = given_streams().when(code_entry.create, "misc", "X", swapped).refuses(RuleBroken)
    assert [(it.code, it.pointer) for it in refusal.violations] == [("code-dates", "/endDate")]
    to = CodeDetails(end_date=LAST)
    (fact,) = code_entry.change(CodeEntry(start_date=FIRST), to, ("end_date",))
    assert fact == CodeChanged(to=to, fields=("end_date",))
