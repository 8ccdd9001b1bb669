from decimal import Decimal

import pytest

from domain.aggregate import Fact
from domain.errors import NotAllowed, NotFound, RuleBroken
from domain.facts.invoice import (
    InvoiceLineAdded,
    InvoiceLineChanged,
    InvoiceLineRemoved,
    InvoiceLinesReordered,
    InvoiceSerialReleased,
    InvoiceSerialReserved,
)
from domain.facts.lines import (
    CommentLine,
    Component,
    ItemLine,
    Line,
    ModelLine,
    PackageLine,
    Serial,
    Tax,
)
from domain.invoice import (
    INVOICE,
    LIMITS,
    MAX_LINES,
    Invoice,
    add_line,
    change_line,
    release_serial,
    remove_line,
    reorder_lines,
    reserve_serial,
    serials,
)
from tests.books import line_changed
from tests.domain.invoices import (
    DRAFTED,
    ESTIMATE,
    OTHER,
    PIPE,
    SERIAL,
    STOVE,
    an_invoice,
    state,
)
from tests.examples_of_lines import ITEM, KINDS_OF_LINES
from tests.given import given

RESERVED = InvoiceSerialReserved(line_id="lin_1", serial=SERIAL)
RELEASED = InvoiceSerialReleased(line_id="lin_1", serial_id="ser_1")


def model_with(*held: Serial, code: str | None = "STOVE-7") -> ModelLine:
    return ModelLine(id="lin_9", code=code, serials=held)


# ---------------------------------------------------------------- lines


def test_the_last_line_that_fits_is_accepted_and_the_next_is_not() -> None:
    almost: list[Fact] = [DRAFTED]
    almost += [InvoiceLineAdded(line=ItemLine(id=f"lin_{n + 9}")) for n in range(MAX_LINES - 1)]
    given(INVOICE, *almost).when(add_line, PIPE).then(InvoiceLineAdded(line=PIPE))
    full = given(INVOICE, *almost, InvoiceLineAdded(line=STOVE))
    full.when(add_line, PIPE).refuses(RuleBroken, match=f"number {MAX_LINES + 1}")


@pytest.mark.parametrize("line", [ITEM, *KINDS_OF_LINES.values()], ids=lambda it: type(it).__name__)
def test_a_line_of_any_kind_stands_at_the_end_with_all_it_has(line: Line) -> None:
    draft = given(INVOICE, DRAFTED, InvoiceLineAdded(line=PIPE))
    facts = add_line(state(draft), line)
    after = state(given(INVOICE, DRAFTED, InvoiceLineAdded(line=PIPE), *facts))
    assert after.lines == (PIPE, line)


@pytest.mark.parametrize(
    ("line", "code", "pointer"),
    [
        (ItemLine(id="lin_1"), "duplicate-id", "/lines"),
        (ItemLine(id="x", taxes=(Tax(rate=Decimal(1)),) * 4), "taxes-limit", "/lines/2/taxes"),
        (ItemLine(id="x", package_id="x"), "package-id", "/lines/2/packageId"),
        (
            CommentLine(id="x", print_position="margin"),
            "print-position",
            "/lines/2/printPosition",
        ),
        (
            PackageLine(id="x", components=(Component(line_id="y"),) * 1001),
            "components-limit",
            "/lines/2/components",
        ),
        (model_with(SERIAL, code=None), "serial-model", "/lines/2/serials/0/serialNumber"),
        (
            model_with(Serial(id="s", serial_number="1", condition="bad")),
            "condition",
            "/lines/2/serials/0/condition",
        ),
        (
            model_with(SERIAL, Serial(id="s", serial_number="SN-1")),
            "P28",
            "/lines/2/serials/1/serialNumber",
        ),
        (model_with(SERIAL, Serial(id="ser_1", serial_number="2")), "duplicate-id", "/lines"),
        (
            model_with(Serial(id="s", serial_number="")),
            "serial-number",
            "/lines/2/serials/0/serialNumber",
        ),
    ],
)
def test_a_line_that_no_draft_can_hold_is_refused(line: Line, code: str, pointer: str) -> None:
    refusal = an_invoice("Draft").when(add_line, line).refuses(RuleBroken)
    assert [(it.code, it.pointer) for it in refusal.violations] == [(code, pointer)]


def test_a_change_of_a_line_names_only_what_becomes_different() -> None:
    to = ItemLine(id="lin_2", quantity=Decimal(4), unit_price=PIPE.unit_price)
    wanted = InvoiceLineChanged(to=to, fields=("quantity",))
    an_invoice("Draft").when(change_line, to, ("quantity", "unit_price")).then(wanted)
    stove, pipe = state(an_invoice("Draft", wanted)).lines
    assert stove == STOVE
    assert isinstance(pipe, ItemLine)
    assert (pipe.quantity, pipe.description) == (Decimal(4), "Pipe")


@pytest.mark.parametrize("quantity", [Decimal(3), Decimal("3.00")])
def test_a_line_that_is_so_already_does_not_change(quantity: Decimal) -> None:
    same = ItemLine(id="lin_2", quantity=quantity)
    an_invoice("Draft").when(change_line, same, ("quantity",)).changes_nothing()
    an_invoice("Draft").when(change_line, same, ()).changes_nothing()


def test_a_line_never_changes_its_kind_nor_its_id() -> None:
    draft = an_invoice("Draft")
    refusal = draft.when(change_line, CommentLine(id="lin_2"), ("code",)).refuses(RuleBroken)
    assert [(it.code, it.pointer) for it in refusal.violations] == [("line-kind", "/kind")]
    draft.when(change_line, ItemLine(id="lin_2"), ("id",)).changes_nothing()
    draft.when(change_line, ItemLine(id="lin_9"), ("code",)).refuses(NotFound)


