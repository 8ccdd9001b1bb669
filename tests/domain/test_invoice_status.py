"""The table of commands, the flags that follow from an invoice, and what moves its status."""

from datetime import date
from decimal import Decimal

import pytest

from domain.aggregate import Fact
from domain.errors import NotAllowed
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_life import (
    InvoiceArchived,
    InvoiceConverted,
    InvoiceCredited,
    InvoiceCreditWithdrawn,
    InvoiceDisputed,
    InvoiceDisputeResolved,
    InvoicePaid,
    InvoicePartiallyPaid,
    InvoiceRecovered,
    InvoiceReleased,
    InvoiceReopened,
    InvoiceUnarchived,
    InvoiceWrittenOff,
)
from domain.invoice import (
    COMMANDS,
    INVOICE,
    OBSTACLES,
    STATUSES,
    Credit,
    Settlement,
    archive,
    available_actions,
    balance,
    creditable,
    dispute,
    guard,
    overdue,
    release,
    resolve_dispute,
    settled,
    settlement,
    unarchive,
)
from tests.domain.invoices import CREDITED, ESTIMATE, HISTORIES, PAID, TODAY, an_invoice, state
from tests.given import given

HALF = InvoicePartiallyPaid(
    source="payment", source_id="pay_1", amount=Decimal("600.00"), balance=Decimal("1016.85")
)
REST = InvoicePaid(
    source="credit-note", source_id="crn_1", amount=Decimal("1016.85"), balance=Decimal("0.00")
)
GIVEN_UP = InvoiceWrittenOff(
    amount=Decimal("1016.85"), kind="bad-debt", reason="Insolvent.", written_off_on=TODAY
)

# ---------------------------------------------------------------- the table


@pytest.mark.parametrize("status", HISTORIES)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_possible_exactly_when_it_is_among_the_available_actions(
    command: str, status: str
) -> None:
    invoice = state(an_invoice(status))
    actions = available_actions(invoice)
    if command in actions:
        assert invoice.status in COMMANDS[command]
        guard(invoice, command)
        return
    with pytest.raises(NotAllowed, match=f"while the invoice is {invoice.status}") as raised:
        guard(invoice, command)
    assert raised.value.actions == actions
    if invoice.status in COMMANDS[command]:
        assert raised.value.code in {it.code for it in OBSTACLES[command]}
    else:
        assert raised.value.code == "invalid-transition"


@pytest.mark.parametrize(
    ("status", "more", "there", "missing"),
    [
        ("Draft", (), "post approve delete addLine copy", "void release convert archive"),
        ("Approved", (), "post withdrawApproval reject", "approve delete"),
        ("Posted", (), "release void credit apply writeOff dispute", "reopen recover archive"),
        ("Posted", (HALF,), "reopen apply credit", "void archive"),
        ("Posted", (CREDITED,), "credit apply", "void"),
        ("Posted", (GIVEN_UP,), "recover", "void"),
        ("Paid", (), "archive reopen credit", "apply writeOff changeDueDate void"),
        ("Posted", (InvoiceDisputed(reason="x"),), "resolveDispute", "dispute"),
        ("Voided", (), "archive edit copy addNote", "post void credit apply"),
        ("Archived", (), "unarchive copy redactNote", "edit addNote archive"),
    ],
)
def test_the_available_actions_follow_from_status_and_flags(
    status: str, more: tuple[Fact, ...], there: str, missing: str
) -> None:
    actions = {*available_actions(state(an_invoice(status, *more)))}
    assert {*there.split()} <= actions
    assert not {*missing.split()} & actions


def test_an_estimate_is_converted_once_and_never_posted() -> None:
    estimate = given(INVOICE, ESTIMATE)
    actions = {*available_actions(state(estimate))}
    assert {"convert", "approve", "archive"} <= actions
    assert not {"post", "reserveSerial"} & actions
    converted = given(INVOICE, ESTIMATE, InvoiceConverted(invoice_id="inv_2"))
    left = {*available_actions(state(converted))}
    assert {"copy", "addNote", "archive"} <= left
    assert not {"convert", "edit", "addLine", "delete", "post"} & left


# ---------------------------------------------------------------- what is owed


@pytest.mark.parametrize(
    ("status", "more", "owed", "how"),
    [
        ("Draft", (), "0.00", "Unpaid"),
        ("Posted", (), "1616.85", "Unpaid"),
        ("Posted", (HALF,), "1016.85", "PartiallyPaid"),
        ("Posted", (HALF, REST), "0.00", "Paid"),
        ("Posted", (PAID,), "0.00", "Paid"),
        ("Posted", (HALF, GIVEN_UP), "0.00", "Paid"),
        ("Posted", (PAID, HALF), "-600.00", "Overpaid"),
        ("Posted", (CREDITED,), "1616.85", "Unpaid"),
        ("Voided", (), "0.00", "Unpaid"),
        ("Archived", (), "0.00", "Paid"),
    ],
)
def test_settlement_follows_from_what_was_applied(
    status: str, more: tuple[Fact, ...], owed: str, how: str
) -> None:
    invoice = state(an_invoice(status, *more))
    assert (str(balance(invoice)), settlement(invoice)) == (owed, how)


