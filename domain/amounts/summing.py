"""The sums of a document, from its buckets: tax is rounded once for each group."""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import msgspec

from domain.amounts.buckets import Bucket
from domain.amounts.document import Document, Group, override_of, sort_key
from domain.apportionment import half_up
from domain.facts.invoice_parts import BaseTotals, TaxOverride, TaxTotal, Totals
from domain.money import ZERO, difference, minor_units, of_minor_units, product, rounded, total


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


def less(sums: Totals, earlier: Sequence[Totals | None], shown: Container[Group] = ()) -> Totals:
    """The sums without earlier ones. Groups of nothing are left out, but for those ``shown``."""
    before = [it for it in earlier if it is not None]
    taxes = {_group(it): it for it in sums.taxes}
    for it in (tax for one in before for tax in one.taxes):
        so_far = taxes.get(_group(it), msgspec.structs.replace(it, base=ZERO, amount=ZERO))
        taxes[_group(it)] = msgspec.structs.replace(
            so_far,
            base=difference(so_far.base, it.base),
            amount=difference(so_far.amount, it.amount),
        )
    left = (taxes[it] for it in sorted(taxes, key=sort_key) if _any(taxes[it]) or it in shown)

    def rest(name: str) -> Decimal:
        return difference(getattr(sums, name), total(getattr(it, name) for it in before))

    return Totals(
        lines=rest("lines"),
        discount=rest("discount"),
        charge=rest("charge"),
        net=rest("net"),
        tax=rest("tax"),
        gross=rest("gross"),
        taxes=tuple(left),
        base=_base_less(sums.base, [it.base for it in before]),
    )


def _group(tax: TaxTotal) -> Group:
    return Group(tax.rate, tax.category, tax.exemption_code, tax.exemption_text)


def _any(tax: TaxTotal) -> bool:
    return bool(tax.base or tax.amount)


def _base_less(base: BaseTotals | None, earlier: Iterable[BaseTotals | None]) -> BaseTotals | None:
    if base is None:
        return None
    for it in earlier:
        if it is not None:
            base = msgspec.structs.replace(
                base,
                net=difference(base.net, it.net),
                tax=difference(base.tax, it.tax),
                gross=difference(base.gross, it.gross),
            )
    return base


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
