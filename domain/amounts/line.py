"""The net of one line: quantity x price / price quantity - discount + charge, rounded once."""

from decimal import Decimal
from fractions import Fraction

from domain.facts.lines import BilledLine, CommentLine, Line
from domain.money import ZERO, difference, product, quotient, rounded, times, total

_PERCENT = Decimal("0.01")
_WHOLE = Decimal(1)


def line_net(line: Line, currency: str | None) -> Decimal:
    """The amount of the line at the digits of the currency, before any package covers it."""
    if (
        not isinstance(line, CommentLine)
        and line.quantity is not None
        and line.unit_price is not None
        and line.price_quantity is None
        and line.discount_percent is None
        and line.discount_amount is None
        and line.charge_amount is None
    ):
        return rounded(times(line.quantity, line.unit_price), currency)
    dividend, divisor = _amount(line)
    return rounded(quotient(dividend, divisor) if divisor else dividend, currency)


def line_fraction(line: Line) -> Fraction:
    """The amount of the line before it is rounded."""
    dividend, divisor = _amount(line)
    return Fraction(Fraction(dividend), Fraction(divisor or _WHOLE))


def discount_exceeds(line: BilledLine) -> bool:
    """Whether the discount is more than the line, so that its sign would change (P26)."""
    if not line.discount_percent and not line.discount_amount:
        return False
    without = _amount(line, charged=False)[0]
    before = product(line.quantity or ZERO, line.unit_price or ZERO)
    return without < ZERO <= before or before < ZERO < without


def _amount(line: Line, *, charged: bool = True) -> tuple[Decimal, Decimal | None]:
    """Dividend and divisor of the amount, divided once so that a half is met exactly.

    A draft's line that lacks its quantity or its price comes to nothing yet; a price quantity of
    zero counts as missing.
    """
    if isinstance(line, CommentLine) or line.quantity is None or line.unit_price is None:
        return ZERO, None
    dividend = product(line.quantity, line.unit_price)
    divisor = line.price_quantity or None
    if line.discount_percent:
        left = difference(_WHOLE, product(line.discount_percent, _PERCENT))
        dividend = product(dividend, left)
    if line.discount_amount or line.charge_amount:
        charge = line.charge_amount if charged else None
        more = difference(charge or ZERO, line.discount_amount or ZERO)
        dividend = total([dividend, product(more, divisor) if divisor else more])
    return dividend, divisor
