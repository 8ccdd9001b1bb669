from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import period
from domain.aggregate import Fact, fold
from domain.book_settings import BOOK, SETTINGS
from domain.errors import NotAllowed, NotFound, Refusal, RuleBroken
from domain.facts.invoice import InvoiceDraftDeleted, InvoiceDrafted
from domain.facts.period import (
    PeriodClosed,
    PeriodLocked,
    PeriodOpened,
    PeriodReopened,
    PeriodSalesLocked,
    PeriodTotals,
)
from domain.facts.settings import BookSettings, SettingsChanged
from domain.invoice import INVOICE
from domain.period import PERIOD, Period, available_actions, check, close, is_period, period_of
from tests.given import GivenStreams, given_streams

MONTH = "2026-11"
TOTALS = (
    PeriodTotals(
        currency="EUR",
        invoices=2,
        net=Decimal(100),
        tax=Decimal(19),
        gross=Decimal(119),
        credit_notes=0,
        credited_net=Decimal(0),
        credited_tax=Decimal(0),
        credited_gross=Decimal(0),
    ),
)
HISTORIES: dict[str, list[Fact]] = {
    "not set up": [],
    "Unlocked": [PeriodOpened()],
    "SalesLocked": [PeriodOpened(), PeriodSalesLocked()],
    "Locked": [PeriodOpened(), PeriodSalesLocked(), PeriodLocked()],
    "Closed": [PeriodOpened(), PeriodLocked(), PeriodClosed(totals=TOTALS, as_of=7)],
}


def month(status: str, *others: tuple[str, list[Fact]]) -> GivenStreams:
    drafts = [(INVOICE(id_), facts) for id_, facts in others]
    return given_streams((PERIOD(MONTH), HISTORIES[status]), *drafts)


def decide(status: str, command: str) -> list[Fact]:
    state = fold(PERIOD, HISTORIES[status])
    match command:
        case "open":
            return period.open_period(state)
        case "lockSales":
            return period.lock_sales(state, reason="Filed")
        case "lock":
            return period.lock(state)
        case "reopen":
            return period.reopen(state, reason="Late invoice")
        case _:
            ((_, facts),) = close(month(status).read, MONTH, totals=TOTALS, as_of=7)
            return [*facts]


# ---------------------------------------------------------------- life


AFTER = {
    ("not set up", "open"): "Unlocked",
    ("not set up", "lockSales"): "SalesLocked",
    ("not set up", "lock"): "Locked",
    ("Unlocked", "lockSales"): "SalesLocked",
    ("Unlocked", "lock"): "Locked",
    ("SalesLocked", "lock"): "Locked",
    ("SalesLocked", "reopen"): "Unlocked",
    ("Locked", "reopen"): "Unlocked",
    ("Locked", "close"): "Closed",
}


@pytest.mark.parametrize("status", HISTORIES)
@pytest.mark.parametrize("command", period.COMMANDS)
def test_a_command_moves_the_period_or_is_refused(status: str, command: str) -> None:
    before = fold(PERIOD, HISTORIES[status])
    if (status, command) not in AFTER:
        assert command not in available_actions(before)
        with pytest.raises(NotAllowed) as refused:
            decide(status, command)
        assert refused.value.actions == available_actions(before)
        return
    assert command in available_actions(before)
    after = fold(PERIOD, decide(status, command), before)
    assert after is not None
    assert after.status == AFTER[status, command]


def test_a_lock_says_why_until_it_is_taken_off() -> None:
    locked = fold(PERIOD, decide("Unlocked", "lockSales"))
    assert locked == Period(status="SalesLocked", reason="Filed")
    reopened = fold(PERIOD, [PeriodReopened(reason="Late invoice")], locked)
    assert reopened == Period(status="Unlocked", reason="Late invoice")


def test_locking_a_month_that_was_never_set_up_sets_it_up() -> None:
    assert decide("not set up", "lock") == [PeriodOpened(), PeriodLocked()]


