"""Drafts of credit notes accept anything; only posting is strict."""

from collections.abc import Callable

import msgspec
import pytest

from domain.credit_note import (
    CREDIT_NOTE,
    delete,
    draft,
    draft_over,
    edit,
    remove_line,
    set_amount,
    set_line,
)
from domain.errors import AlreadyExists, NotAllowed, NotFound, RuleBroken
from domain.facts.credit_note import (
    CreditHeader,
    CreditNoteChanged,
    CreditNoteDraftDeleted,
    CreditNoteDrafted,
    CreditNoteLineRemoved,
    CreditNoteLineSet,
)
from tests.domain.credits import (
    DRAFTED,
    FLAT,
    VAT,
    codes,
    credited,
    draft_of,
    lines_set,
    note_in,
    part,
    sold,
)
from tests.given import given, given_streams


def test_a_draft_may_begin_empty_or_with_lines_and_an_amount() -> None:
    assert draft(CreditNoteDrafted()) == [CreditNoteDrafted()]
    facts = draft(CreditNoteDrafted(), [part("lin_1", 1)], FLAT)
    assert [type(it).__name__ for it in facts] == [
        "CreditNoteDrafted",
        "CreditNoteLineSet",
        "CreditNoteAmountSet",
    ]


def test_a_draft_over_an_invoice_takes_all_that_is_left_of_it() -> None:
    drafted = msgspec.structs.replace(DRAFTED, customer_id="ACME", currency="EUR")
    given_streams(*sold()).when(draft_over, "crn_1", DRAFTED).then(
        (
            CREDIT_NOTE("crn_1"),
            [
                drafted,
                CreditNoteLineSet(line=part("lin_1", 3)),
                CreditNoteLineSet(line=part("lin_2", 2)),
            ],
        )
    )
    once = credited(sold(), lines=[part("lin_1", 1), part("lin_2", 2)])
    rest = credited(once, note="crn_2", posted=False)
    assert note_in(rest, "crn_2").lines == (part("lin_1", 2),)


def test_only_what_is_in_the_books_and_not_credited_is_drafted_over() -> None:
    book = given_streams(*sold())
    missing = msgspec.structs.replace(DRAFTED, invoice_id="inv_9")
    book.when(draft_over, "crn_1", missing).refuses(NotFound)
    book.when(draft_over, "crn_1", CreditNoteDrafted()).refuses(NotFound)
    unposted = given_streams(draft_of())
    assert unposted.when(draft_over, "crn_1", DRAFTED).refuses(NotAllowed).code == (
        "invalid-transition"
    )
    whole = given_streams(*credited(sold()))
    assert whole.when(draft_over, "crn_2", DRAFTED).refuses(NotAllowed).code == "nothing-to-credit"
    taken = given_streams(*credited(sold(), lines=[part("lin_1", 1)]))
    taken.when(draft_over, "crn_1", DRAFTED).refuses(AlreadyExists)


def test_a_draft_changes_piece_by_piece_and_what_is_so_already_does_not() -> None:
    history = given(CREDIT_NOTE, CreditNoteDrafted(reason="Dented"), *lines_set(part("lin_1", 1)))
    to = CreditHeader(reason="Scratched", reason_code="return")
    history.when(edit, to, ("reason", "reason_code", "memo")).then(
        CreditNoteChanged(to=to, fields=("reason", "reason_code"))
    )
    history.when(edit, CreditHeader(reason="Dented"), ("reason",)).changes_nothing()
    history.when(set_line, part("lin_1", 2)).then(*lines_set(part("lin_1", 2)))
    history.when(set_line, part("lin_1", "1.0")).changes_nothing()
    history.when(remove_line, "lin_1").then(CreditNoteLineRemoved(line_id="lin_1"))
    history.when(remove_line, "lin_9").refuses(NotFound)
    history.when(set_amount, None).changes_nothing()
    history.when(delete).then(CreditNoteDraftDeleted())


def test_what_is_posted_does_not_change_any_more() -> None:
    posted = note_in(credited(sold()))
    refused: list[Callable[[], object]] = [
        lambda: edit(posted, CreditHeader(reason="x"), ("reason",)),
        lambda: set_line(posted, part("lin_1", 1)),
        lambda: remove_line(posted, "lin_1"),
        lambda: set_amount(posted, FLAT),
        lambda: delete(posted),
    ]
    for decide in refused:
        with pytest.raises(NotAllowed, match="while the credit note is Applied"):
            decide()


def test_an_earlier_wish_for_a_line_is_replaced_where_it_stands() -> None:
    note = given(
        CREDIT_NOTE,
        CreditNoteDrafted(),
        *lines_set(part("lin_1", 1), part("lin_2", 1), part("lin_1", 3)),
    ).state
    assert note is not None
    assert note.lines == (part("lin_1", 3), part("lin_2", 1))


def test_a_deleted_draft_is_gone() -> None:
    assert given(CREDIT_NOTE, CreditNoteDrafted(), CreditNoteDraftDeleted()).state is None


def test_sizes_are_limited_even_in_drafts() -> None:
    many = [part(f"lin_{number}", 1) for number in range(1001)]
    three = msgspec.structs.replace(FLAT, taxes=VAT * 4)
    with pytest.raises(RuleBroken) as raised:
        draft(CreditNoteDrafted(), [*many, many[0]], three)
    assert [it.code for it in raised.value.violations] == [
        "lines-limit",
        "taxes-limit",
        "duplicate-id",
    ]
    full = given(CREDIT_NOTE, CreditNoteDrafted(), *lines_set(*many[:1000]))
    assert codes(full.when(set_line, many[1000]).refuses(RuleBroken)) == [("lines-limit", "/lines")]
    nearly = given(CREDIT_NOTE, CreditNoteDrafted(), *lines_set(*many[:999]))
    nearly.when(set_line, many[999]).then(*lines_set(many[999]))
    full.when(set_line, part("lin_0", 2)).then(*lines_set(part("lin_0", 2)))
    assert codes(full.when(set_amount, three).refuses(RuleBroken)) == [
        ("taxes-limit", "/flat/taxes")
    ]


def test_a_refusal_names_the_kind_of_what_is_missing_or_there_already() -> None:
    taken = given_streams(*credited(sold(), lines=[part("lin_1", 1)]))
    there = taken.when(draft_over, "crn_1", DRAFTED).refuses(AlreadyExists)
    assert (there.kind, there.id) == ("credit-note", "crn_1")
    missing = msgspec.structs.replace(DRAFTED, invoice_id="inv_9")
    gone = taken.when(draft_over, "crn_2", missing).refuses(NotFound)
    assert (gone.kind, gone.id) == ("invoice", "inv_9")
    empty = given(CREDIT_NOTE, CreditNoteDrafted())
    line = empty.when(remove_line, "lin_9").refuses(NotFound)
    assert (line.kind, line.id) == ("line", "lin_9")
