"""Entries of code tables to list: one row each, as the latest event left it."""

from domain.code_entry import CODE_ENTRY, TABLES, CodeEntry
from projections.filters import Field
from projections.latest import TEXT, LatestTable
from projections.page import Listing
from projections.projection import News
from store.database import Connection

NAME = "codes"

_TABLE = LatestTable(
    "code_list_v1",
    {
        "code_table": "text not null",
        "code": f"{TEXT} not null",
        "description": TEXT,
        "text": TEXT,
        "type": TEXT,
        "amount": "numeric",
        "tax_code": TEXT,
        "start_date": "date",
        "end_date": "date",
        "obsolete": "boolean not null",
    },
    reborn=True,
)

DDL = f"""{_TABLE.ddl}
-- "the entries of this table"; the primary key serves it as well, by the id's first part
create index if not exists code_list_v1_table on code_list_v1 (book_id, code_table, code, id);
"""

LISTING = Listing(
    "codes",
    table=_TABLE.name,
    columns=_TABLE.columns,
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="table", column="code_table", kind="enum", values=tuple(TABLES), nullable=False),
        Field(name="code", column="code", kind="text", sortable=True, nullable=False),
        Field(name="description", column="description", kind="text"),
        Field(name="type", column="type", kind="text"),
        Field(name="amount", column="amount", kind="decimal"),
        Field(name="obsolete", column="obsolete", kind="boolean", nullable=False),
        Field(name="updatedAt", column="updated_at", kind="instant", nullable=False),
    ),
    order=("id",),
)


async def project(connection: Connection, news: News) -> None:
    """Write the touched entries as they are now; take off those that were removed."""
    await _TABLE.keep(connection, news, CODE_ENTRY, _values)


def _values(id_: str, entry: CodeEntry) -> tuple[object, ...]:
    table, _, code = id_.partition("/")
    return (
        table,
        code,
        entry.description,
        entry.text,
        entry.type,
        entry.amount,
        entry.tax_code,
        entry.start_date,
        entry.end_date,
        entry.obsolete,
    )
