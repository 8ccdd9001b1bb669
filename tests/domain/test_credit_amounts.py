from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.credit_amounts import CreditAmounts, credit_amounts, flat_totals, uncredited
from domain.facts.credit_note import CreditLine, FlatAmount
from domain.facts.invoice_parts import TaxOverride, Totals
from domain.facts.lines import CommentLine, Component, ItemLine, PackageLine, Tax
from domain.invoice import Credit, Invoice
from domain.money import negative, total
from tests.domain.documents import drafts, invoice, line, packaged, posted, taxes, texts
from tests.domain.oracle import sums_of


def wanted(**quantities: str) -> list[CreditLine]:
    return [CreditLine(line_id=id_, quantity=Decimal(it)) for id_, it in quantities.items()]


def credited(bill: Invoice, amounts: CreditAmounts, id_: str = "crn") -> Invoice:
    """The invoice after a credit note of these amounts."""
    credit = Credit(id_, amounts.totals.gross, amounts.lines, amounts.totals)
    return replace(bill, credits=(*bill.credits, credit))


def named(*items: ItemLine) -> list[ItemLine]:
    return [replace(it, id="abcdefgh"[index]) for index, it in enumerate(items)]


BILL = posted(invoice(*named(line("3", "9.99", "19"), line("7", "0.335", "7"))))


def test_a_credit_note_has_the_amounts_of_its_quantities_at_the_price_that_was_paid() -> None:
    found = credit_amounts(BILL, wanted(a="1", b="2"))
    assert [(it.line_id, str(it.quantity), str(it.net)) for it in found.lines] == [
        ("a", "1", "9.99"),
        ("b", "2", "0.67"),
    ]
    assert texts(found.totals) == ["10.66", "1.95", "12.61"]
    assert taxes(found.totals) == [("7", "0.67", "0.05"), ("19", "9.99", "1.90")]


def test_everything_at_once_is_the_invoice() -> None:
    found = credit_amounts(BILL, uncredited(BILL))
    assert found.totals == BILL.posted_totals
    assert tuple(it.net for it in found.lines) == BILL.posted_nets


def test_the_step_that_completes_the_invoice_takes_the_rest() -> None:
    bill = posted(invoice(*named(line("3", "0.335", "19"))))
    steps = []
    for _ in range(3):
        step = credit_amounts(bill, wanted(a="1"))
        bill = credited(bill, step)
        steps.append(step)
    assert [texts(it.totals) for it in steps] == [
        ["0.34", "0.06", "0.40"],
        ["0.33", "0.07", "0.40"],
        ["0.34", "0.06", "0.40"],
    ]
    assert bill.posted_totals is not None
    assert texts(bill.posted_totals) == ["1.01", "0.19", "1.20"]
    assert uncredited(bill) == ()


def test_where_prices_include_tax_one_of_three_gives_back_its_price() -> None:
    bill = posted(invoice(*named(line("3", "9.99", "19")), price_includes_tax=True))
    grosses = []
    for _ in range(3):
        step = credit_amounts(bill, wanted(a="1"))
        bill = credited(bill, step)
        grosses.append(str(step.totals.gross))
    assert grosses == ["9.99"] * 3


def test_a_discount_of_the_document_is_credited_with_its_lines() -> None:
    lines = named(line("2", "100", "19"), line("1", "100", "7"))
    bill = posted(invoice(*lines, discount_amount="30", charge_percent="1"))
    found = credit_amounts(bill, wanted(a="1"))
    assert texts(found.totals) == ["91.00", "17.29", "108.29"]
    assert [str(it) for it in (found.totals.discount, found.totals.charge)] == ["10.00", "1.00"]


def test_a_tax_that_was_set_by_hand_is_credited_in_proportion() -> None:
    by_hand = TaxOverride(
        id="ovr", category="S", rate=Decimal(19), amount=Decimal(100), reason="As agreed"
    )
    bill = posted(invoice(*named(line("4", "25", "19")), overrides=(by_hand,)))
    assert texts(credit_amounts(bill, wanted(a="1")).totals) == ["25.00", "25.00", "50.00"]
    free = posted(invoice(*named(line("4", "0", "19")), overrides=(by_hand,)))
    assert texts(credit_amounts(free, wanted(a="1")).totals) == ["0.00", "25.00", "25.00"]


def test_sums_in_the_currency_of_the_book_are_credited_at_the_rate_of_the_invoice() -> None:
    bill = posted(
        invoice(
            *named(line("3", "0.35", "19")),
            currency="USD",
            exchange_rate="0.9123",
            exchange_date=date(2026, 11, 20),
        )
    )
    grosses = []
    for _ in range(3):
        step = credit_amounts(bill, wanted(a="1"))
        bill = credited(bill, step)
        assert step.totals.base is not None
        assert step.totals.base.currency == "EUR"
        grosses.append(step.totals.base.gross)
    assert bill.posted_totals is not None
    assert bill.posted_totals.base is not None
    assert total(grosses) == bill.posted_totals.base.gross


def test_after_a_credit_note_was_voided_the_rest_is_still_exact() -> None:
    bill = posted(invoice(*named(line("3", "0.335", "19"), line("1", "5", "19"))))
    for id_ in ("first", "second"):
        bill = credited(bill, credit_amounts(bill, wanted(a="1")), id_)
    bill = replace(bill, credits=bill.credits[1:])
    other = credit_amounts(bill, wanted(b="1"))
    assert [str(it.net) for it in other.lines] == [str(other.totals.lines)] == ["5.00"]
    bill = credited(bill, other)
    assert _credited_in_full(credited(bill, credit_amounts(bill, uncredited(bill))))


