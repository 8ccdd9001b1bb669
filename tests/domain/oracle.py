"""The sums of an invoice once more, in fractions: slow, plain, and nothing shared with domain."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from domain.facts.invoice import Line, Totals
from domain.money import EXPONENTS


def rounded_half_up(amount: Fraction, currency: str | None) -> Fraction:
    """Halves go away from zero."""
    unit = 10 ** EXPONENTS.get(currency or "", 2)
    size = Fraction(floor(abs(amount) * unit + Fraction(1, 2)), unit)
    return size if amount >= 0 else -size


def expected_sums(lines: Sequence[Line], currency: str | None) -> dict[str, object]:
    """Net, tax and gross, and base and tax by rate, as EN 16931 defines them."""
    bases: dict[Fraction, Fraction] = {}
    for line in lines:
        rate = Fraction(line.tax_rate or 0)
        amount = Fraction(line.quantity or 0) * Fraction(line.unit_price or 0)
        bases[rate] = bases.get(rate, Fraction(0)) + rounded_half_up(amount, currency)
    taxes = {
        rate: (base, rounded_half_up(base * rate / 100, currency)) for rate, base in bases.items()
    }
    net = sum((base for base, _ in taxes.values()), Fraction(0))
    tax = sum((amount for _, amount in taxes.values()), Fraction(0))
    return {"net": net, "tax": tax, "gross": net + tax, "taxes": taxes}


def sums_of(totals: Totals) -> dict[str, object]:
    """The same form, of what the domain has computed."""
    return {
        "net": Fraction(totals.net),
        "tax": Fraction(totals.tax),
        "gross": Fraction(totals.gross),
        "taxes": {
            Fraction(it.rate): (Fraction(it.base), Fraction(it.amount)) for it in totals.taxes
        },
    }
