"""Number series over HTTP."""

from datetime import date, datetime
from typing import Annotated

from litestar import Controller, Response, get
from litestar.params import PathParameter

from api.commands import Ask
from api.editing import READ, By, shown
from api.history import After, Limit
from api.list_contract import list_operation
from api.list_routes import listed, members_of
from api.row_version import AsOf
from api.wire import Reply
from domain.errors import NotFound
from domain.facts.series import NumberAssigned
from domain.series import SERIES, Series
from projections.series_list import LISTING
from store.recorded import Recorded, Versioned

SeriesInPath = Annotated[
    str,
    PathParameter(
        pattern=r"^[^/\\\x00-\x1f\x7f]{1,100}(?![\s\S])",
        max_length=100,
        description="Id of a series: type, branch where there is one, and year: sales-2026.",
    ),
]


class SeriesOut(Reply):
    """A run of document numbers.

    A series consists of nothing but the numbers that it gave, so that its RowVersion counts them:
    when ``latest`` is the same, each number from 1 on was given, and ``gapless`` is true.
    """

    id: str
    latest: int
    latest_date: date
    count: int
    gapless: bool
    row_version: int

    @classmethod
    def of(cls, entity: Versioned[Series]) -> "SeriesOut":
        """The series as clients see it."""
        return cls(
            id=entity.id,
            latest=entity.state.latest,
            latest_date=entity.state.latest_date,
            count=entity.version,
            gapless=entity.state.latest == entity.version,
            row_version=entity.version,
        )


class SeriesListed(Reply):
    """A series in a list. ``count`` are the numbers that were found one by one."""

    id: str
    latest: int
    latest_date: date
    count: int
    gapless: bool
    updated_at: datetime


class SeriesPage(Reply):
    """One page of series. ``asOf`` is the book's position that the list shows."""

    items: list[SeriesListed]
    next_cursor: str | None
    as_of: int


class NumberOut(Reply):
    """A number, and the document that has it; ``position`` is its place in the book's log."""

    number: int
    text: str
    document_id: str
    dated: date
    position: int
    assigned_at: datetime


class NumberPage(Reply):
    """Numbers in order. ``nextAfter`` continues; null when nothing follows."""

    items: list[NumberOut]
    next_after: int | None


class SeriesController(Controller):
    """Numbers of documents, one series a type, branch and year, without a gap."""

    path = "/api/series"
    tags = ["Series"]  # noqa: RUF012 - Litestar reads it from the class

    @get(
        "/",
        operation_id="listSeries",
        summary="List series",
        opt=READ,
        operation_class=list_operation(LISTING, members_of(SeriesListed)),
    )
    async def list_series(self, request: Ask, caller: By) -> Response[SeriesPage]:
        """Every series from which a number was given, each with the proof that it has no gap."""
        return await listed(request, caller, LISTING, SeriesListed)

    @get("/{series:str}", operation_id="getSeries", summary="Get a series", opt=READ)
    async def get_series(
        self, caller: By, series: SeriesInPath, as_of: AsOf = None
    ) -> Response[SeriesOut]:
        """The series as it is now, or as it was after so many numbers or at an instant."""
        return await shown(caller, SERIES(series), as_of, SeriesOut.of)

    @get(
        "/{series:str}/numbers",
        operation_id="listSeriesNumbers",
        summary="List the numbers of a series",
        opt=READ,
    )
    async def list_numbers(
        self, caller: By, series: SeriesInPath, after: After = 0, limit: Limit = 50
    ) -> NumberPage:
        """Every number, in order, with the document that has it."""
        events = await caller.books.history(
            caller.book_id, SERIES(series), after=after, limit=limit + 1
        )
        if not events and after == 0:
            raise NotFound("series", series)
        page = [_number(it) for it in events[:limit]]
        return NumberPage(items=page, next_after=page[-1].number if len(events) > limit else None)


def _number(event: Recorded) -> NumberOut:
    fact = event.fact
    assert isinstance(fact, NumberAssigned), "a series has no other facts"
    return NumberOut(
        number=fact.number,
        text=fact.text,
        document_id=fact.document_id,
        dated=fact.dated,
        position=event.position,
        assigned_at=event.recorded_at,
    )
