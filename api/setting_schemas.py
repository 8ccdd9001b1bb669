"""Settings of a book on the wire, and the one way from each body to the domain."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.customer_schemas import Country, PaymentDays
from api.wire import (
    Code,
    Currency,
    Money,
    Patch,
    Reply,
    RowVersion,
    ShortText,
    Wire,
    decimals,
    sent,
)
from domain.facts.settings import BookSettings, SeriesRule
from store.recorded import Versioned

Days = Annotated[int, Meta(ge=0, le=3650, description="A number of days.", examples=[30])]
TimeZone = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_+/-]{1,64}(?![\s\S])",
        max_length=64,
        description="Time zone of the IANA database: it decides which day it is.",
        examples=["Europe/Berlin"],
    ),
]
Format = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9 ./_#{}:-]{1,60}(?![\s\S])",
        max_length=60,
        description="How numbers are written: with {year}, {branch}, and {number} or {number:06}.",
        examples=["INV-{year}-{number:06}"],
    ),
]


class SeriesRuleIn(Wire):
    """How numbers of one type of document are formed, at one branch or at all.

    With ``yearly`` false the series never starts again at 1.
    """

    type: Annotated[
        Literal["Sales", "Service", "Warranty", "Credit"], Meta(description="What is numbered.")
    ]
    format: Format
    branch: Code | None = None
    yearly: bool = True


class SettingsPatch(Wire):
    """Settings to change (RFC 7396): an absent one keeps its value; lists are replaced whole."""

    base_currency: Patch[Currency] = UNSET
    currencies: Annotated[list[Currency], Meta(max_length=200)] | UnsetType = UNSET
    time_zone: TimeZone | UnsetType = UNSET
    seller_name: Patch[ShortText] = UNSET
    seller_street: Patch[ShortText] = UNSET
    seller_postal_code: Patch[ShortText] = UNSET
    seller_city: Patch[ShortText] = UNSET
    seller_country: Patch[Country] = UNSET
    seller_vat_id: Patch[ShortText] = UNSET
    seller_tax_id: Patch[ShortText] = UNSET
    seller_legal_id: Patch[ShortText] = UNSET
    payment_days: PaymentDays | UnsetType = UNSET
    days_ahead: Days | UnsetType = UNSET
    duplicate_days: Days | UnsetType = UNSET
    approval_limit: Patch[Money] = UNSET
    separate_duties: bool | UnsetType = UNSET
    credit_check: (
        Annotated[
            Literal["refuse", "warn", "off"],
            Meta(description="What to do about an invoice beyond the customer's credit limit."),
        ]
        | UnsetType
    ) = UNSET
    small_difference: Money | UnsetType = UNSET
    auto_release: bool | UnsetType = UNSET
    voiding: bool | UnsetType = UNSET
    periods_required: bool | UnsetType = UNSET
    customer_locked: bool | UnsetType = UNSET
    table1_title: Patch[ShortText] = UNSET
    table2_title: Patch[ShortText] = UNSET
    series: Annotated[list[SeriesRuleIn], Meta(max_length=100)] | UnsetType = UNSET
    row_version: RowVersion | UnsetType = UNSET

    def changes(self) -> tuple[BookSettings, tuple[str, ...]]:
        """The values that were sent, and the names of their fields."""
        values = decimals(sent(self), "approval_limit", "small_difference")
        values.pop("row_version", None)
        if "currencies" in values:
            values["currencies"] = tuple(values["currencies"])
        if "series" in values:
            values["series"] = tuple(_rule(it) for it in values["series"])
        return BookSettings(**values), tuple(values)


def _rule(rule: SeriesRuleIn) -> SeriesRule:
    return SeriesRule(type=rule.type, format=rule.format, branch=rule.branch, yearly=rule.yearly)


class SeriesRuleOut(Reply):
    """How numbers of one type of document are formed, at one branch or at all."""

    type: str
    format: str
    branch: str | None
    yearly: bool


class SettingsOut(Reply):
    """How the company keeps its books. Nobody has changed anything yet at RowVersion 0.

    Amounts are in ``baseCurrency``. ``approvalLimit``: from this gross total on, somebody other
    than the author must approve. ``smallDifference`` is the most that may be written off as such.
    ``daysAhead``: how far an issue date may lie ahead; ``duplicateDays``: within which an equal
    sale is warned of.
    """

    base_currency: str | None
    currencies: list[str]
    time_zone: str
    seller_name: str | None
    seller_street: str | None
    seller_postal_code: str | None
    seller_city: str | None
    seller_country: str | None
    seller_vat_id: str | None
    seller_tax_id: str | None
    seller_legal_id: str | None
    payment_days: int
    days_ahead: int
    duplicate_days: int
    approval_limit: Decimal | None
    separate_duties: bool
    credit_check: str
    small_difference: Decimal
    auto_release: bool
    voiding: bool
    periods_required: bool
    customer_locked: bool
    table1_title: str | None
    table2_title: str | None
    series: list[SeriesRuleOut]
    row_version: int
    available_actions: list[str]

    @classmethod
    def of(cls, entity: Versioned[BookSettings]) -> "SettingsOut":
        """The settings as clients see them."""
        values: dict[str, Any] = msgspec.structs.asdict(entity.state)
        values |= {
            "currencies": list(entity.state.currencies),
            "series": [SeriesRuleOut(**msgspec.structs.asdict(it)) for it in entity.state.series],
        }
        return cls(row_version=entity.version, available_actions=["edit"], **values)
