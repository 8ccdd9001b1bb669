"""What time it is in a book: the instant, and the day in the book's own time zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from api.caller import Caller
from domain.aggregate import Read
from domain.book_settings import settings_of


def day_in(zone: str, instant: datetime) -> date:
    """The calendar day of an instant in a time zone of the IANA database."""
    return instant.astimezone(UTC if zone == "UTC" else ZoneInfo(zone)).date()


def today_of(caller: Caller, read: Read) -> date:
    """The calendar day on which a decision is taken, in the time zone of the book's settings."""
    return day_in(settings_of(read).time_zone, caller.now)
