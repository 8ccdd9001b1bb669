"""Webhook endpoints as they are now: what the fan-out matches events with, and the list of them.

The fan-out applies this read model in its own transaction, and nobody else does: so it shows the
endpoints exactly as of the fan-out's checkpoint, and each event meets those that were there.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from asyncpg import Record

from domain.facts.webhook_endpoint import Header
from domain.webhook_endpoint import WEBHOOK_ENDPOINT, SigningSecret, WebhookEndpoint
from domain.webhook_rules import ORDERS, PAYLOADS
from projections.filters import Field
from projections.page import Listing
from projections.projection import News
from store.database import Connection, Pool
from store.recorded import Recorded

NAME = "webhook-endpoints"

DDL = """
create table if not exists webhook_endpoints_v1 (
    book_id         text        not null,
    id              text collate "C" not null,
    url             text        not null,
    events          text[]      not null,
    category        text        not null,
    description     text,
    status          text        not null,
    disabled_reason text,
    row_version     bigint      not null,
    created_at      timestamptz not null,
    changed_at      timestamptz not null,
    primary key (book_id, id)
);
-- Endpoints of earlier releases knew none of these, so the defaults are what a rebuild would find.
alter table webhook_endpoints_v1
    add column if not exists ordering     text   not null default 'none',
    add column if not exists rate_limit   bigint,
    add column if not exists payload      text   not null default 'full',
    add column if not exists header_names text[] not null default '{}',
    add column if not exists header_ids   text[] not null default '{}',
    add column if not exists secrets      json   not null default '[{"kind":"hmac","number":1}]';
"""

FOLLOWER = "fan-out"
"""The name of the follower whose checkpoint this moves with."""

# Fields that a column of the same name holds; `order` is a word of SQL, and two are no scalars.
_PLAIN = tuple(
    it for it in WebhookEndpoint.__struct_fields__ if it not in {"order", "headers", "secrets"}
)
_LISTED = ("id", *_PLAIN, "ordering", "header_names", "row_version", "created_at", "changed_at")
_COLUMNS = (*_LISTED, "header_ids", "secrets")

LISTING = Listing(
    "webhook-endpoints",
    table="webhook_endpoints_v1",
    columns=_LISTED,
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="url", column="url", kind="text", nullable=False),
        Field(name="category", column="category", kind="text", nullable=False),
        Field(
            name="status",
            column="status",
            kind="enum",
            values=("Enabled", "Disabled"),
            nullable=False,
        ),
        Field(name="order", column="ordering", kind="enum", values=ORDERS, nullable=False),
        Field(name="payload", column="payload", kind="enum", values=PAYLOADS, nullable=False),
        Field(name="description", column="description", kind="text"),
        Field(name="changedAt", column="changed_at", kind="instant", sortable=True, nullable=False),
        Field(name="createdAt", column="created_at", kind="instant", sortable=True, nullable=False),
    ),
)


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook endpoint at some RowVersion."""

    id: str
    state: WebhookEndpoint
    row_version: int
    created_at: datetime
    changed_at: datetime


def concerns(event: Recorded) -> bool:
    """Whether the event is about a webhook endpoint."""
    return event.aggregate[0] == WEBHOOK_ENDPOINT.name


def after(endpoint: Endpoint | None, event: Recorded) -> Endpoint | None:
    """The endpoint after an event about it; ``None`` once deleted. Old events change nothing."""
    if endpoint is not None and event.version <= endpoint.row_version:
        return endpoint
    state = WEBHOOK_ENDPOINT.evolve(endpoint.state if endpoint else None, event.fact)
    if state is None:
        return None
    return Endpoint(
        id=event.aggregate[1],
        state=state,
        row_version=event.version,
        created_at=endpoint.created_at if endpoint else event.recorded_at,
        changed_at=event.recorded_at,
    )


async def project(connection: Connection, news: News) -> None:
    """Bring the endpoints up to date."""
    await apply(connection, news.book_id, news.events)


async def apply(
    connection: Connection, book_id: str, events: Sequence[Recorded]
) -> dict[str, Endpoint | None]:
    """Apply events of one book, in order; answers the endpoints that they are about, by id."""
    about = [event for event in events if concerns(event)]
    ids = sorted({event.aggregate[1] for event in about})
    endpoints: dict[str, Endpoint | None] = dict(await read_endpoints(connection, book_id, ids))
    for event in about:
        id_ = event.aggregate[1]
        endpoints[id_] = after(endpoints.get(id_), event)
    await connection.execute(
        "delete from webhook_endpoints_v1 where book_id = $1 and id = any ($2)",
        book_id,
        ids,
    )
    await connection.executemany(_INSERT, [_row(book_id, it) for it in endpoints.values() if it])
    return endpoints


async def read_endpoints(
    connection: Connection | Pool, book_id: str, ids: Sequence[str] | None = None
) -> dict[str, Endpoint]:
    """The endpoints with these ids, or all of the book, by id."""
    rows = await connection.fetch(
        f"select {', '.join(_COLUMNS)} from webhook_endpoints_v1"  # noqa: S608 - constants
        " where book_id = $1 and ($2::text[] is null or id = any ($2)) order by id",
        book_id,
        None if ids is None else list(ids),
    )
    return {
        row["id"]: Endpoint(
            id=row["id"],
            state=_state(row),
            row_version=row["row_version"],
            created_at=row["created_at"],
            changed_at=row["changed_at"],
        )
        for row in rows
    }


async def count_endpoints(connection: Connection | Pool, book_id: str) -> int:
    """How many endpoints the book has."""
    count: int = await connection.fetchval(
        "select count(*) from webhook_endpoints_v1 where book_id = $1", book_id
    )
    return count


_INSERT = (
    f"insert into webhook_endpoints_v1 (book_id, {', '.join(_COLUMNS)})"  # noqa: S608 - constants
    f" values ({', '.join(f'${number}' for number in range(1, len(_COLUMNS) + 2))})"
)
_encode = msgspec.json.Encoder().encode
_decode_secrets = msgspec.json.Decoder(tuple[SigningSecret, ...]).decode


def _row(book_id: str, endpoint: Endpoint) -> tuple[object, ...]:
    state = endpoint.state
    return (
        *(book_id, endpoint.id, *(getattr(state, name) for name in _PLAIN)),
        state.order,
        [header.name for header in state.headers],
        *(endpoint.row_version, endpoint.created_at, endpoint.changed_at),
        [header.value_id for header in state.headers],
        _encode(state.secrets),
    )


def _state(row: Record) -> WebhookEndpoint:
    headers = zip(row["header_names"], row["header_ids"], strict=True)
    return WebhookEndpoint(
        **{name: row[name] for name in _PLAIN if name != "events"},
        events=tuple(row["events"]),
        order=row["ordering"],
        headers=tuple(Header(name=name, value_id=value_id) for name, value_id in headers),
        secrets=_decode_secrets(row["secrets"]),
    )
