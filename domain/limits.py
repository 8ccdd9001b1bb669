"""How large and how fine numbers may be. Whatever is in these limits is computed exactly.

Every decision that numbers come in with refuses what is ``beyond``, drafts too: nothing is ever
computed with what is no number, or with one of a billion digits.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
from typing_extensions import override

from domain.changes import in_json
from domain.errors import Violation

OUTSIDE = "number-limit"
"""The code of what is broken by a number that is too large, too fine, or none."""


class Limit(msgspec.Struct, frozen=True):
    """The smallest and the largest value, and how many digits may follow the point."""

    lowest: Decimal
    highest: Decimal
    decimals: int

    def admits(self, value: Decimal) -> bool:
        """Whether the value is inside; what is no number never is."""
        if not value.is_finite() or not self.lowest <= value <= self.highest:
            return False
        exponent = value.as_tuple().exponent
        return isinstance(exponent, int) and -exponent <= self.decimals

    @override
    def __str__(self) -> str:
        return f"from {self.lowest} to {self.highest}, with at most {self.decimals} decimal digits"


def _integers(digits: int, decimals: int) -> Limit:
    highest = Decimal(f"{'9' * digits}.{'9' * decimals}")
    return Limit(highest.copy_negate(), highest, decimals)


AMOUNT = _integers(15, 4)
"""Of money. No currency has more than four decimal digits."""

PRICE = _integers(15, 6)
"""Of one unit: prices are finer than money."""

QUANTITY = _integers(15, 6)
"""Of goods or hours; below zero, they are given back."""

PERCENT = Limit(Decimal(0), Decimal(100), 4)
"""Of discounts, charges, shares and taxes."""

TAX_RATE = Limit(Decimal(0), Decimal(1000), 4)
"""In percent. Some excises exceed the price itself."""

EXCHANGE_RATE = Limit(Decimal(0), Decimal("999999999999.999999999999"), 12)
"""Units of one currency for a unit of another. Only a draft may have zero (P15)."""

_LIMITS = {
    **dict.fromkeys(("amount", "discount_amount", "charge_amount", "core_charge"), AMOUNT),
    **dict.fromkeys(("deductible", "bank_fee", "approval_limit", "small_difference"), AMOUNT),
    **dict.fromkeys(("limit",), AMOUNT),
    **dict.fromkeys(("unit_price", "list_price", "min_price", "cost"), PRICE),
    **dict.fromkeys(("quantity", "price_quantity", "quantity_shipped", "weight"), QUANTITY),
    **dict.fromkeys(("discount_percent", "charge_percent", "share_percent"), PERCENT),
    **dict.fromkeys(("salesperson1_percent", "salesperson2_percent"), PERCENT),
    "rate": TAX_RATE,
    "exchange_rate": EXCHANGE_RATE,
}
"""By the names of fields, which mean the same wherever they stand."""


def beyond(entered: msgspec.Struct, at: str = "", **others: Limit) -> Iterator[Violation]:
    """The numbers of what somebody entered that are outside of their limits.

    ``others`` are limits of fields that are not as everywhere else.
    """
    limited, values_of = _limited(type(entered))
    for (name, usual), value in zip(limited, values_of(entered), strict=True):
        if value is None:
            continue
        limit = others.get(name, usual)
        if not limit.admits(value):
            yield Violation(OUTSIDE, f"{at}/{in_json(name)}", f"Set a number {limit}.")


@cache
def _limited(
    kind: type[msgspec.Struct],
) -> tuple[tuple[tuple[str, Limit], ...], Callable[[object], tuple[Any, ...]]]:
    """The limited fields of a kind, and how all of their values are read at once."""
    names = [it for it in kind.__struct_fields__ if it in _LIMITS]
    limited = tuple((it, _LIMITS[it]) for it in names)
    if len(names) > 1:
        return limited, attrgetter(*names)
    return limited, lambda entered: tuple(getattr(entered, it) for it in names)
