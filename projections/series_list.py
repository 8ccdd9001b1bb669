"""Number series to list, each with the proof that it has no gap, and every number that was given.

The numbers are counted one by one as they come. A series whose count is its latest number has given
each number from 1 on, exactly once: two numbers alike would be one row, and counted once.
"""

from domain.facts.series import NumberAssigned
from projections.filters import Field
from projections.latest import TEXT
from projections.page import Listing
from projections.projection import News
from store.database import Connection

NAME = "series"

DDL = f"""
create table if not exists series_number_v1 (
    book_id     text not null,
    series      {TEXT} not null,
    number      bigint not null,
    text        {TEXT} not null,
    document_id {TEXT} not null,
    dated       date not null,
    position    bigint not null,
    recorded_at timestamptz not null,
    primary key (book_id, series, number)
);
create table if not exists series_list_v1 (
    book_id      text not null,
    id           {TEXT} not null,
    latest       bigint not null,
    latest_date  date not null,
    count        bigint not null,
    gapless      boolean not null generated always as (count = latest) stored,
    updated_at   timestamptz not null,
    primary key (book_id, id)
);
"""
"""A book has some series a year: the primary keys serve every query."""

LISTING = Listing(
    "series",
    table="series_list_v1",
    columns=("id", "latest", "latest_date", "count", "gapless", "updated_at"),
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="latest", column="latest", kind="integer", nullable=False),
        Field(name="latestDate", column="latest_date", kind="date", nullable=False),
        Field(name="gapless", column="gapless", kind="boolean", nullable=False),
        Field(name="updatedAt", column="updated_at", kind="instant", nullable=False),
    ),
    order=("id",),
)


async def project(connection: Connection, news: News) -> None:
    """Put down each number that was given, and count those that were not there before."""
    rows = [
        (event.aggregate[1], *_number(event.fact), event.position, event.recorded_at)
        for event in news.events
        if isinstance(event.fact, NumberAssigned)
    ]
    if rows:
        await connection.execute(_ADD, news.book_id, *zip(*rows, strict=True))


def _number(fact: NumberAssigned) -> tuple[object, ...]:
    return (fact.number, fact.text, fact.document_id, fact.dated)


_ADD = """
with fresh as (
    insert into series_number_v1
    select $1::text, * from unnest(
        $2::text[], $3::bigint[], $4::text[], $5::text[], $6::date[], $7::bigint[],
        $8::timestamptz[])
    on conflict do nothing
    returning series, number, dated, recorded_at
)
insert into series_list_v1 as t (book_id, id, latest, latest_date, count, updated_at)
select $1::text, series, max(number), max(dated), count(*), max(recorded_at)
  from fresh group by series
on conflict (book_id, id) do update set
    latest = greatest(t.latest, excluded.latest),
    latest_date = greatest(t.latest_date, excluded.latest_date),
    count = t.count + excluded.count,
    updated_at = greatest(t.updated_at, excluded.updated_at)
"""
