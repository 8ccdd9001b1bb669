from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.sales.dates import DateFormat, UnclearDates, date_of, detect

WRITTEN = {"dmy": "{0.day}/{0.month}/{0.year}", "mdy": "{0.month}/{0.day}/{0.year}", "iso": "{0}"}
YEARS = st.dates(date(1000, 1, 1), date(9999, 12, 31))


@given(
    day=YEARS,
    date_format=st.sampled_from(["dmy", "mdy", "iso"]),
    time=st.sampled_from(["", " 8:26", " 08:26:00", "T08:26:00Z"]),
)
def test_a_date_is_read_as_it_was_written_whatever_the_time(
    day: date, date_format: DateFormat, time: str
) -> None:
    assert date_of(WRITTEN[date_format].format(day) + time, date_format) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "31/2/2010",
        "0/1/2010",
        "1/12/10",
        "1/12/20100",
        "1/12/2010x",
        "1/12/2010 8",
        "٣/١٢/2010",
        "-1/12/2010",
        "1//2010",
        "2010-12-01",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert date_of(text, "dmy") is None


def test_a_day_above_twelve_tells_which_number_is_the_day() -> None:
    assert detect(["1/12/2010", "13/12/2010"]) == "dmy"
    assert detect(["12/1/2010", "12/13/2010"]) == "mdy"
    assert detect(["2010-12-01"]) == "iso"


def test_dates_that_fit_both_ways_are_refused_and_both_readings_are_shown() -> None:
    with pytest.raises(UnclearDates) as refused:
        detect(["1/12/2010", "5/12/2010"])
    assert "2010-12-01 to 2010-12-05 with --date-format dmy" in str(refused.value)
    assert "2010-01-12 to 2010-05-12 with --date-format mdy" in str(refused.value)


def test_dates_that_mean_the_same_both_ways_need_no_option() -> None:
    assert date_of("5/5/2010", detect(["5/5/2010", "6/6/2010"])) == date(2010, 5, 5)


def test_a_file_that_mixes_formats_is_refused_with_an_example_of_each() -> None:
    with pytest.raises(UnclearDates, match=r"'13/1/2010' is day/.*'1/13/2010' is month/"):
        detect(["1/1/2010", "13/1/2010", "1/13/2010"])
    with pytest.raises(UnclearDates, match="more than one way"):
        detect(["1/1/2010", "2010-01-02"])


def test_what_is_no_date_does_not_hinder_finding_out() -> None:
    assert detect(["n/a", "", "31/2/2010", "13/12/2010"]) == "dmy"
    assert detect([]) in {"dmy", "mdy", "iso"}


@given(st.lists(YEARS, min_size=1, max_size=40), st.sampled_from(["dmy", "mdy", "iso"]))
def test_what_is_found_out_reads_every_date_as_it_was_meant(
    days: list[date], date_format: DateFormat
) -> None:
    texts = [WRITTEN[date_format].format(day) for day in days]
    try:
        found = detect(texts)
    except UnclearDates:
        assert date_format != "iso"
        assert all(day.day <= 12 for day in days)
    else:
        assert [date_of(text, found) for text in texts] == days


def test_a_span_of_days_is_clear_once_it_passes_the_twelfth() -> None:
    days = [date(2010, 12, 1) + timedelta(days=n) for n in range(13)]
    assert detect([WRITTEN["dmy"].format(day) for day in days]) == "dmy"
