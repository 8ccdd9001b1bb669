"""What every report is asked: which days, what was known when, which page, JSON or CSV."""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
from litestar import Request, Response
from litestar.params import QueryParameter

from api.caller import Caller
from api.clock import day_in
from api.csv_text import MEDIA_TYPE, csv_of
from api.faults import Fault
from api.list_routes import followed
from api.paging import next_link
from api.problems import Problem
from domain.book_settings import BOOK, DEFAULTS, SETTINGS
from domain.errors import NotFound
from projections.moment import LATEST, Span, position_at

T = TypeVar("T")

ALL_ROWS = 100_000
"""The most lines of a CSV file."""

AsOfDay = Annotated[
    date | None,
    QueryParameter(
        name="asOf", description="The accounting date of the report. Without it: today."
    ),
]
FromDay = Annotated[
    date | None,
    QueryParameter(
        name="from",
        description="The first accounting date. Without it: the first day of the month of `to`.",
    ),
]
ToDay = Annotated[
    date | None,
    QueryParameter(name="to", description="The last accounting date. Without it: today."),
]
KnownAt = Annotated[
    str | None,
    QueryParameter(
        name="knownAt",
        max_length=40,
        description="Only what was known then: an instant (RFC 3339), or a position of the log. "
        "Without it: all that is known.",
    ),
]
Format = Annotated[
    Literal["json", "csv"] | None,
    QueryParameter(
        name="format",
        description="Without it, the `Accept` header decides; `text/csv` gives the whole report.",
    ),
]
PageSize = Annotated[
    int, QueryParameter(name="limit", ge=1, le=1000, description="The most rows on a page.")
]
Cursor = Annotated[
    str | None,
    QueryParameter(
        name="cursor",
        max_length=1000,
        description="`nextCursor` of the page before, with the same parameters.",
    ),
]

_POSITION = re.compile(r"[0-9]{1,15}")
_EARLIEST, _LATEST_DAY = date(1, 1, 2), date(9999, 11, 30)


class Known(NamedTuple):
    """Up to which position facts count, and what the reply says about it."""

    limit: int
    shown: int


async def known_at(caller: Caller, text: str | None) -> Known:
    """What ``knownAt`` means, once the read models show what was committed before the request.

    Raises:
        Problem: 400 when it is neither a position nor an instant.
    """
    moment = moment_of("knownAt", text)
    _, reached = await followed(caller)
    if moment is None:
        return Known(LATEST, reached)
    if isinstance(moment, datetime):
        moment = await position_at(caller.doors.pool, caller.book_id, moment)
    return Known(moment, moment) if moment < reached else Known(LATEST, reached)


def moment_of(parameter: str, text: str | None) -> int | datetime | None:
    """The position of the log or the instant that a parameter names.

    Raises:
        Problem: 400 when it is neither.
    """
    if text is None:
        return None
    if _POSITION.fullmatch(text):
        return int(text)
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise wrong(
        parameter,
        "wrong-format",
        "This is neither an instant with its offset such as 2026-04-02T00:00:00Z (in a query "
        "string, write + as %2B) nor a position of the log such as 1500.",
    )


async def span_of(caller: Caller, first: date | None, last: date | None, known: Known) -> Span:
    """The days of a report.

    Raises:
        Problem: 400 when the last day is before the first.
    """
    to = min(last or await today(caller), _LATEST_DAY)
    start = max(first or to.replace(day=1), _EARLIEST)
    if to < start:
        raise wrong("to", "out-of-range", f"It must not be before the first day, {start}.")
    return Span(first=start, last=to, known=known.limit)


async def today(caller: Caller) -> date:
    """The day on which a report is made, in the book's own time zone."""
    try:
        settings = (await caller.books.get(caller.book_id, SETTINGS(BOOK))).state
    except NotFound:
        settings = DEFAULTS
    return day_in(settings.time_zone, caller.now)


def wrong(parameter: str, code: str, detail: str) -> Problem:
    """The problem that a parameter of the query is."""
    fault = Fault(code=code, detail=detail, parameter=parameter)
    return Problem("invalid-parameter", f"Not valid: {parameter}.", errors=[fault])


# ---------------------------------------------------------------- pages


def place_of(cursor: str | None, type_: type[T]) -> T | None:
    """Where a page goes on.

    Raises:
        Problem: 400 when it is no cursor of such a report.
    """
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        return msgspec.json.decode(raw, type=type_)
    except (binascii.Error, ValueError):
        detail = "This is no cursor of this report. Start again without a cursor."
        raise wrong("cursor", "invalid-cursor", detail) from None


def cursor_after(*place: object) -> str:
    """A cursor for what follows this place."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


# ---------------------------------------------------------------- answers


def wants_csv(request: Request[Any, Any, Any], format_: str | None) -> bool:
    """Whether the client asked for CSV: by the parameter, or else by ``Accept``."""
    if format_ is not None:
        return format_ == "csv"
    return request.accept.best_match(["application/json", "text/csv"]) == "text/csv"


def as_csv(name: str, item: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> Response[Any]:
    """The rows as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Vary": "Accept"}
    return Response(csv_of(item, rows), media_type=MEDIA_TYPE, headers=headers)


def as_page(
    request: Request[Any, Any, Any], report: Any, cursor: str | None = None
) -> Response[Any]:
    """The report as JSON, with the link to the next page if there is one."""
    headers = {"Vary": "Accept"}
    if cursor is not None:
        path, query = request.scope["path"], request.scope["query_string"]
        headers["Link"] = next_link(path, query, cursor)
    return Response(report, headers=headers)


def page_and_rest(rows: Sequence[T], limit: int) -> tuple[list[T], T | None]:
    """The rows of a page, and the last of them when one more than the limit was found."""
    page = [*rows[:limit]]
    return page, page[-1] if len(rows) > limit else None
