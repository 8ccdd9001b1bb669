"""Products to list: one row each, as the latest event left it."""

from domain.product import PRODUCT, STATUSES, Product
from projections.filters import Field, folded
from projections.latest import TEXT, LatestTable
from projections.page import Listing
from projections.projection import News
from store.database import Connection

NAME = "products"

_TABLE = LatestTable(
    "product_list_v1",
    {
        "kind": "text not null",
        "description": TEXT,
        "description_folded": TEXT,
        "uom": TEXT,
        "currency": TEXT,
        "unit_price": "numeric",
        "tax_code": TEXT,
        "brand": TEXT,
        "category": TEXT,
        "gtin": TEXT,
        "serialised": "boolean not null",
        "status": "text not null",
        "active": "boolean not null",
    },
)

DDL = f"""{_TABLE.ddl}
-- "whose description starts with", whatever the case
create index if not exists product_list_v1_description on product_list_v1
    (book_id, description_folded, id);
-- "all of this brand", "all of this category"
create index if not exists product_list_v1_brand on product_list_v1 (book_id, brand, id);
create index if not exists product_list_v1_category on product_list_v1 (book_id, category, id);
-- "the product with this bar code"
create index if not exists product_list_v1_gtin on product_list_v1 (book_id, gtin);
-- "all services", "what is sold in dollars", "what has this tax code"
create index if not exists product_list_v1_kind on product_list_v1 (book_id, kind, id);
create index if not exists product_list_v1_currency on product_list_v1 (book_id, currency, id);
create index if not exists product_list_v1_tax on product_list_v1 (book_id, tax_code, id);
-- "what has serial numbers", "what is discontinued", "what is archived", "what was changed since"
create index if not exists product_list_v1_serialised on product_list_v1 (book_id, serialised, id);
create index if not exists product_list_v1_status on product_list_v1 (book_id, status, id);
create index if not exists product_list_v1_active on product_list_v1 (book_id, active, id);
create index if not exists product_list_v1_updated on product_list_v1 (book_id, updated_at, id);
-- "what was added lately"
create index if not exists product_list_v1_created on product_list_v1 (book_id, created_at, id);
"""

_KINDS = ("model", "item", "labor", "misc", "warranty", "package")

LISTING = Listing(
    "products",
    table=_TABLE.name,
    columns=tuple(it for it in _TABLE.columns if it != "description_folded"),
    fields=(
        Field(name="id", column="id", kind="text", sortable=True, nullable=False),
        Field(name="kind", column="kind", kind="enum", values=_KINDS, nullable=False),
        Field(
            name="description",
            column="description_folded",
            kind="text",
            sortable=True,
            fold=True,
        ),
        Field(name="currency", column="currency", kind="text"),
        Field(name="taxCode", column="tax_code", kind="text"),
        Field(name="brand", column="brand", kind="text", sortable=True),
        Field(name="category", column="category", kind="text", sortable=True),
        Field(name="gtin", column="gtin", kind="text"),
        Field(name="serialised", column="serialised", kind="boolean", nullable=False),
        Field(name="status", column="status", kind="enum", values=STATUSES, nullable=False),
        Field(name="active", column="active", kind="boolean", nullable=False),
        Field(name="createdAt", column="created_at", kind="instant", sortable=True, nullable=False),
        Field(name="updatedAt", column="updated_at", kind="instant", nullable=False),
    ),
    order=("id",),
)


async def project(connection: Connection, news: News) -> None:
    """Write the touched products as they are now."""
    await _TABLE.keep(connection, news, PRODUCT, _values)


def _values(_id: str, product: Product) -> tuple[object, ...]:
    return (
        product.kind,
        product.description,
        folded(product.description) if product.description else None,
        product.uom,
        product.currency,
        product.unit_price,
        product.tax_code,
        product.brand,
        product.category,
        product.gtin,
        product.serialised,
        product.status,
        product.active,
    )
