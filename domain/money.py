"""Amounts of money: decimals, rounded once, half up, to the currency's ISO 4217 exponent.

The operators of ``Decimal`` round to 28 digits, even a minus sign does: sums, products and changes
of sign go through the functions here.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from typing import Self

import msgspec
from typing_extensions import override

from domain.errors import RuleBroken, Violation

_TWO_DIGITS = frozenset(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD "
    "HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN "
    "QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
    "TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG".split()
)
_OTHERS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
EXPONENTS = {**dict.fromkeys(sorted(_TWO_DIGITS), 2), **_OTHERS}
"""Decimal digits of every currency in use. Source: ISO 4217 list one."""

# The API admits 15 integer digits and 6 decimals a factor: a product of ten is exact here. A
# quotient of such products misses a half by far more than the 400th digit, or meets it exactly.
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)
_UNITS = {digits: Decimal(1).scaleb(-digits) for digits in (0, 2, 3, 4)}
_UNIT_OF: dict[str | None, Decimal] = {code: _UNITS[n] for code, n in EXPONENTS.items()}
_CENT = _UNITS[2]
_NOTHING = {unit: unit - unit for unit in _UNITS.values()}

# Bound once: every line of every draft is multiplied, rounded and added after every change.
_quantize, _add = _EXACT.quantize, _EXACT.add

times = _EXACT.multiply
"""The exact product of two."""

negative = _EXACT.minus
"""The amount with the other sign; of zero, zero."""

ZERO = Decimal(0)


def digits_of(currency: str | None) -> int:
    """The decimal digits of the currency; two for a draft without a valid one."""
    return EXPONENTS.get(currency or "", 2)


def rounded(amount: Decimal, currency: str | None) -> Decimal:
    """The amount at the currency's exponent, halves away from zero (EN 16931, BR-DEC).

    A draft without a valid currency is shown at two digits.
    """
    unit = _UNIT_OF.get(currency, _CENT)
    # What is rounded to nothing has no sign: 0.00, never -0.00.
    return _quantize(amount, unit) or _NOTHING[unit]


def product(*factors: Decimal) -> Decimal:
    """The exact product: nothing is rounded before the one rounding that the rules ask for."""
    return reduce(times, factors)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    return reduce(_add, amounts, ZERO)


def difference(amount: Decimal, less: Decimal) -> Decimal:
    """The exact difference."""
    return _EXACT.subtract(amount, less)


def quotient(dividend: Decimal, divisor: Decimal) -> Decimal:
    """The quotient, to so many digits that rounding it gives what rounding the exact one would."""
    return _EXACT.divide(dividend, divisor)


def minor_units(amount: Decimal, currency: str | None) -> int:
    """How many of the currency's smallest units the amount has, rounded as by ``rounded``."""
    return int(_EXACT.scaleb(rounded(amount, currency), digits_of(currency)))


def of_minor_units(units: int, currency: str | None) -> Decimal:
    """The amount that has so many of the currency's smallest units."""
    return _EXACT.scaleb(Decimal(units), -digits_of(currency))


class Money(msgspec.Struct, frozen=True):
    """An amount of a currency, which has no more digits than it and mixes with no other one.

    Whatever moves money between documents counts in it. Inside of one document all amounts are of
    one currency, and are decimals. Whether a currency is in use is asked of documents (P07).

    Raises:
        RuleBroken: The amount has more digits than the currency, or two currencies would mix.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        exact = rounded(self.amount, self.currency) if self.amount.is_finite() else None
        if exact is None or exact != self.amount:
            detail = f"{self.amount} is no amount of {self.currency}: round it to its digits."
            raise RuleBroken((Violation("amount-digits", "/amount", detail),))
        msgspec.structs.force_setattr(self, "amount", exact)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Self:
        """The amount at the currency's digits, halves away from zero."""
        return cls(rounded(amount, currency), currency)

    def __add__(self, other: Self) -> Self:
        return type(self)(_add(self.amount, self._like(other)), self.currency)

    def __sub__(self, other: Self) -> Self:
        return type(self)(difference(self.amount, self._like(other)), self.currency)

    def __neg__(self) -> Self:
        return type(self)(negative(self.amount), self.currency)

    def __lt__(self, other: Self) -> bool:
        return self.amount < self._like(other)

    def __gt__(self, other: Self) -> bool:
        return self.amount > self._like(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    @override
    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _like(self, other: Self) -> Decimal:
        if other.currency != self.currency:
            detail = f"{self.currency} and {other.currency} do not mix: convert one first."
            raise RuleBroken((Violation("currencies-mixed", "/currency", detail),))
        return other.amount
