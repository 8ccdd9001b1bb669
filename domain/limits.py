"""How large and how fine numbers may be. Whatever is in these limits is computed exactly."""

from decimal import Decimal

import msgspec
from typing_extensions import override


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

EXCHANGE_RATE = Limit(Decimal("0.000000000001"), Decimal("999999999999.999999999999"), 12)
"""Units of one currency for a unit of another: above zero."""
