"""The sums of a document, from its buckets: tax is rounded once for each group."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import msgspec

from domain.amounts.buckets import Bucket
from domain.amounts.document import Document, Group, override_of, sort_key
from domain.apportionment import half_up
from domain.facts.invoice_parts import BaseTotals, TaxOverride, TaxTotal, Totals
from domain.money import difference, minor_units, of_minor_units, product, rounded


class GroupSum(msgspec.Struct):
    """One group of taxes, in minor units: its base, and how much of that is taxed on top."""

    base: int = 0
    taxed_on_top: int = 0
    included: int = 0
    on_top: bool = False


def group_sums(found: Sequence[Bucket]) -> dict[Group, GroupSum]:
    """The sums of each group, in their order."""
    sums: dict[Group, GroupSum] = {}
    for bucket in found:
        base = bucket.base
        for levy, included in zip(bucket.levies, bucket.included, strict=True):
            group = sums.setdefault(levy.group, GroupSum())
            group.base += base
            if levy.included:
                group.included += included
            else:
                group.taxed_on_top += base
                group.on_top = True
    return {it: sums[it] for it in sorted(sums, key=sort_key)}


def fixed_taxes(sums: Mapping[Group, GroupSum], document: Document) -> dict[Group, int]:
    """The taxes on top of prices that are set by hand, in minor units."""
    fixed: dict[Group, int] = {}
    for group, it in sums.items():
        override = override_of(group, document.overrides) if it.on_top else None
        if override is not None:
            fixed[group] = minor_units(override.amount, document.currency) - it.included
    return fixed


def summed(
    found: Sequence[Bucket],
    document: Document,
    sums: Mapping[Group, GroupSum],
    fixed: Mapping[Group, int],
) -> Totals:
    """The totals; ``fixed`` are taxes on top of prices that are not computed."""
    currency = document.currency
    taxes: list[TaxTotal] = []
    tax = 0
    for group, it in sums.items():
        amount = fixed.get(group)
        if amount is None:
            amount = half_up(it.taxed_on_top * Fraction(group.rate), 100)
        tax += amount + it.included
        taxes.append(
            tax_total(
                group,
                of_minor_units(it.base, currency),
                of_minor_units(amount + it.included, currency),
                override_of(group, document.overrides),
            )
        )
    net = sum(it.base for it in found)
    return Totals(
        lines=of_minor_units(sum(it.lines for it in found), currency),
        discount=of_minor_units(sum(it.discount for it in found), currency),
        charge=of_minor_units(sum(it.charge for it in found), currency),
        net=of_minor_units(net, currency),
        tax=of_minor_units(tax, currency),
        gross=of_minor_units(net + tax, currency),
        taxes=tuple(taxes),
    )


def tax_total(
    group: Group, base: Decimal, amount: Decimal, override: TaxOverride | None
) -> TaxTotal:
    """The group as it stands in totals."""
    return TaxTotal(
        rate=group.rate,
        category=group.category,
        base=base,
        amount=amount,
        exemption_code=group.exemption_code,
        exemption_text=group.exemption_text,
        override=None if override is None else override.reason,
    )


def converted(totals: Totals, base_currency: str, rate: Decimal, rate_date: date) -> BaseTotals:
    """The sums in the book's currency. Tax and gross are converted once each.

    The net is what they leave, so that what is reported and what is owed are both exact.
    """
    tax = rounded(product(totals.tax, rate), base_currency)
    gross = rounded(product(totals.gross, rate), base_currency)
    net = difference(gross, tax)
    return BaseTotals(
        currency=base_currency, rate=rate, rate_date=rate_date, net=net, tax=tax, gross=gross
    )
