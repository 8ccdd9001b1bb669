"""What can happen to a tax code. The storage format: see ``domain.aggregate.Fact``."""

from datetime import date
from decimal import Decimal

import msgspec

from domain.aggregate import Fact


class TaxCodeDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tax by its code. ``category`` is a code of UNCL 5305, ``rate`` is in percent."""

    name: str | None = None
    category: str = "S"
    rate: Decimal = Decimal(0)
    included: bool | None = None
    jurisdiction: str | None = None
    exemption_code: str | None = None
    exemption_text: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class TaxCodeCreated(TaxCodeDetails, Fact, frozen=True, kw_only=True):
    """A tax code entered the master data."""

    TOPIC = "tax_code.created"


class TaxCodeChanged(Fact, frozen=True, kw_only=True):
    """The fields named in ``fields`` got the values that they have in ``to``.

    Lines that were written before keep the tax that they got.
    """

    TOPIC = "tax_code.changed"

    to: TaxCodeDetails
    fields: tuple[str, ...]


class TaxCodeArchived(Fact, frozen=True, kw_only=True):
    """The tax code is not offered any more."""

    TOPIC = "tax_code.archived"


class TaxCodeUnarchived(Fact, frozen=True, kw_only=True):
    """The tax code is offered again."""

    TOPIC = "tax_code.unarchived"
