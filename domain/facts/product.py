"""What can happen to a product. The storage format: see ``domain.aggregate.Fact``."""

from decimal import Decimal

import msgspec

from domain.aggregate import Fact
from domain.facts.lines import Tax


class ProductDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sold. ``kind`` is the kind of line that it makes: model, item, labor, misc, ...

    Prices are in ``currency``. ``status`` is Active, Discontinued (a warning) or Obsolete (cannot
    be sold any more).
    """

    kind: str = "item"
    description: str | None = None
    uom: str | None = None
    currency: str | None = None
    unit_price: Decimal | None = None
    list_price: Decimal | None = None
    min_price: Decimal | None = None
    cost: Decimal | None = None
    tax_code: str | None = None
    taxes: tuple[Tax, ...] = ()
    brand: str | None = None
    category: str | None = None
    color: str | None = None
    gtin: str | None = None
    weight: Decimal | None = None
    location_code: str | None = None
    gl_account: str | None = None
    gl_cost_account: str | None = None
    term_months: int | None = None
    provider: str | None = None
    serialised: bool = False
    status: str = "Active"


class ProductCreated(ProductDetails, Fact, frozen=True, kw_only=True):
    """A product entered the master data."""

    TOPIC = "product.created"


class ProductChanged(Fact, frozen=True, kw_only=True):
    """The fields named in ``fields`` got the values that they have in ``to``."""

    TOPIC = "product.changed"

    to: ProductDetails
    fields: tuple[str, ...]


class ProductArchived(Fact, frozen=True, kw_only=True):
    """The product is not offered any more; its history stays."""

    TOPIC = "product.archived"


class ProductUnarchived(Fact, frozen=True, kw_only=True):
    """The product is offered again."""

    TOPIC = "product.unarchived"
