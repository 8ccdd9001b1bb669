"""What time it is in a book: the instant, and the day in the book's own time zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from api.caller import Caller
from api.problems import Problem
from domain.aggregate import Read
from domain.book_settings import settings_of


def day_in(zone: str, instant: datetime) -> date:
    """The calendar day of an instant in a time zone of the IANA database."""
    return instant.astimezone(UTC if zone == "UTC" else ZoneInfo(zone)).date()


def today_of(caller: Caller, read: Read) -> date:
    """The calendar day on which a decision is taken, in the time zone of the book's settings."""
    return day_in(settings_of(read).time_zone, caller.now)


def instant_of(name: str, instant: datetime | None) -> datetime | None:
    """An instant that a client sent as the parameter ``name``, in UTC.

    Raises:
        Problem: It has no offset, or lies outside of the calendar.
    """
    try:
        if instant is None or instant.tzinfo is not None:
            return instant and instant.astimezone(UTC)
    except OverflowError:
        pass
    detail = f"{name} is an instant with its offset, such as 2026-11-01T09:30:00Z."
    raise Problem("invalid-parameter", detail)
