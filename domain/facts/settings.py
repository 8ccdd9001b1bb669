"""What can happen to a book's settings. The storage format: see ``domain.aggregate.Fact``."""

from decimal import Decimal

import msgspec

from domain.aggregate import Fact


class SeriesRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How numbers of one type of document, at one branch or at all, are formed.

    ``type`` is an invoice type (Sales, Service, Warranty) or Credit. ``format`` may contain
    ``{year}``, ``{branch}`` and ``{number}`` or ``{number:06}``. With ``yearly`` false the series
    never starts again at 1.
    """

    type: str
    format: str
    branch: str | None = None
    yearly: bool = True


class BookSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a company keeps its books.

    Amounts are in ``base_currency``. ``approval_limit``: from this gross total on, somebody other
    than the author must approve. ``credit_check``: refuse, warn or off. ``small_difference`` is
    the most that may be written off as such. ``days_ahead``: how far an issue date may lie ahead.
    """

    base_currency: str | None = None
    currencies: tuple[str, ...] = ()
    time_zone: str = "UTC"
    seller_name: str | None = None
    seller_street: str | None = None
    seller_postal_code: str | None = None
    seller_city: str | None = None
    seller_country: str | None = None
    seller_vat_id: str | None = None
    seller_tax_id: str | None = None
    seller_legal_id: str | None = None
    payment_days: int = 30
    days_ahead: int = 31
    duplicate_days: int = 30
    approval_limit: Decimal | None = None
    separate_duties: bool = True
    credit_check: str = "refuse"
    small_difference: Decimal = Decimal("0.05")
    auto_release: bool = False
    voiding: bool = True
    periods_required: bool = False
    customer_locked: bool = False
    table1_title: str | None = None
    table2_title: str | None = None
    series: tuple[SeriesRule, ...] = ()


class SettingsChanged(Fact, frozen=True, kw_only=True):
    """The settings named in ``fields`` got the values that they have in ``to``."""

    TOPIC = "settings.changed"

    to: BookSettings
    fields: tuple[str, ...]
