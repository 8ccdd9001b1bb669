"""Customers to list: one row each, as the latest event left it."""

from domain.customer import CUSTOMER
from projections.filters import Field, folded
from projections.page import Listing
from projections.projection import News
from store.database import Connection

NAME = "customers"

DDL = """
create table if not exists customer_list_v1 (
    book_id      text        not null,
    id           text        collate "C" not null,
    name         text        collate "C",
    name_folded  text        collate "C",
    email        text        collate "C",
    vat_id       text        collate "C",
    city         text        collate "C",
    country      text        collate "C",
    currency     text,
    active       boolean     not null,
    row_version  bigint      not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    primary key (book_id, id)
);
-- "whose name starts with", whatever the case
create index if not exists customer_list_v1_name on customer_list_v1
    (book_id, name_folded, id);
-- the default order
create index if not exists customer_list_v1_created on customer_list_v1
    (book_id, created_at, id);
"""

LISTING = Listing(
    "customers",
    table="customer_list_v1",
    columns=(
        "id",
        "name",
        "email",
        "vat_id",
        "city",
        "country",
        "currency",
        "active",
        "row_version",
        "created_at",
        "updated_at",
    ),
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="name", column="name_folded", kind="text", sortable=True, fold=True),
        Field(name="email", column="email", kind="text"),
        Field(name="vatId", column="vat_id", kind="text"),
        Field(name="city", column="city", kind="text"),
        Field(name="country", column="country", kind="text"),
        Field(name="active", column="active", kind="boolean", nullable=False),
        Field(name="createdAt", column="created_at", kind="instant", sortable=True, nullable=False),
        Field(name="updatedAt", column="updated_at", kind="instant", nullable=False),
    ),
    order=("-createdAt",),
)


async def project(connection: Connection, news: News) -> None:
    """Write the touched customers as they are now."""
    rows = []
    for entity, events in await news.entities(CUSTOMER):
        customer = entity.state
        if customer is None:
            continue
        row = (
            news.book_id,
            entity.id,
            customer.name,
            folded(customer.name) if customer.name else None,
            customer.email,
            customer.vat_id,
            customer.city,
            customer.country,
            customer.currency,
            customer.active,
            entity.version,
            events[0].recorded_at,
            events[-1].recorded_at,
        )
        rows.append(row)
    if rows:
        await connection.execute(_UPSERT, *zip(*rows, strict=True))


_UPSERT = """
insert into customer_list_v1 as t
select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::boolean[], $11::bigint[], $12::timestamptz[], $13::timestamptz[])
on conflict (book_id, id) do update set
    name = excluded.name, name_folded = excluded.name_folded, email = excluded.email,
    vat_id = excluded.vat_id, city = excluded.city, country = excluded.country,
    currency = excluded.currency, active = excluded.active, row_version = excluded.row_version,
    updated_at = excluded.updated_at
where t.row_version < excluded.row_version
"""
