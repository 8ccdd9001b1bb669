"""Who did what when: a row for each event of the book, to be found by actor, entity or kind.

What happened is told in words when the trail is read, from the event itself: nothing that may have
to be forgotten stands here, and a sentence that was made clearer is so for old events as well.
"""

from collections.abc import Sequence

from projections.adding import AppendOnly
from projections.filters import Field
from projections.latest import TEXT
from projections.page import Listing
from projections.projection import News
from store.database import Connection, Pool
from store.log import recorded
from store.recorded import Recorded

NAME = "audit-trail"

DDL = f"""
create table if not exists audit_trail_v1 (
    book_id     text not null,
    position    bigint not null,
    recorded_at timestamptz not null,
    actor       {TEXT} not null,
    topic       {TEXT} not null,
    entity      {TEXT} not null,
    entity_id   {TEXT} not null,
    row_version bigint not null,
    primary key (book_id, position)
);
-- "what did this key do"
create index if not exists audit_trail_v1_actor on audit_trail_v1 (book_id, actor, position);
-- "every void", "what was ever written off"
create index if not exists audit_trail_v1_topic on audit_trail_v1 (book_id, topic, position);
-- "what happened to this invoice", whatever aggregate has the id
create index if not exists audit_trail_v1_entity on audit_trail_v1
    (book_id, entity_id, position);
-- "what happened to products"; invoices are most of a book, and need no index
create index if not exists audit_trail_v1_kind on audit_trail_v1 (book_id, entity, position);
"""

_COLUMNS = {
    "position": "bigint",
    "recorded_at": "timestamptz",
    "actor": "text",
    "topic": "text",
    "entity": "text",
    "entity_id": "text",
    "row_version": "bigint",
}
_TRAIL = AppendOnly("audit_trail_v1", _COLUMNS)

LISTING = Listing(
    "audit-trail",
    table="audit_trail_v1",
    columns=tuple(_COLUMNS),
    fields=(
        Field(name="position", column="position", kind="integer", sortable=True, nullable=False),
        Field(name="actor", column="actor", kind="text", nullable=False),
        Field(name="type", column="topic", kind="text", nullable=False),
        Field(name="entity", column="entity", kind="text", nullable=False),
        Field(name="entityId", column="entity_id", kind="text", nullable=False),
    ),
    key="position",
    order=("-position",),
)
"""Times are not among the fields: they rise with positions, so that a time is a position."""


async def events_at(
    connection: Connection | Pool, book_id: str, positions: Sequence[int]
) -> dict[int, Recorded]:
    """The events at these positions of the book."""
    rows = await connection.fetch(_EVENTS, book_id, list(positions))
    return {row["position"]: recorded(book_id, row) for row in rows}


_EVENTS = """
select position, stream, version, event_id, topic, state, metadata, recorded_at
  from store.events where book_id = $1 and position = any ($2::bigint[])
"""


async def project(connection: Connection, news: News) -> None:
    """Put down who did what when."""
    rows = [
        (it.position, it.recorded_at, it.metadata.actor, it.topic, *it.aggregate, it.version)
        for it in news.events
    ]
    await _TRAIL.add(connection, news, rows)
