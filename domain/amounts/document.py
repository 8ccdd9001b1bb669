"""What amounts are computed from, and what they are."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple, Protocol

import msgspec
from typing_extensions import override

from domain.facts.invoice_parts import TaxOverride, Totals
from domain.facts.lines import Line, Tax


class Document(Protocol):
    """The part of an invoice that its amounts depend on; in a draft, anything may be missing."""

    @property
    def currency(self) -> str | None:
        """Code of ISO 4217; amounts have its digits."""

    @property
    def exchange_rate(self) -> Decimal | None:
        """What one unit of the currency is worth in the book's."""

    @property
    def exchange_date(self) -> date | None:
        """The day of that rate."""

    @property
    def issue_date(self) -> date | None:
        """The day of the rate where it has none of its own."""

    @property
    def price_includes_tax(self) -> bool:
        """For taxes that do not say so themselves."""

    @property
    def discount_percent(self) -> Decimal | None:
        """Of the lines, before charges."""

    @property
    def discount_amount(self) -> Decimal | None:
        """On top of the percentage."""

    @property
    def charge_percent(self) -> Decimal | None:
        """Of the lines, before discounts."""

    @property
    def charge_amount(self) -> Decimal | None:
        """On top of the percentage."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """In order."""

    @property
    def overrides(self) -> tuple[TaxOverride, ...]:
        """Taxes that are set by hand."""

    @property
    def posted_totals(self) -> Totals | None:
        """The sums that posting has frozen."""

    @property
    def posted_nets(self) -> tuple[Decimal, ...]:
        """The net of each line that posting has frozen."""


class Amounts(msgspec.Struct, frozen=True):
    """The net of each line, in order, and the sums."""

    nets: tuple[Decimal, ...]
    totals: Totals


class Memo:
    """The amounts that were computed last for a line of states, and of what.

    Most changes of a document leave its sums alone. All states that follow from one another share
    a memo; it is believed only where it is about the very same lines, so sharing does no harm, and
    no two states differ by it.
    """

    __slots__ = ("amounts", "lines", "rest")

    def __init__(self) -> None:
        self.lines: object = None
        self.rest: object = None
        self.amounts: Amounts | None = None

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Memo)

    __hash__ = None  # type: ignore[assignment] # what is equal to all is no key


class Group(NamedTuple):
    """What tax is summed by: EN 16931 BG-23, and one more of the same rate for each exemption."""

    rate: Decimal
    category: str
    exemption_code: str | None
    exemption_text: str | None


class Levy(NamedTuple):
    """A tax of a line, and whether the price includes it."""

    group: Group
    included: bool


UNTAXED = Group(Decimal(0), "Z", None, None)
"""What has no tax yet: it is listed, so that the bases of a draft sum to its net."""


def group_of(tax: Tax) -> Group:
    """The group in which the tax is summed."""
    return Group(tax.rate, tax.category, tax.exemption_code, tax.exemption_text)


def groups_of(taxes: tuple[Tax, ...]) -> tuple[Group, ...]:
    """The groups of these taxes; of none, the one for what has no tax yet."""
    return tuple(map(group_of, taxes)) or (UNTAXED,)


def sort_key(group: Group) -> tuple[Decimal, str, str, str]:
    """Groups are listed by rate, then category and exemption, whatever the order of the lines."""
    return (group.rate, group.category, group.exemption_code or "", group.exemption_text or "")


def override_of(group: Group, overrides: Sequence[TaxOverride]) -> TaxOverride | None:
    """The tax that was set by hand for this group."""
    for it in overrides:
        if (it.rate, it.category, it.exemption_code) == group[:3]:
            return it
    return None