def test_what_is_taken_back_is_owed_again() -> None:
    back = InvoiceReopened(
        source="payment", source_id="pay_1", amount=Decimal("100.00"), balance=Decimal("1116.85")
    )
    part = state(an_invoice("Posted", HALF, back))
    assert part.settlements == (Settlement("payment", "pay_1", Decimal("500.00")),)
    assert (settled(part), balance(part)) == (Decimal("500.00"), Decimal("1116.85"))
    rest = InvoiceReopened(
        source="payment", source_id="pay_1", amount=Decimal("500.00"), balance=Decimal("1616.85")
    )
    assert state(an_invoice("Posted", HALF, back, rest)).settlements == ()


def test_what_was_written_off_can_be_owed_again() -> None:
    back = InvoiceRecovered(amount=Decimal("1016.85"), reason="Paid after all.")
    invoice = state(an_invoice("Posted", HALF, GIVEN_UP, back))
    assert (invoice.written_off, balance(invoice)) == (Decimal("0.00"), Decimal("1016.85"))


def test_credit_notes_that_stand_are_known_until_they_are_voided() -> None:
    invoice = state(an_invoice("Posted", CREDITED))
    assert invoice.credits == (Credit("crn_1", Decimal("100.00")),)
    assert creditable(invoice) == Decimal("1516.85")
    gone = InvoiceCreditWithdrawn(credit_note_id="crn_1")
    assert creditable(state(an_invoice("Posted", CREDITED, gone))) == Decimal("1616.85")
    assert creditable(state(an_invoice("Draft"))) == 0
    all_of_it = InvoiceCredited(credit_note_id="crn_2", amount=Decimal("1516.85"))
    spent = state(an_invoice("Posted", CREDITED, all_of_it))
    with pytest.raises(NotAllowed, match="credited already"):
        guard(spent, "credit")


@pytest.mark.parametrize(
    ("status", "today", "late"),
    [
        ("Posted", date(2026, 12, 2), False),
        ("Posted", date(2026, 12, 3), True),
        ("Released", date(2026, 12, 3), True),
        ("Paid", date(2026, 12, 3), False),
        ("Voided", date(2026, 12, 3), False),
        ("Draft", date(2026, 12, 3), False),
    ],
)
def test_an_invoice_is_overdue_while_something_is_owed_after_its_due_date(
    status: str, today: date, *, late: bool
) -> None:
    assert overdue(state(an_invoice(status)), today) is late


# ---------------------------------------------------------------- commands


def test_a_released_invoice_is_in_the_customers_hands() -> None:
    released = InvoiceReleased(released_on=TODAY)
    an_invoice("Posted").when(release, today=TODAY).then(released)
    after = state(an_invoice("Posted", released))
    assert (after.status, after.released_on) == ("Released", TODAY)
    an_invoice("Draft").when(release, today=TODAY).refuses(NotAllowed, match="Post it first")
    an_invoice("Released").when(release, today=TODAY).refuses(NotAllowed, match="already")


@pytest.mark.parametrize(
    ("status", "more", "back"),
    [
        ("Posted", (PAID,), "Posted"),
        ("Released", (PAID,), "Released"),
        ("Voided", (), "Voided"),
    ],
)
def test_what_is_archived_comes_back_as_it_was(
    status: str, more: tuple[Fact, ...], back: str
) -> None:
    an_invoice(status, *more).when(archive).then(InvoiceArchived())
    archived = an_invoice(status, *more, InvoiceArchived())
    assert state(archived).status == "Archived"
    archived.when(unarchive).then(InvoiceUnarchived())
    assert state(an_invoice(status, *more, InvoiceArchived(), InvoiceUnarchived())).status == back


def test_an_estimate_may_be_put_away_and_comes_back_a_draft() -> None:
    estimate = given(INVOICE, ESTIMATE)
    estimate.when(archive).then(InvoiceArchived())
    back = given(INVOICE, ESTIMATE, InvoiceArchived(), InvoiceUnarchived())
    assert state(back).status == "Draft"


@pytest.mark.parametrize(
    "command",
    [
        *("edit", "addLine", "changeLine", "removeLine", "reorderLines", "overrideTax"),
        *("removeTaxOverride", "setAddress", "removeAddress", "approve", "delete", "convert"),
    ],
)
def test_an_estimate_that_became_an_invoice_changes_no_more(command: str) -> None:
    became = state(given(INVOICE, ESTIMATE, InvoiceConverted(invoice_id="inv_2")))
    with pytest.raises(NotAllowed) as raised:
        guard(became, command)
    assert raised.value.code == "estimate-converted"


def test_only_what_is_settled_is_put_away() -> None:
    owing = an_invoice("Posted", HALF).when(archive).refuses(NotAllowed, match="not zero")
    assert owing.code == "still-owed"
    mere = given(INVOICE, InvoiceDrafted()).when(archive).refuses(NotAllowed)
    assert mere.code == "draft"


def test_a_dispute_begins_and_ends_with_a_reason() -> None:
    disputed = InvoiceDisputed(reason="It arrived damaged.")
    resolved = InvoiceDisputeResolved(resolution="A credit was agreed.")
    an_invoice("Posted").when(dispute, reason="It arrived damaged.").then(disputed)
    contested = an_invoice("Posted", disputed)
    assert state(contested).disputed == "It arrived damaged."
    contested.when(dispute, reason="x").refuses(NotAllowed, match="already")
    contested.when(resolve_dispute, resolution="A credit was agreed.").then(resolved)
    assert state(an_invoice("Posted", disputed, resolved)).disputed is None
    an_invoice("Posted").when(resolve_dispute, resolution="x").refuses(NotAllowed)


def test_every_status_can_be_reached() -> None:
    assert {state(an_invoice(it)).status for it in HISTORIES} == {*STATUSES}
