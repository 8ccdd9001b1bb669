from datetime import date
from decimal import Decimal

import pytest

from domain.aggregate import Fact
from domain.errors import NotAllowed
from domain.facts.invoice import (
    InvoiceAddressSet,
    InvoiceDrafted,
    InvoiceLineAdded,
    InvoiceLineRemoved,
    InvoiceLinesReordered,
    InvoiceSerialReserved,
)
from domain.facts.invoice_life import (
    InvoiceApprovalWithdrawn,
    InvoiceApproved,
    InvoiceConverted,
    InvoiceRejected,
)
from domain.facts.invoice_parts import Address, Header, TaxOverride
from domain.facts.lines import CommentLine, ItemLine
from domain.invoice import (
    INVOICE,
    Invoice,
    add_line,
    approve,
    change_line,
    content_hash,
    edit,
    override_tax,
    reject,
    remove_line,
    reorder_lines,
    reserve_serial,
    set_address,
    withdraw_approval,
)
from tests.books import header_changed
from tests.domain.invoices import ESTIMATE, PIPE, SERIAL, WITH_LINES, an_invoice, state
from tests.given import given

WITHDRAWN = InvoiceApprovalWithdrawn(reason="The content changed after it was approved.")


def test_an_approval_says_by_whom_and_of_what() -> None:
    draft = an_invoice("Draft")
    approved = InvoiceApproved(
        approver="ben", content_hash=content_hash(state(draft)), reason="Within budget."
    )
    draft.when(approve, approver="ben", reason="Within budget.").then(approved)
    after = state(an_invoice("Draft", approved))
    assert (after.status, after.approver) == ("Approved", "ben")
    assert after.approved_hash == content_hash(after)


def test_the_author_approves_only_where_duties_are_not_separate() -> None:
    draft = an_invoice("Draft")
    refusal = draft.when(approve, approver="anna").refuses(NotAllowed, match="somebody else")
    assert refusal.code == "separate-duties"
    alone = approve(state(draft), approver="anna", separate_duties=False)
    assert isinstance(alone[0], InvoiceApproved)
    nobodys = given(INVOICE, InvoiceDrafted())
    assert approve(nobodys.state or Invoice(), approver="anna")


def test_who_does_not_approve_says_why() -> None:
    rejected = InvoiceRejected(reviewer="ben", reason="Too cheap.")
    for status in ("Draft", "Approved"):
        an_invoice(status).when(reject, reviewer="ben", reason="Too cheap.").then(rejected)
        after = state(an_invoice(status, rejected))
        assert (after.status, after.approver, after.approved_hash) == ("Draft", None, None)


def test_an_approval_can_be_taken_back() -> None:
    withdrawn = InvoiceApprovalWithdrawn(reason="Wrong price.")
    an_invoice("Approved").when(withdraw_approval, reason="Wrong price.").then(withdrawn)
    assert state(an_invoice("Approved", withdrawn)).status == "Draft"
    an_invoice("Draft").when(withdraw_approval, reason="x").refuses(NotAllowed)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("discount_percent", Decimal(1)),
        ("issue_date", date(2026, 11, 5)),
        ("price_includes_tax", True),
        ("branch", "KOELN"),
    ],
)
def test_a_change_of_amounts_taxes_or_dates_ends_the_approval(field: str, value: object) -> None:
    change = header_changed(**{field: value})
    to = change.to
    approved = an_invoice("Approved")
    approved.when(edit, to, (field,)).then(change, WITHDRAWN)
    assert state(an_invoice("Approved", change, WITHDRAWN)).status == "Draft"
    an_invoice("Draft").when(edit, to, (field,)).then(change)


def test_a_change_of_lines_or_of_set_taxes_ends_the_approval() -> None:
    approved = an_invoice("Approved")
    more = ItemLine(id="lin_3", quantity=Decimal(1), unit_price=Decimal(1))
    approved.when(add_line, more).then(InvoiceLineAdded(line=more), WITHDRAWN)
    approved.when(remove_line, "lin_2").then(InvoiceLineRemoved(line_id="lin_2"), WITHDRAWN)
    cheaper = ItemLine(id="lin_2", unit_price=Decimal(1))
    assert change_line(state(approved), cheaper, ("unit_price",))[-1] == WITHDRAWN
    override = TaxOverride(
        id="o", category="S", rate=Decimal(19), amount=Decimal(1), reason="Customs."
    )
    assert override_tax(state(approved), override)[-1] == WITHDRAWN


def test_what_is_not_about_money_leaves_the_approval() -> None:
    approved = an_invoice("Approved")
    approved.when(edit, Header(memo="x", po_number="y"), ("memo", "po_number")).then(
        header_changed(memo="x", po_number="y")
    )
    comment = CommentLine(id="lin_3", description="Thank you.")
    approved.when(add_line, comment).then(InvoiceLineAdded(line=comment))
    approved.when(reorder_lines, ["lin_2", "lin_1"]).then(
        InvoiceLinesReordered(line_ids=("lin_2", "lin_1"))
    )
    approved.when(reserve_serial, "lin_1", SERIAL).then(
        InvoiceSerialReserved(line_id="lin_1", serial=SERIAL)
    )
    address = Address(kind="shipTo", name="Acme")
    approved.when(set_address, address).then(InvoiceAddressSet(address=address))


def test_equal_content_has_one_hash_and_other_content_another() -> None:
    def hash_after(*more: Fact) -> str:
        return content_hash(state(given(INVOICE, *WITH_LINES, *more)))

    content = hash_after()
    assert len(content) == 64
    assert content == hash_after(header_changed(memo="Other", tags=("x",)))
    assert content == hash_after(InvoiceLinesReordered(line_ids=("lin_2", "lin_1")))
    assert content == hash_after(InvoiceLineRemoved(line_id="lin_2"), InvoiceLineAdded(line=PIPE))
    assert content != hash_after(header_changed(customer_id="12"))
    assert content != hash_after(header_changed(currency="USD"))
    assert content != hash_after(InvoiceLineRemoved(line_id="lin_2"))


def test_the_hash_of_content_never_changes_because_approvals_are_stored_with_it() -> None:
    assert content_hash(state(given(INVOICE, *WITH_LINES))) == (
        "3c79ad1bdb8f03cc475f6150930a89387a008ab1e8c06f027bd036d28bd480e3"
    )


def test_an_estimate_that_became_an_invoice_is_approved_no_more() -> None:
    converted = given(INVOICE, ESTIMATE, InvoiceConverted(invoice_id="inv_2"))
    refusal = converted.when(approve, approver="ben").refuses(NotAllowed)
    assert refusal.code == "estimate-converted"
