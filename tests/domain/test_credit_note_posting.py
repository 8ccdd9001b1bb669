"""Posting a credit note: all that it writes, in one append."""

from decimal import Decimal
from typing import Any

import pytest

from domain.credit_note import (
    CREDIT_NOTE,
    draft,
    open_credit,
    post,
)
from domain.errors import RuleBroken
from domain.facts.credit_note import (
    CreditNoteApplied,
    CreditNoteChanged,
    CreditNoteDrafted,
    CreditNotePosted,
)
from domain.facts.customer import CustomerChanged, CustomerDetails
from domain.facts.invoice_life import (
    InvoiceCredited,
    InvoicePaid,
    InvoicePartiallyPaid,
)
from domain.invoice import balance, creditable, settlement
from domain.posting import post as post_invoice
from tests.domain.bills import TODAY, appended, customer
from tests.domain.credits import (
    DRAFTED,
    FLAT,
    codes,
    credited,
    draft_of,
    invoice_in,
    lines_set,
    note_in,
    owed,
    part,
    settings,
    sold,
)
from tests.given import given_streams


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


def test_who_was_billed_is_credited_under_the_name_on_the_invoice() -> None:
    book = sold()
    renamed = CustomerChanged(to=CustomerDetails(name="Other"), fields=("name",))
    book = [(s, [*f, renamed] if s.name == "customer/ACME" else f) for s, f in book]
    note = note_in(credited(book))
    assert note.buyer == invoice_in(book).buyer
    assert note.buyer is not None
    assert note.buyer.name == "Acme"


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
    assert totals.base.currency == "EUR"
    assert (totals.gross, totals.base.gross) == (Decimal("11.90"), Decimal("10.71"))
