"""Amounts of money: decimals, rounded once, half up, to the currency's ISO 4217 exponent."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce

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

# The API admits 15 integer digits and 6 decimals a factor; a product of three is exact here.
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
_UNITS = {digits: Decimal(1).scaleb(-digits) for digits in (0, 2, 3, 4)}
_UNIT_OF: dict[str | None, Decimal] = {code: _UNITS[n] for code, n in EXPONENTS.items()}

ZERO = Decimal(0)


def rounded(amount: Decimal, currency: str | None) -> Decimal:
    """The amount at the currency's exponent, halves away from zero (EN 16931, BR-DEC).

    A draft without a valid currency is shown at two digits.
    """
    unit = _UNIT_OF.get(currency, _UNITS[2])
    # Adding zero turns -0.00 into 0.00.
    return _EXACT.add(_EXACT.quantize(amount, unit), ZERO)


def product(*factors: Decimal) -> Decimal:
    """The exact product: nothing is rounded before the one rounding that the rules ask for."""
    return reduce(_EXACT.multiply, factors)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    return reduce(_EXACT.add, amounts, ZERO)
