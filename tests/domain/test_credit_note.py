"""Credit notes: over lines of an invoice, flat, and what is done with the credit."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from domain.account import ACCOUNT
from domain.aggregate import Change, Fact
from domain.book_settings import SETTINGS
from domain.credit_note import (
    COMMANDS,
    CREDIT_NOTE,
    STATUSES,
    Allocation,
    CreditNote,
    apply,
    available_actions,
    delete,
    draft,
    draft_over,
    edit,
    guard,
    open_credit,
    post,
    refund,
    remove_line,
    set_amount,
    set_line,
    unapply,
    void,
)
from domain.errors import AlreadyExists, NotAllowed, NotFound, RuleBroken
from domain.facts.credit_note import (
    CreditHeader,
    CreditLine,
    CreditNoteApplied,
    CreditNoteChanged,
    CreditNoteDraftDeleted,
    CreditNoteDrafted,
    CreditNoteLineRemoved,
    CreditNoteLineSet,
    CreditNotePosted,
    CreditNoteRefunded,
    CreditNoteVoided,
    FlatAmount,
)
from domain.facts.invoice import InvoiceDrafted, InvoiceLineAdded, InvoiceSerialReserved
from domain.facts.invoice_life import (
    InvoiceArchived,
    InvoiceCredited,
    InvoiceCreditWithdrawn,
    InvoicePaid,
    InvoicePartiallyPaid,
)
from domain.facts.lines import CommentLine, ItemLine, Line, ModelLine, PackageLine, Serial, Tax
from domain.facts.period import PeriodSalesLocked
from domain.facts.settings import BookSettings, SettingsChanged
from domain.invoice import INVOICE, balance, creditable, settlement
from domain.period import PERIOD
from domain.posting import post as post_invoice
from domain.serial import reserve, serial_of, tracked
from domain.series import SERIES
from tests.domain.bills import TODAY, History, appended, bill, customer, state_of
from tests.given import GivenStreams, given, given_streams

SELLER: dict[str, Any] = {
    "seller_name": "Ofenhaus GmbH",
    "seller_city": "Köln",
    "seller_country": "DE",
    "seller_tax_id": "214/5678/1234",
}
VAT = (Tax(rate=Decimal(19)),)
LINES: tuple[Line, ...] = (
    ItemLine(
        id="lin_1", description="Pipe", quantity=Decimal(3), unit_price=Decimal("0.335"), taxes=VAT
    ),
    ItemLine(
        id="lin_2", description="Stove", quantity=Decimal(2), unit_price=Decimal(50), taxes=VAT
    ),
    CommentLine(id="lin_3", description="Thank you."),
)
DRAFTED = CreditNoteDrafted(invoice_id="inv_1", reason_code="return")
FLAT = FlatAmount(description="Late", amount=Decimal(10), taxes=VAT)


def settings(**fields: Any) -> History:
    to = {**SELLER, **fields}
    return SETTINGS("book"), [SettingsChanged(to=BookSettings(**to), fields=tuple(to))]


def draft_of(*lines: Line, **fields: Any) -> History:
    header = InvoiceDrafted(**{"customer_id": "ACME", "currency": "EUR", **fields})
    return INVOICE("inv_1"), [header, *(InvoiceLineAdded(line=line) for line in lines or LINES)]


def sold(*lines: Line, **fields: Any) -> list[History]:
    """A book with one posted invoice, of 120.20 if nothing else is said."""
    book = [customer(), settings(), draft_of(*lines, **fields)]
    return appended(book, post_invoice(given_streams(*book).read, "inv_1", today=TODAY))


def credited(
    book: Sequence[History],
    *,
    lines: Sequence[CreditLine] | None = None,
    note: str = "crn_1",
    posted: bool = True,
    **asked: Any,
) -> list[History]:
    """The book with a credit note over the invoice."""
    drafted = draft_over(given_streams(*book).read, note, DRAFTED, lines=lines)
    book = appended(book, drafted)
    if not posted:
        return [*book]
    return appended(book, post(given_streams(*book).read, note, today=TODAY, **asked))


def part(line_id: str, quantity: str | int, *serial_numbers: str) -> CreditLine:
    return CreditLine(line_id=line_id, quantity=Decimal(quantity), serial_numbers=serial_numbers)


def note_in(book: Sequence[History], note: str = "crn_1") -> CreditNote:
    found: CreditNote = state_of(given_streams(*book), CREDIT_NOTE(note))
    return found


def invoice_in(book: Sequence[History]) -> Any:
    return state_of(given_streams(*book), INVOICE("inv_1"))


def owed(book: Sequence[History]) -> Decimal:
    account = given_streams(*book).read(ACCOUNT("ACME"))
    return account.owed("EUR") if account else Decimal(0)


def codes(refusal: RuleBroken) -> list[tuple[str, str]]:
    return [(it.code, it.pointer) for it in refusal.violations]


def broken(book: Sequence[History]) -> list[tuple[str, str]]:
    """Code and place of every rule that posting the first credit note breaks."""
    return codes(given_streams(*book).when(post, "crn_1", today=TODAY).refuses(RuleBroken))


# ---------------------------------------------------------------- drafts


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


def lines_set(*lines: CreditLine) -> list[Fact]:
    return [CreditNoteLineSet(line=line) for line in lines]


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
    full.when(set_line, part("lin_0", 2)).then(*lines_set(part("lin_0", 2)))
    assert codes(full.when(set_amount, three).refuses(RuleBroken)) == [
        ("taxes-limit", "/flat/taxes")
    ]


# ---------------------------------------------------------------- posting


def test_posting_writes_the_note_its_number_the_invoice_and_the_account_at_once() -> None:
    book = credited(sold(), lines=[part("lin_2", 1)], posted=False)
    changes = post(given_streams(*book).read, "crn_1", today=TODAY)
    assert [stream.name for stream, _ in changes] == [
        "credit-note/crn_1",
        "series/credit-2026",
        "invoice/inv_1",
        "account/ACME",
    ]
    posted, applied = changes[0][1]
    assert isinstance(posted, CreditNotePosted)
    assert posted.number == "CRN-2026-000001"
    assert (posted.preceding_number, posted.preceding_date) == ("INV-2026-000001", TODAY)
    assert (posted.totals.net, posted.totals.gross) == (Decimal(50), Decimal("59.50"))
    assert posted.line_nets == (Decimal(50),)
    assert posted.seller is not None
    assert (posted.buyer.name, posted.seller.name) == ("Acme", "Ofenhaus GmbH")
    assert applied == CreditNoteApplied(
        invoice_id="inv_1", amount=Decimal("59.50"), applied_on=TODAY
    )
    back, paid = changes[2][1]
    assert isinstance(back, InvoiceCredited)
    assert (back.credit_note_id, back.amount) == ("crn_1", Decimal("59.50"))
    assert [(it.line_id, it.quantity, it.net) for it in back.lines] == [
        ("lin_2", Decimal(1), Decimal(50))
    ]
    assert paid == InvoicePartiallyPaid(
        source="credit-note",
        source_id="crn_1",
        amount=Decimal("59.50"),
        balance=Decimal("60.70"),
    )
    entry: Any = changes[3][1][0]
    assert (entry.document_type, entry.document_id) == ("credit-note", "crn_1")
    assert (entry.amount, entry.balance) == (Decimal("-59.50"), Decimal("60.70"))


def test_an_invoice_that_is_credited_in_steps_is_credited_to_the_cent() -> None:
    book = sold()
    for step in ("1", "1", "1"):
        note = f"crn_{len(book)}"
        book = credited(book, lines=[part("lin_1", step)], note=note)
    book = credited(book, note="crn_9")
    invoice = invoice_in(book)
    assert {creditable(invoice), balance(invoice), owed(book)} == {Decimal(0)}
    assert settlement(invoice) == "Paid"
    net = sum(line.net for credit in invoice.credits for line in credit.lines)
    assert net == invoice.posted_totals.net


def test_a_credit_note_settles_at_most_what_is_owed_and_the_rest_stays_open() -> None:
    paid = InvoicePartiallyPaid(
        source="payment", source_id="pay_1", amount=Decimal(100), balance=Decimal("20.20")
    )
    book = sold()
    book = credited([(s, [*f, paid] if s.name == "invoice/inv_1" else f) for s, f in book])
    note = note_in(book)
    assert (note.status, open_credit(note)) == ("PartiallyApplied", Decimal(100))
    assert settlement(invoice_in(book)) == "Paid"


@pytest.mark.parametrize("owing", [True, False])
def test_a_credit_note_is_posted_open_when_asked_or_when_nothing_is_owed(*, owing: bool) -> None:
    book = sold()
    if not owing:
        paid = InvoicePaid(
            source="payment", source_id="pay_1", amount=Decimal("120.20"), balance=Decimal(0)
        )
        book = [(s, [*f, paid] if s.name == "invoice/inv_1" else f) for s, f in book]
    book = credited(book, apply=not owing)
    note = note_in(book)
    assert (note.status, open_credit(note)) == ("Posted", Decimal("120.20"))
    assert len(invoice_in(book).credits) == 1


def test_what_the_draft_lacks_comes_from_the_invoice() -> None:
    book = [*sold(), (CREDIT_NOTE("crn_1"), [DRAFTED, *lines_set(part("lin_1", 1))])]
    changed, posted, _ = post(given_streams(*book).read, "crn_1", today=TODAY)[0][1]
    assert isinstance(changed, CreditNoteChanged)
    assert changed.fields == ("customer_id", "currency")
    assert isinstance(posted, CreditNotePosted)


def test_a_credit_memo_needs_no_invoice() -> None:
    header = CreditNoteDrafted(customer_id="ACME", currency="EUR", reason_code="goodwill")
    book = [customer(), settings(), (CREDIT_NOTE("crn_1"), draft(header, (), FLAT))]
    book = appended(book, post(given_streams(*book).read, "crn_1", today=TODAY))
    note = note_in(book)
    assert (note.status, open_credit(note), owed(book)) == (
        "Posted",
        Decimal("11.90"),
        Decimal("-11.90"),
    )
    assert note.preceding_number is None


def test_a_flat_part_of_an_invoice_counts_against_it() -> None:
    book = [*sold(), (CREDIT_NOTE("crn_1"), draft(DRAFTED, (), FLAT))]
    book = appended(book, post(given_streams(*book).read, "crn_1", today=TODAY))
    assert creditable(invoice_in(book)) == Decimal("108.30")
    over = credited(book, note="crn_2", posted=False)
    outcome = given_streams(*over).when(post, "crn_2", today=TODAY)
    assert codes(outcome.refuses(RuleBroken)) == [("P71", "/totals/gross")]


def test_a_foreign_credit_note_has_the_rate_of_its_invoice() -> None:
    rate: dict[str, Any] = {"currency": "USD", "exchange_rate": Decimal("0.9")}
    book = [customer(), settings(base_currency="EUR"), draft_of(**rate)]
    book = appended(book, post_invoice(given_streams(*book).read, "inv_1", today=TODAY))
    note = note_in(credited(book))
    assert note.posted_totals is not None
    assert note.posted_totals.base == invoice_in(book).posted_totals.base
    assert note.exchange_rate == Decimal("0.9")
    memo = CreditNoteDrafted(customer_id="ACME", reason_code="x", **rate)
    book = [*book, (CREDIT_NOTE("crn_2"), draft(memo, (), FLAT))]
    book = appended(book, post(given_streams(*book).read, "crn_2", today=TODAY))
    totals = note_in(book, "crn_2").posted_totals
    assert totals is not None
    assert totals.base is not None
    assert (totals.gross, totals.base.gross) == (Decimal("11.90"), Decimal("10.71"))


# ---------------------------------------------------------------- the rules

FLAT_MEMO = CreditNoteDrafted(customer_id="ACME", currency="EUR", reason_code="goodwill")


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


# ---------------------------------------------------------------- serial numbers

MODEL = ModelLine(
    id="lin_1",
    code="STOVE-7",
    description="Stove",
    quantity=Decimal(2),
    unit_price=Decimal(50),
    taxes=VAT,
)
SERIALS = [Serial(id=f"ser_{number}", serial_number=f"SN-{number}") for number in (1, 2)]


def sold_serials(*lines: Line) -> list[History]:
    book = [customer(), settings(), draft_of(*(lines or (MODEL,)))]
    for serial in SERIALS:
        book = appended(book, reserve(given_streams(*book).read, "inv_1", "lin_1", serial))
    return appended(book, post_invoice(given_streams(*book).read, "inv_1", today=TODAY))


def serial_states(book: Sequence[History]) -> list[str]:
    streams = [serial_of("STOVE-7", it.serial_number) for it in SERIALS]
    return [state_of(given_streams(*book), it).status for it in streams]


def test_all_serial_numbers_come_back_with_the_rest_of_a_line() -> None:
    book = credited(sold_serials())
    assert serial_states(book) == ["Returned", "Returned"]
    assert note_in(book).lines[0].serial_numbers == ("SN-1", "SN-2")


def test_of_a_part_of_a_line_those_come_back_that_are_named() -> None:
    book = credited(sold_serials(), lines=[part("lin_1", 1, "SN-2")])
    assert serial_states(book) == ["Shipped", "Returned"]
    assert serial_states(credited(book, note="crn_2")) == ["Returned", "Returned"]
    unnamed = credited(sold_serials(), lines=[part("lin_1", 1)])
    assert serial_states(unnamed) == ["Shipped", "Shipped"]


def test_serial_numbers_inside_of_a_package_come_back_with_it() -> None:
    package = PackageLine(
        id="lin_9",
        description="Set",
        quantity=Decimal(1),
        unit_price=Decimal(90),
        taxes=VAT,
    )
    inside = msgspec.structs.replace(MODEL, package_id="lin_9")
    book = credited(sold_serials(inside, package))
    assert serial_states(book) == ["Returned", "Returned"]
    refused = credited(sold_serials(inside, package), lines=[part("lin_1", 1)], posted=False)
    assert broken(refused) == [("P71", "/lines/0/lineId")]


@pytest.mark.parametrize(
    ("line", "pointers"),
    [
        (part("lin_1", 1, "SN-9"), ["/lines/0/serialNumbers/0"]),
        (part("lin_1", 2, "SN-1", "SN-1"), ["/lines/0/serialNumbers/1"]),
        (part("lin_1", 1, "SN-1", "SN-2"), ["/lines/0/serialNumbers"]),
    ],
)
def test_only_what_the_line_has_sold_comes_back(line: CreditLine, pointers: list[str]) -> None:
    book = credited(sold_serials(), lines=[line], posted=False)
    assert broken(book) == [("P28", it) for it in pointers]


def test_a_voided_credit_note_has_brought_nothing_back() -> None:
    book = credited(sold_serials(), apply=False)
    voided = void(given_streams(*book).read, "crn_1", reason="Kept.", today=TODAY)
    assert serial_states(appended(book, voided)) == ["Shipped", "Shipped"]


def test_a_credit_note_is_not_voided_when_a_serial_number_was_sold_again() -> None:
    book = credited(sold_serials(), apply=False)
    line = msgspec.structs.replace(MODEL, quantity=Decimal(1), serials=())
    other = InvoiceDrafted(customer_id="ACME", currency="EUR")
    facts = [
        other,
        InvoiceLineAdded(line=line),
        InvoiceSerialReserved(line_id="lin_1", serial=SERIALS[0]),
    ]
    book = appended(book, tracked(given_streams(*book).read, "inv_2", facts))
    outcome = given_streams(*book).when(void, "crn_1", reason="Kept.", today=TODAY)
    assert codes(outcome.refuses(RuleBroken)) == [("P28", "/lines")]


# ---------------------------------------------------------------- using the credit

OPEN = credited(sold(), apply=False)


def asked(amount: str, **fields: Any) -> CreditNoteRefunded:
    refunded = CreditNoteRefunded(
        refund_id="ref_1", amount=Decimal(amount), method="transfer", refunded_on=TODAY
    )
    return msgspec.structs.replace(refunded, **fields)


def done(book: Sequence[History], changes: Sequence[Change]) -> list[History]:
    return appended(book, changes)


def test_open_credit_settles_many_invoices_of_the_customer() -> None:
    other = bill("inv_2", "30.00")
    wishes = [
        Allocation(invoice_id="inv_2"),
        Allocation(invoice_id="inv_1", amount=Decimal("90.20")),
    ]
    book = given_streams(*OPEN, other)
    changes = apply(book.read, "crn_1", wishes, today=TODAY)
    now = [*OPEN, other]
    note = note_in(done(now, changes))
    assert (note.status, open_credit(note)) == ("Applied", Decimal(0))
    assert balance(invoice_in(done(now, changes))) == Decimal(30)
    assert owed(done(now, changes)) == owed(now)


def test_what_the_credit_settles_can_be_taken_back() -> None:
    book = credited(sold())
    book = done(book, unapply(given_streams(*book).read, "crn_1", "inv_1", today=TODAY))
    assert (note_in(book).status, balance(invoice_in(book))) == ("Posted", Decimal("120.20"))


def test_open_credit_can_be_paid_out() -> None:
    changes = refund(given_streams(*OPEN).read, "crn_1", asked("20.20"), today=TODAY)
    book = done(OPEN, changes)
    assert (note_in(book).status, owed(book)) == ("PartiallyRefunded", Decimal("20.20"))
    book = done(book, refund(given_streams(*book).read, "crn_1", asked("100"), today=TODAY))
    assert (note_in(book).status, owed(book)) == ("Refunded", Decimal("120.20"))


@pytest.mark.parametrize(
    ("fact", "found"),
    [
        (asked("120.21"), ("more-than-unapplied", "/amount")),
        (asked("0"), ("amount-sign", "/amount")),
        (asked("0.001"), ("amount-digits", "/amount")),
        (asked("1", refunded_on=TODAY + timedelta(days=1)), ("P08", "/refundedOn")),
    ],
)
def test_no_more_is_paid_out_than_is_open(fact: CreditNoteRefunded, found: tuple[str, str]) -> None:
    outcome = given_streams(*OPEN).when(refund, "crn_1", fact, today=TODAY)
    assert codes(outcome.refuses(RuleBroken)) == [found]


def test_credit_is_applied_by_the_rules_of_allocation() -> None:
    book: GivenStreams = given_streams(*OPEN, bill("inv_2", "30.00", currency="USD"))
    wishes = [Allocation(invoice_id="inv_2"), Allocation(invoice_id="inv_9")]
    refusal = book.when(apply, "crn_1", wishes, today=TODAY).refuses(RuleBroken)
    assert [it.code for it in refusal.violations] == ["other-currency", "no-such-invoice"]
    refusal = book.when(apply, "crn_1", [], today=TODAY).refuses(RuleBroken)
    assert codes(refusal) == [("allocations-missing", "/allocations")]
    refusal = (
        given_streams(*credited(sold()))
        .when(unapply, "crn_1", "inv_9", today=TODAY)
        .refuses(RuleBroken)
    )
    assert codes(refusal) == [("not-applied", "/invoiceId")]


def test_a_credit_note_of_which_nothing_was_used_can_be_voided() -> None:
    changes = void(given_streams(*OPEN).read, "crn_1", reason="Wrong.", today=TODAY)
    assert changes[:2] == [
        (CREDIT_NOTE("crn_1"), [CreditNoteVoided(reason="Wrong.", voided_on=TODAY)]),
        (INVOICE("inv_1"), [InvoiceCreditWithdrawn(credit_note_id="crn_1")]),
    ]
    book = done(OPEN, changes)
    assert (note_in(book).status, owed(book)) == ("Voided", Decimal("120.20"))
    assert creditable(invoice_in(book)) == Decimal("120.20")
    assert open_credit(note_in(book)) == Decimal(0)


def test_nothing_is_voided_in_a_locked_period() -> None:
    locked = given_streams(*OPEN, (PERIOD("2026-11"), [PeriodSalesLocked()]))
    outcome = locked.when(void, "crn_1", reason="Wrong.", today=TODAY)
    assert codes(outcome.refuses(RuleBroken)) == [("P11", "/accountingDate")]


def test_numbers_of_credit_notes_are_a_series_of_their_own() -> None:
    book = credited(sold(), lines=[part("lin_1", 1)])
    book = credited(book, note="crn_2")
    assert note_in(book, "crn_2").number == "CRN-2026-000002"
    assert state_of(given_streams(*book), SERIES("credit-2026")).latest == 2


# ---------------------------------------------------------------- the guard


def states() -> dict[str, CreditNote]:
    """One credit note in each status."""
    half = given_streams(*OPEN, bill("inv_2", "30.00"))
    wishes = [Allocation(invoice_id="inv_2")]
    parts = done([*OPEN, bill("inv_2", "30.00")], apply(half.read, "crn_1", wishes, today=TODAY))
    paid_out = [
        done(OPEN, refund(given_streams(*OPEN).read, "crn_1", asked(it), today=TODAY))
        for it in ("1", "120.20")
    ]
    voided = done(OPEN, void(given_streams(*OPEN).read, "crn_1", reason="Wrong.", today=TODAY))
    books = (credited(sold(), posted=False), OPEN, parts, credited(sold()), *paid_out, voided)
    return dict(zip(STATUSES, map(note_in, books), strict=True))


def test_there_is_a_credit_note_in_every_status() -> None:
    assert {name: it.status for name, it in states().items()} == {it: it for it in STATUSES}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_table_decides_which_command_is_possible(command: str) -> None:
    for status, note in states().items():
        if status in COMMANDS[command]:
            guard(note, command)
            assert command in available_actions(status)
            continue
        with pytest.raises(NotAllowed, match=f"while the credit note is {status}") as raised:
            guard(note, command)
        assert raised.value.actions == available_actions(status)


def test_what_does_not_exist_is_not_found() -> None:
    book = given_streams(*OPEN)
    book.when(post, "crn_9", today=TODAY).refuses(NotFound)
    book.when(void, "crn_9", reason="Wrong.", today=TODAY).refuses(NotFound)


def test_deciding_twice_gives_the_same() -> None:
    book = credited(sold_serials(), posted=False)
    read = given_streams(*book).read
    assert post(read, "crn_1", today=TODAY) == post(read, "crn_1", today=TODAY)
