"""Periods to list: one row for each month that was ever set up, as the latest event left it."""

from datetime import date

from domain.period import PERIOD, STATUSES, Period, is_period
from projections.filters import Field
from projections.latest import TEXT, LatestTable
from projections.page import Listing
from projections.projection import News
from store.database import Connection

NAME = "periods"

_TABLE = LatestTable(
    "period_list_v1",
    {
        "status": "text not null",
        "reason": TEXT,
        "starts_on": "date",
        "closed_as_of": "bigint",
        "drafts_left": "integer not null",
    },
)

DDL = _TABLE.ddl
"""A book has twelve periods a year, and their ids sort by time: the primary key serves all."""

LISTING = Listing(
    "periods",
    table=_TABLE.name,
    columns=_TABLE.columns,
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="status", column="status", kind="enum", values=STATUSES, nullable=False),
        Field(name="startsOn", column="starts_on", kind="date"),
        Field(name="updatedAt", column="updated_at", kind="instant", nullable=False),
    ),
    order=("-id",),
)


async def project(connection: Connection, news: News) -> None:
    """Write the touched periods as they are now."""
    await _TABLE.keep(connection, news, PERIOD, _values)


def _values(id_: str, period: Period) -> tuple[object, ...]:
    starts_on = date.fromisoformat(f"{id_}-01") if is_period(id_) else None
    return (period.status, period.reason, starts_on, period.as_of, len(period.drafts_left))
