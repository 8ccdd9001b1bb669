"""Taxes on the wire, as products and flat credits carry them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.wire import (
    Reply,
    ShortText,
    TaxCodeId,
    TaxRate,
    Wire,
)
from domain.facts.lines import Tax
from domain.invoice.checks import MAX_TAXES

Category = Annotated[
    Literal["S", "Z", "E", "AE", "K", "G", "O", "L", "M"],
    Meta(
        description="UNCL 5305: standard, zero, exempt, reverse charge, intra-community, export, "
        "outside the scope, Canary Islands, Ceuta and Melilla."
    ),
]


class TaxIn(Wire):
    """A tax: its rate in percent, and its category.

    ``included`` says whether the price contains it; null: as the document says.
    """

    rate: TaxRate
    category: Category = "S"
    code: TaxCodeId | None = None
    included: bool | None = None
    jurisdiction: ShortText | None = None
    exemption_code: ShortText | None = None
    exemption_text: ShortText | None = None

    def tax(self) -> Tax:
        """The domain's tax."""
        values = msgspec.structs.asdict(self)
        return Tax(**{**values, "rate": Decimal(self.rate)})


Taxes = Annotated[list[TaxIn], Meta(max_length=MAX_TAXES)]
TaxCodes = Annotated[
    list[TaxCodeId], Meta(max_length=MAX_TAXES, description="Codes of the book's tax codes.")
]


class AppliedTaxOut(Reply):
    """A tax of a product or a flat credit."""

    rate: Decimal
    category: str
    code: str | None
    included: bool | None
    jurisdiction: str | None
    exemption_code: str | None
    exemption_text: str | None


def taxes_of(taxes: Iterable[TaxIn]) -> tuple[Tax, ...]:
    """The domain's taxes."""
    return tuple(it.tax() for it in taxes)


def taxes_out(taxes: Iterable[Tax]) -> list[AppliedTaxOut]:
    """Taxes as clients see them."""
    return [AppliedTaxOut(**msgspec.structs.asdict(it)) for it in taxes]
