"""Tax codes to list: one row each, as the latest event left it."""

from domain.tax_code import CATEGORIES, TAX_CODE, TaxCode
from projections.filters import Field
from projections.latest import TEXT, LatestTable
from projections.page import Listing
from projections.projection import News
from store.database import Connection

NAME = "tax-codes"

_TABLE = LatestTable(
    "tax_code_list_v1",
    {
        "name": TEXT,
        "category": "text not null",
        "rate": "numeric not null",
        "included": "boolean",
        "jurisdiction": TEXT,
        "exemption_code": TEXT,
        "valid_from": "date",
        "valid_to": "date",
        "active": "boolean not null",
    },
)

DDL = _TABLE.ddl
"""A book has some tens of tax codes: the primary key serves every query."""

LISTING = Listing(
    "tax-codes",
    table=_TABLE.name,
    columns=_TABLE.columns,
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="name", column="name", kind="text", sortable=True),
        Field(name="category", column="category", kind="enum", values=CATEGORIES, nullable=False),
        Field(name="rate", column="rate", kind="decimal", sortable=True, nullable=False),
        Field(name="jurisdiction", column="jurisdiction", kind="text"),
        Field(name="validFrom", column="valid_from", kind="date"),
        Field(name="validTo", column="valid_to", kind="date"),
        Field(name="active", column="active", kind="boolean", nullable=False),
        Field(name="createdAt", column="created_at", kind="instant", sortable=True, nullable=False),
        Field(name="updatedAt", column="updated_at", kind="instant", nullable=False),
    ),
    order=("id",),
)


async def project(connection: Connection, news: News) -> None:
    """Write the touched tax codes as they are now."""
    await _TABLE.keep(connection, news, TAX_CODE, _values)


def _values(_id: str, tax_code: TaxCode) -> tuple[object, ...]:
    return (
        tax_code.name,
        tax_code.category,
        tax_code.rate,
        tax_code.included,
        tax_code.jurisdiction,
        tax_code.exemption_code,
        tax_code.valid_from,
        tax_code.valid_to,
        tax_code.active,
    )