def test_a_flat_credit_takes_nothing_off_the_lines() -> None:
    flat = flat_totals(FlatAmount(description="Goodwill", amount=Decimal(5)), "EUR")
    bill = replace(BILL, credits=(Credit("crn", flat.gross, (), flat),))
    assert credit_amounts(bill, wanted(a="1")) == credit_amounts(BILL, wanted(a="1"))
    assert uncredited(bill) == uncredited(BILL)


def test_a_flat_credit_has_its_taxes_on_top() -> None:
    rates = (Tax(rate=Decimal(19)), Tax(rate=Decimal("7.5"), included=True))
    flat = FlatAmount(description="Goodwill", amount=Decimal("10.005"), taxes=rates)
    sums = flat_totals(flat, "EUR")
    assert texts(sums) == ["10.01", "2.65", "12.66"]
    assert taxes(sums) == [("7.5", "10.01", "0.75"), ("19", "10.01", "1.90")]
    untaxed = flat_totals(FlatAmount(description="Goodwill", amount=Decimal(5)), "JPY")
    assert taxes(untaxed) == [("0", "5", "0")]


def test_a_package_is_credited_as_a_whole() -> None:
    inside = named(line("1", "600", "19"), line("1", "300", "7"))
    package = PackageLine(
        id="p",
        quantity=Decimal(2),
        unit_price=Decimal("74.99"),
        components=tuple(Component(line_id=it.id) for it in inside),
    )
    bill = posted(invoice(package, *inside, CommentLine(id="text")))
    assert [it.line_id for it in uncredited(bill)] == ["p"]
    half = credit_amounts(bill, wanted(p="1"))
    assert taxes(half.totals) == [("7", "25.00", "1.75"), ("19", "49.99", "9.50")]
    assert [str(it.net) for it in credit_amounts(bill, wanted(a="1")).lines] == ["0.00"]
    assert _credited_in_full(
        credited(credited(bill, half), credit_amounts(credited(bill, half), wanted(p="1")))
    )


def test_lines_that_are_not_there_count_nothing() -> None:
    found = credit_amounts(BILL, wanted(z="1"))
    assert [str(it.net) for it in found.lines] == ["0.00"]
    assert texts(found.totals) == ["0.00", "0.00", "0.00"]


# ---------------------------------------------------------------- any invoice, in any steps


def _summed(them: Sequence[Totals]) -> dict[str, object]:
    """The sums of several totals; taxes of nothing left out."""
    sums: dict[str, Fraction] = {}
    groups: dict[object, tuple[Fraction, Fraction]] = {}
    for it in map(sums_of, them):
        for group, (base, tax) in it.pop("taxes").items():
            before = groups.get(group, (Fraction(0), Fraction(0)))
            groups[group] = (before[0] + base, before[1] + tax)
        for name, value in it.items():
            sums[name] = sums.get(name, Fraction(0)) + value
    return {**sums, "taxes": {group: it for group, it in groups.items() if any(it)}}


def _credited_in_full(bill: Invoice) -> bool:
    assert bill.posted_totals is not None
    nets = {it.id: Fraction(net) for it, net in zip(bill.lines, bill.posted_nets, strict=True)}
    for credit in bill.credits:
        for it in credit.lines:
            nets[it.line_id] -= Fraction(it.net)
    before = _summed([it.totals for it in bill.credits if it.totals])
    return not any(nets.values()) and before == _summed([bill.posted_totals])


@given(drafts() | packaged(), st.data())
def test_credit_notes_in_any_steps_sum_to_the_invoice(draft: Invoice, data: st.DataObject) -> None:
    rate = {"exchange_rate": Decimal("1.0845"), "exchange_date": date(2026, 11, 20)}
    bill = posted(replace(draft, **rate))
    while left := uncredited(bill):
        whole = len(bill.credits) >= 4 or data.draw(st.booleans(), label="all of the rest")
        step = list(left)
        if not whole:
            shares = data.draw(st.lists(SHARES, min_size=len(left), max_size=len(left)))
            step = [
                replace(it, quantity=(it.quantity * share).quantize(it.quantity))
                for it, share in zip(left, shares, strict=True)
            ]
        found = credit_amounts(bill, step)
        _agrees(found)
        bill = credited(bill, found, f"crn_{len(bill.credits)}")
        if not whole and data.draw(st.booleans(), label="void one"):
            bill = replace(bill, credits=bill.credits[1:])
    if bill.credits:
        assert _credited_in_full(bill)
        if bill.posted_totals is not None and bill.posted_totals.base is not None:
            bases = [it.totals.base for it in bill.credits if it.totals and it.totals.base]
            assert total(it.gross for it in bases) == bill.posted_totals.base.gross
            assert total(it.tax for it in bases) == bill.posted_totals.base.tax


SHARES = st.sampled_from([Decimal(it) for it in ("0", "0.25", "0.3333", "0.5", "1")])


def _agrees(found: CreditAmounts) -> None:
    sums = found.totals
    assert total(it.net for it in found.lines) == sums.lines
    assert total([sums.lines, negative(sums.discount), sums.charge]) == sums.net
    assert total([sums.net, sums.tax]) == sums.gross
    assert total(it.amount for it in sums.taxes) == sums.tax
