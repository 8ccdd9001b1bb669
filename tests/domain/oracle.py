"""The amounts of a document once more, in fractions: slow, plain, and nothing shared with domain.

It knows no packages and no overrides, which have tests of their own.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from domain.facts.invoice_parts import Totals
from domain.facts.lines import CommentLine, Line
from domain.money import EXPONENTS

NOTHING = Fraction(0)


def unit_of(currency: str | None) -> Fraction:
    return Fraction(1, 10 ** EXPONENTS.get(currency or "", 2))


def rounded_half_up(amount: Fraction, currency: str | None) -> Fraction:
    """Halves go away from zero."""
    unit = unit_of(currency)
    size = floor(abs(amount) / unit + Fraction(1, 2)) * unit
    return size if amount >= 0 else -size


def split(quotas: Sequence[Fraction], whole: Fraction, currency: str | None) -> list[Fraction]:
    """Give every quota but its broken unit, then a unit each to those that miss most."""
    unit, sign = unit_of(currency), -1 if whole < 0 else 1
    parts = [floor(sign * quota / unit) * unit for quota in quotas]
    while sum(parts) != sign * whole:
        missing = [sign * quota - part for quota, part in zip(quotas, parts, strict=True)]
        parts[missing.index(max(missing))] += unit
    return [sign * part for part in parts]


def line_amount(line: Line) -> Fraction:
    """Before rounding."""
    if isinstance(line, CommentLine) or line.quantity is None or line.unit_price is None:
        return NOTHING
    amount = (
        Fraction(line.quantity) * Fraction(line.unit_price) / Fraction(line.price_quantity or 1)
    )
    amount -= amount * Fraction(line.discount_percent or 0) / 100
    return amount - Fraction(line.discount_amount or 0) + Fraction(line.charge_amount or 0)


def levies(line: Line, document: Any) -> list[Any]:
    """Rate, category, exemption and whether it is in the price, of every tax of the line."""
    assert not isinstance(line, CommentLine)
    return sorted(
        (
            Fraction(it.rate),
            it.category,
            it.exemption_code or "",
            it.exemption_text or "",
            document.price_includes_tax if it.included is None else it.included,
        )
        for it in line.taxes
    ) or [(NOTHING, "Z", "", "", False)]


def included_rate(of: Sequence[Any]) -> Fraction:
    return sum((it[0] for it in of if it[-1]), NOTHING)


def tax_inside(paid: Fraction, rate: Fraction, currency: str | None) -> Fraction:
    return rounded_half_up(paid * rate / (100 + rate), currency)


def spread_over(
    percent: Decimal | None,
    amount: Decimal | None,
    buckets: list[list[Fraction]],
    currency: str | None,
) -> list[Fraction]:
    """What of a discount or charge falls on each bucket of costs."""
    costs = [cost for bucket in buckets for cost in bucket]
    mixed = any(it < 0 for it in costs) and any(it > 0 for it in costs)
    weights = [
        [(max(it, NOTHING) if mixed else it) if any(costs) else Fraction(1) for it in bucket]
        for bucket in buckets
    ]
    whole = sum((sum(them, NOTHING) for them in weights), NOTHING)
    quotas = [
        sum(bucket, NOTHING) * Fraction(percent or 0) / 100
        + Fraction(amount or 0) * sum(them, NOTHING) / (whole or 1)
        for bucket, them in zip(buckets, weights, strict=True)
    ]
    return split(quotas, rounded_half_up(sum(quotas, NOTHING), currency), currency)


def expected(document: Any) -> dict[str, Any]:
    """Nets of the lines, sums, and base and tax by group, as the rules define them."""
    currency = document.currency
    buckets: dict[tuple[Any, ...], list[int]] = {}
    costs = [rounded_half_up(line_amount(it), currency) for it in document.lines]
    for index, line in enumerate(document.lines):
        if not isinstance(line, CommentLine):
            buckets.setdefault(tuple(levies(line, document)), []).append(index)
    keys = sorted(buckets)
    priced = [[costs[index] for index in buckets[key]] for key in keys]
    offs = spread_over(document.discount_percent, document.discount_amount, priced, currency)
    tops = spread_over(document.charge_percent, document.charge_amount, priced, currency)
    nets = [NOTHING] * len(costs)
    sums = {"net": NOTHING, "tax": NOTHING, "lines": NOTHING, "charge": NOTHING}
    groups: dict[Any, list[Fraction]] = {}
    for key, cost, off, top in zip(keys, priced, offs, tops, strict=True):
        rate = included_rate(key)
        paid = sum(cost, NOTHING) - off + top
        inside = tax_inside(paid, rate, currency)
        lines = sum(cost, NOTHING) - tax_inside(sum(cost, NOTHING), rate, currency)
        base = paid - inside
        sums["net"] += base
        sums["lines"] += lines
        sums["charge"] += top - tax_inside(top, rate, currency) if off else base - lines
        for index, net in zip(
            buckets[key],
            split([it * 100 / (100 + rate) for it in cost], lines, currency),
            strict=True,
        ):
            nets[index] = net
        shares = split(
            [paid * it[0] / (100 + rate) if it[-1] else NOTHING for it in key], inside, currency
        )
        for levy, share in zip(key, shares, strict=True):
            group = groups.setdefault(levy[:-1], [NOTHING, NOTHING, NOTHING])
            group[0] += base
            group[1] += NOTHING if levy[-1] else base
            group[2] += share
    taxes = {
        group: (base, inside + rounded_half_up(on_top * group[0] / 100, currency))
        for group, (base, on_top, inside) in groups.items()
    }
    sums["tax"] = sum((tax for _, tax in taxes.values()), NOTHING)
    sums["gross"] = sums["net"] + sums["tax"]
    sums["discount"] = sums["lines"] + sums["charge"] - sums["net"]
    return {**sums, "taxes": taxes, "nets": nets}


def sums_of(totals: Totals) -> dict[str, Any]:
    """The same form, of what the domain has computed."""
    names = ("net", "tax", "lines", "charge", "gross", "discount")
    return {
        **{name: Fraction(getattr(totals, name)) for name in names},
        "taxes": {
            (Fraction(it.rate), it.category, it.exemption_code or "", it.exemption_text or ""): (
                Fraction(it.base),
                Fraction(it.amount),
            )
            for it in totals.taxes
        },
    }