def test_months_have_ids() -> None:
    assert period_of(date(2026, 11, 30)) == MONTH
    assert period_of(date(9, 1, 1)) == "0009-01"
    assert [it for it in ("2026-11", "2026-13", "2026-1", "0000-01", "x", "") if is_period(it)] == [
        "2026-11"
    ]
    with pytest.raises(NotFound):
        close(month("Locked").read, "2026-13", totals=(), as_of=0)


# ---------------------------------------------------------------- dating in it


@pytest.mark.parametrize(
    ("status", "sales", "payments"),
    [
        ("not set up", True, True),
        ("Unlocked", True, True),
        ("SalesLocked", False, True),
        ("Locked", False, False),
        ("Closed", False, False),
    ],
)
def test_what_can_be_dated_in_a_period(status: str, *, sales: bool, payments: bool) -> None:
    read = month(status).read
    for day in (date(2026, 11, 1), date(2026, 11, 30)):
        assert (not [*check(read, day, sales=True)]) == sales
        assert (not [*check(read, day, sales=False)]) == payments
    assert [*check(read, date(2026, 12, 1), sales=True)] == []


def test_a_refused_date_is_pointed_at() -> None:
    (violation,) = check(month("Locked").read, date(2026, 11, 1), sales=True, pointer="/paidOn")
    assert (violation.code, violation.pointer) == ("P11", "/paidOn")
    assert "2026-11 is Locked" in violation.detail


def test_a_book_may_require_that_periods_are_set_up() -> None:
    settings = SettingsChanged(to=BookSettings(periods_required=True), fields=("periods_required",))
    required = (SETTINGS(BOOK), [settings])
    strict = given_streams(required).read
    assert [it.code for it in check(strict, date(2026, 11, 1), sales=False)] == ["P11"]
    opened = given_streams(required, (PERIOD(MONTH), [PeriodOpened()])).read
    assert [*check(opened, date(2026, 11, 1), sales=True)] == []


# ---------------------------------------------------------------- closing

IN = InvoiceDrafted(issue_date=date(2026, 11, 3))
MOVED = InvoiceDrafted(issue_date=date(2026, 11, 3), accounting_date=date(2026, 12, 1))
FOUND = [INVOICE("inv_in"), INVOICE("inv_gone"), INVOICE("inv_moved"), INVOICE("inv_undated")]


def with_drafts() -> GivenStreams:
    return month(
        "Locked",
        ("inv_in", [IN]),
        ("inv_gone", [IN, InvoiceDraftDeleted()]),
        ("inv_moved", [MOVED]),
        ("inv_undated", [InvoiceDrafted()]),
    )


def test_a_period_is_closed_with_its_sums() -> None:
    closed = PeriodClosed(totals=TOTALS, as_of=7)
    month("Locked").when(close, MONTH, totals=TOTALS, as_of=7).then((PERIOD(MONTH), [closed]))
    state = fold(PERIOD, HISTORIES["Closed"])
    assert state == Period(status="Closed", totals=TOTALS, as_of=7)


def test_a_period_with_drafts_is_not_closed() -> None:
    refused = (
        with_drafts()
        .when(close, MONTH, totals=TOTALS, as_of=7, drafts=FOUND)
        .refuses(RuleBroken, match="inv_in is dated in 2026-11")
    )
    assert [(it.code, it.pointer) for it in refused.violations] == [("P11", "/drafts")]


def test_a_period_can_be_closed_with_a_list_of_the_drafts_that_are_left() -> None:
    closed = PeriodClosed(totals=TOTALS, as_of=7, drafts_left=("inv_in",))
    with_drafts().when(close, MONTH, totals=TOTALS, as_of=7, drafts=FOUND, list_drafts=True).then(
        (PERIOD(MONTH), [closed])
    )


@for_all(st.lists(st.sampled_from([*period.COMMANDS])))
def test_any_commands_lead_to_a_known_status_and_closed_is_the_end(commands: list[str]) -> None:
    facts: list[Fact] = []
    for command in commands:
        before = fold(PERIOD, facts)
        try:
            HISTORIES["now"] = facts
            made = decide("now", command)
        except Refusal:
            made = []
        finally:
            del HISTORIES["now"]
        assert not made or before is None or before.status != "Closed"
        facts = [*facts, *made]
        after = fold(PERIOD, facts)
        assert after is None or after.status in period.STATUSES
