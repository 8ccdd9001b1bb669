"""Dates of a flat file, whose order of day and month is found out from all of them together."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, get_args

DateFormat = Literal["dmy", "mdy", "iso"]
"""``dmy`` reads 1/12/2010 as 1 December, ``mdy`` as January 12; ``iso`` is 2010-12-01."""

DATE_FORMATS: tuple[DateFormat, ...] = get_args(DateFormat)

_IN_WORDS = {"dmy": "day/month/year", "mdy": "month/day/year", "iso": "year-month-day"}
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_OTHERS = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_TIME = re.compile(r"[ T]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?Z?")


class UnclearDates(Exception):
    """The dates do not tell the order of day and month. The message says what they leave open."""


def date_of(text: str, date_format: DateFormat) -> date | None:
    """The calendar date in ``text``, whose time of day is dropped; ``None`` when there is none."""
    match = (_ISO if date_format == "iso" else _OTHERS).match(text)
    if match is None or (text[match.end() :] and not _TIME.fullmatch(text[match.end() :])):
        return None
    first, second, third = map(int, match.groups())
    try:
        match date_format:
            case "iso":
                return date(first, second, third)
            case "dmy":
                return date(third, second, first)
            case "mdy":
                return date(third, first, second)
    except ValueError:
        return None


def detect(texts: Iterable[str]) -> DateFormat:
    """The one format in which every date of the file is a date; what is none in any is left out.

    Raises:
        UnclearDates: Two formats would do and differ, or the file mixes them.
    """
    read: dict[DateFormat, dict[str, date]] = {name: {} for name in DATE_FORMATS}
    for text in texts:
        for name, dates in read.items():
            if (found := date_of(text, name)) is not None:
                dates[text] = found
    every = set().union(*read.values())
    fitting = [name for name in DATE_FORMATS if len(read[name]) == len(every)]
    if not fitting:
        raise UnclearDates(_mixed(read))
    if len(fitting) == 1 or len({tuple(read[name].values()) for name in fitting}) == 1:
        return fitting[0]
    raise UnclearDates(_ambiguous(read, fitting))


def _mixed(read: Mapping[DateFormat, Mapping[str, date]]) -> str:
    examples = []
    for name, dates in read.items():
        others = set().union(*(texts for other, texts in read.items() if other != name))
        examples += [f"{text!r} is {_IN_WORDS[name]}" for text in dates if text not in others][:1]
    return (
        f"The dates are written in more than one way: {', '.join(examples)}. Say which one is "
        "right with --date-format; invoices whose dates do not fit are then rejected."
    )


def _ambiguous(read: Mapping[DateFormat, Mapping[str, date]], fitting: Iterable[DateFormat]) -> str:
    readings = ", or ".join(
        f"{min(read[name].values())} to {max(read[name].values())} with --date-format {name}"
        for name in fitting
    )
    return f"The dates do not show whether the day or the month comes first. They are {readings}."
