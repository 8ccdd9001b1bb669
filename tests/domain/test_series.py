from datetime import date

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.aggregate import fold
from domain.facts.series import NumberAssigned
from domain.series import SERIES, Series, assign, sales_series

FIRST = NumberAssigned(
    number=1, text="INV-2026-000001", document_id="inv_1", dated=date(2026, 1, 5)
)


def test_a_series_begins_with_number_one() -> None:
    assert assign(None, document_id="inv_1", dated=date(2026, 1, 5)) == FIRST


def test_the_next_number_follows_the_latest() -> None:
    second = assign(fold(SERIES, [FIRST]), document_id="inv_2", dated=date(2026, 3, 1))
    assert (second.number, second.text, second.document_id) == (2, "INV-2026-000002", "inv_2")
    assert fold(SERIES, [FIRST, second]) == Series(latest=2, latest_date=date(2026, 3, 1))


def test_a_series_that_outgrows_its_six_digits_goes_on() -> None:
    full = Series(latest=999_999, latest_date=date(2026, 12, 31))
    assert assign(full, document_id="x", dated=date(2026, 12, 31)).text == "INV-2026-1000000"


def test_every_year_has_a_series_of_its_own() -> None:
    assert sales_series(date(2026, 12, 31)) == "sales-2026"
    assert sales_series(date(2027, 1, 1)) == "sales-2027"


@for_all(st.lists(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=30))
def test_numbers_have_no_gap_and_equal_the_version_of_the_stream(days: list[date]) -> None:
    facts: list[NumberAssigned] = []
    for day in sorted(days):
        facts.append(assign(fold(SERIES, facts), document_id=f"inv_{len(facts)}", dated=day))
        latest = fold(SERIES, facts)
        assert latest is not None
        assert latest.latest == len(facts)
    assert [fact.number for fact in facts] == list(range(1, len(days) + 1))
    assert len({fact.text for fact in facts}) == len(days)