def test_a_line_can_be_removed_once() -> None:
    removed = InvoiceLineRemoved(line_id="lin_1")
    an_invoice("Draft").when(remove_line, "lin_1").then(removed)
    after = an_invoice("Draft", removed)
    assert state(after).lines == (PIPE,)
    refusal = after.when(remove_line, "lin_1").refuses(NotFound, match="no line 'lin_1'")
    assert (refusal.kind, refusal.id) == ("line", "lin_1")


def test_lines_are_put_in_another_order_by_naming_all_of_them() -> None:
    reordered = InvoiceLinesReordered(line_ids=("lin_2", "lin_1"))
    draft = an_invoice("Draft")
    draft.when(reorder_lines, ["lin_2", "lin_1"]).then(reordered)
    assert state(an_invoice("Draft", reordered)).lines == (PIPE, STOVE)
    draft.when(reorder_lines, ["lin_1", "lin_2"]).changes_nothing()
    for ids in (["lin_1"], ["lin_1", "lin_1"], ["lin_1", "lin_2", "lin_3"], []):
        refusal = draft.when(reorder_lines, ids).refuses(RuleBroken, match="each of the 2 lines")
        assert [it.pointer for it in refusal.violations] == ["/lineIds"]


# ---------------------------------------------------------------- serial numbers


def test_a_serial_number_is_reserved_and_released_by_facts_of_its_own() -> None:
    an_invoice("Draft").when(reserve_serial, "lin_1", SERIAL).then(RESERVED)
    held = an_invoice("Draft", RESERVED)
    assert [serial for _, serial in serials(state(held))] == [SERIAL]
    held.when(release_serial, "lin_1", "ser_1").then(RELEASED)
    assert state(an_invoice("Draft", RESERVED, RELEASED)).lines == (STOVE, PIPE)


def test_serial_numbers_that_come_with_a_line_or_go_with_it_have_these_facts_too() -> None:
    line = model_with(OTHER)
    came = (
        InvoiceLineAdded(line=model_with()),
        InvoiceSerialReserved(line_id="lin_9", serial=OTHER),
    )
    an_invoice("Draft", RESERVED).when(add_line, line).then(*came)
    full = an_invoice("Draft", RESERVED, *came)
    full.when(remove_line, "lin_9").then(
        InvoiceSerialReleased(line_id="lin_9", serial_id="ser_2"),
        InvoiceLineRemoved(line_id="lin_9"),
    )


def test_a_serial_number_stands_once_under_its_model() -> None:
    held = an_invoice("Draft", RESERVED, InvoiceLineAdded(line=model_with(code="STOVE-8")))
    again = Serial(id="ser_9", serial_number="SN-1")
    refusal = held.when(reserve_serial, "lin_1", again).refuses(RuleBroken)
    assert [it.code for it in refusal.violations] == ["P28"]
    held.when(reserve_serial, "lin_9", again).then(
        InvoiceSerialReserved(line_id="lin_9", serial=again)
    )
    held.when(reserve_serial, "lin_1", Serial(id="ser_1", serial_number="2")).refuses(RuleBroken)


def test_only_models_with_a_code_hold_serial_numbers() -> None:
    draft = an_invoice("Draft", InvoiceLineAdded(line=model_with(code=None)))
    draft.when(reserve_serial, "lin_2", SERIAL).refuses(RuleBroken, match="of the kind item")
    draft.when(reserve_serial, "lin_9", SERIAL).refuses(RuleBroken, match="code first")
    draft.when(reserve_serial, "lin_8", SERIAL).refuses(NotFound)
    draft.when(release_serial, "lin_1", "ser_1").refuses(NotFound, match="serial")


def test_a_model_keeps_its_code_while_it_holds_serial_numbers() -> None:
    held = an_invoice("Draft", RESERVED)
    to = ModelLine(id="lin_1", code="STOVE-8", quantity=Decimal(2))
    refusal = held.when(change_line, to, ("code",)).refuses(NotAllowed, match="release them")
    assert refusal.code == "serials-reserved"
    held.when(change_line, to, ("quantity", "serials")).then(
        InvoiceLineChanged(to=to, fields=("quantity",))
    )


def test_an_estimate_holds_no_serial_numbers() -> None:
    estimate = given(INVOICE, ESTIMATE, InvoiceLineAdded(line=STOVE))
    refusal = estimate.when(reserve_serial, "lin_1", SERIAL).refuses(NotAllowed)
    assert refusal.code == "estimate"
    estimate.when(add_line, model_with(SERIAL)).refuses(RuleBroken, match="holds no serial")


def test_serial_numbers_may_still_be_reserved_when_the_content_is_approved() -> None:
    an_invoice("Approved").when(reserve_serial, "lin_1", SERIAL).then(RESERVED)
    an_invoice("Posted").when(reserve_serial, "lin_1", SERIAL).refuses(NotAllowed)


def test_a_change_to_a_line_of_another_kind_is_left_out_of_the_state() -> None:
    assert state(an_invoice("Draft", line_changed("lin_1", code="X"))).lines == (STOVE, PIPE)


def test_there_is_room_for_so_many_serial_numbers_and_no_more() -> None:
    held = [Serial(id=f"ser_{n}", serial_number=str(n)) for n in range(LIMITS["serials"])]
    last = Serial(id="last", serial_number="last")
    nearly, full = (Invoice(lines=(model_with(*them),)) for them in (held[1:], held))
    assert len(reserve_serial(nearly, "lin_9", last)) == 1
    with pytest.raises(RuleBroken) as raised:
        reserve_serial(full, "lin_9", last)
    assert [it.code for it in raised.value.violations] == ["serials-limit"]
