from datetime import date

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.aggregate import fold
from domain.book_settings import change
from domain.errors import RuleBroken, Violation
from domain.facts.series import NumberAssigned
from domain.facts.settings import BookSettings, SeriesRule
from domain.series import (
    SERIES,
    Numbering,
    Series,
    assign,
    check_branch,
    check_series,
    format_problem,
    numbering,
    rules_problems,
)

DAY = date(2026, 1, 5)
FIRST = NumberAssigned(number=1, text="INV-2026-000001", document_id="inv_1", dated=DAY)


def rule(type_: str, format_: str, branch: str | None = None, *, yearly: bool = True) -> SeriesRule:
    return SeriesRule(type=type_, format=format_, branch=branch, yearly=yearly)


def chosen(
    *rules: SeriesRule, type_: str = "Sales", branch: str | None = None, day: date = DAY
) -> Numbering:
    return numbering(BookSettings(series=rules), type_, branch, day)


# ---------------------------------------------------------------- numbers


def test_a_series_begins_with_number_one() -> None:
    assert assign(None, document_id="inv_1", dated=DAY) == FIRST


def test_the_next_number_follows_the_latest() -> None:
    second = assign(fold(SERIES, [FIRST]), document_id="inv_2", dated=date(2026, 3, 1))
    assert (second.number, second.text, second.document_id) == (2, "INV-2026-000002", "inv_2")
    assert fold(SERIES, [FIRST, second]) == Series(latest=2, latest_date=date(2026, 3, 1))


def test_a_series_that_outgrows_its_six_digits_goes_on() -> None:
    full = Series(latest=999_999, latest_date=date(2026, 12, 31))
    assert assign(full, document_id="x", dated=date(2026, 12, 31)).text == "INV-2026-1000000"


@for_all(st.lists(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=30))
def test_numbers_have_no_gap_and_equal_the_version_of_the_stream(days: list[date]) -> None:
    facts: list[NumberAssigned] = []
    for day in sorted(days):
        assert not [*check_series(fold(SERIES, facts), day)]
        facts.append(assign(fold(SERIES, facts), document_id=f"inv_{len(facts)}", dated=day))
        latest = fold(SERIES, facts)
        assert latest is not None
        assert latest.latest == len(facts)
    assert [fact.number for fact in facts] == list(range(1, len(days) + 1))
    assert len({fact.text for fact in facts}) == len(days)


def test_dates_do_not_go_back_inside_a_series() -> None:
    series = fold(SERIES, [FIRST])
    assert [*check_series(series, DAY)] == []
    assert [*check_series(None, DAY)] == []
    (violation,) = check_series(series, date(2026, 1, 4))
    assert (violation.code, violation.pointer) == ("P12", "/issueDate")


# ---------------------------------------------------------------- which series


def test_every_year_has_a_series_of_its_own() -> None:
    assert chosen(day=date(2026, 12, 31)).series == "sales-2026"
    assert chosen(day=date(2027, 1, 1)).series == "sales-2027"
    assert chosen(type_="Credit") == Numbering(
        series="credit-2026", format="CRN-{year}-{number:06}"
    )


def test_invoices_of_a_type_without_a_rule_are_numbered_among_sales() -> None:
    service = rule("Service", "SRV-{year}-{number}")
    assert chosen(type_="Service").series == "sales-2026"
    assert chosen(service, type_="Service").series == "service-2026"
    assert chosen(service, type_="Warranty").series == "sales-2026"


def test_the_rule_of_a_branch_goes_before_the_rule_of_all() -> None:
    rules = (rule("Sales", "A-{year}-{number}"), rule("Sales", "B-{year}-{number}", "Bonn"))
    assert chosen(*rules, branch="Bonn") == Numbering(
        series="sales-bonn-2026", format="B-{year}-{number}", branch="Bonn"
    )
    assert chosen(*rules, branch="Kiel").series == "sales-2026"
    assert chosen(*rules, type_="Service", branch="Bonn").series == "sales-bonn-2026"


def test_a_format_that_prints_the_branch_counts_every_branch() -> None:
    printed = rule("Sales", "{branch}/{number:04}", yearly=False)
    bonn = chosen(printed, branch="Bonn")
    assert bonn.series == "sales-bonn"
    assert assign(None, document_id="x", dated=DAY, numbering=bonn).text == "Bonn/0001"
    assert [*check_branch(bonn)] == []
    (violation,) = check_branch(chosen(printed))
    assert (violation.code, violation.pointer) == ("P12", "/branch")


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize(
    "text",
    [
        "INV-{year}-{number:06}",
        "{number}",
        "{year}{number:04}",
        "{branch}-{year}-{number:012}",
        "A {year}/{number}_#.x",
    ],
)
def test_a_format_with_one_number_can_be_used(text: str) -> None:
    assert format_problem(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "INV",
        "INV-{year}",
        "{number}{number:06}",
        "{year}{year}-{number}",
        "{number:6}",
        "{number:00}",
        "{number:013}",
        "{month}-{number}",
        "{number",
        "{{number}}",
        "{number!r}",
        " {number}",
        "{number} ",
        "№{number}",
        "{number}\n",
        "1{number}",
        "{number}1",
        "{number}{year}",
        "{branch}{number}",
        "A{branch}-{number}",
        "{branch}B-{number}",
        "*-{number}",
        "A" * 60 + "{number}",
    ],
)
def test_a_format_by_which_numbers_could_be_mistaken_is_explained(text: str) -> None:
    problem = format_problem(text)
    assert problem is not None
    assert problem.endswith(".")


@pytest.mark.parametrize(
    "rules",
    [
        [rule("Sales", "A-{number}")],
        [rule("Service", "INV-{year}-{number}")],
        [rule("Service", "CRN-{year}-{number}")],
        [rule("Sales", "A-{year}-{number}"), rule("Credit", "A-{year}-{number:06}")],
        [rule("Sales", "A-{year}-{number}"), rule("Sales", "A-{year}-{number}", "Bonn")],
        [rule("Sales", "{branch}-{year}-{number}"), rule("Credit", "{branch}-{year}-{number}")],
        [rule("Sales", "{branch}-{year}-{number}"), rule("Credit", "CR-{year}-{number}")],
    ],
)
def test_rules_by_which_a_number_could_be_given_twice_are_refused(rules: list[SeriesRule]) -> None:
    assert [*rules_problems(rules)]
    with pytest.raises(RuleBroken):
        change(BookSettings(), BookSettings(series=tuple(rules)), ["series"])


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [rule("Sales", "A-{number}", yearly=False)],
        [rule("Sales", "A-{year}-{number}"), rule("Sales", "B-{year}-{number}", "Bonn")],
        [rule("Sales", "INV-{year}-{number}"), rule("Credit", "CRN-{year}-{number}")],
        [
            rule("Sales", "I-{branch}-{year}-{number}"),
            rule("Sales", "I-{branch}-{year}-{number:06}", "Bonn"),
        ],
    ],
)
def test_rules_whose_numbers_differ_are_accepted(rules: list[SeriesRule]) -> None:
    assert [*rules_problems(rules)] == []
    change(BookSettings(), BookSettings(series=tuple(rules)), ["series"])


def test_a_refused_rule_is_pointed_at() -> None:
    with pytest.raises(RuleBroken) as refused:
        change(BookSettings(), BookSettings(series=(rule("Sales", "x"),)), ["series"])
    assert [type(it) for it in refused.value.violations] == [Violation] * 2
    assert {it.pointer for it in refused.value.violations} == {"/series/0/format"}


formats = st.sampled_from(
    ["A-{year}-{number}", "A-{year}-{number:03}", "B{year}-{number}", "A-{branch}-{year}-{number}"]
)
rules_lists = st.lists(
    st.builds(
        rule,
        st.sampled_from(["Sales", "Service", "Credit"]),
        formats,
        st.sampled_from([None, "X", "Y-2"]),
    ),
    max_size=3,
    unique_by=lambda it: (it.type, it.branch),
)


@for_all(rules_lists)
def test_accepted_rules_never_give_a_number_twice(rules: list[SeriesRule]) -> None:
    if [*rules_problems(rules)]:
        return
    texts: dict[str, tuple[str, int]] = {}
    for type_ in ("Sales", "Service", "Credit"):
        for branch in (None, "X", "Y-2", "Z"):
            for year in (2026, 2027):
                of = chosen(*rules, type_=type_, branch=branch, day=date(year, 1, 1))
                if [*check_branch(of)]:
                    continue
                for latest in (0, 1, 19, 2025):
                    before = Series(latest=latest, latest_date=DAY)
                    given = assign(before, document_id="x", dated=date(year, 1, 1), numbering=of)
                    key = (of.series, given.number)
                    assert texts.setdefault(given.text, key) == key
