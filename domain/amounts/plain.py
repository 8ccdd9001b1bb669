"""A shortcut for plain documents, which are most of them and summed after every change.

Plain is what has no tax inside of prices, no package, and no discount or charge of the document.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from domain.amounts.document import (
    Amounts,
    Document,
    Group,
    groups_of,
    override_of,
    sort_key,
)
from domain.amounts.line import line_net
from domain.amounts.summing import tax_total
from domain.facts.invoice_parts import TaxOverride, TaxTotal, Totals
from domain.facts.lines import CommentLine, PackageLine, Tax
from domain.money import ZERO, product, rounded, total

_PERCENT = Decimal("0.01")


def plain_amounts(document: Document) -> Amounts | None:
    """The amounts of a plain document; nothing for any other."""
    if (
        document.price_includes_tax
        or document.discount_percent
        or document.discount_amount
        or document.charge_percent
        or document.charge_amount
    ):
        return None
    currency = document.currency
    nothing = rounded(ZERO, currency)
    nets: list[Decimal] = []
    by_taxes: dict[tuple[Group, ...], list[Decimal]] = {}
    seen: dict[tuple[Tax, ...], list[Decimal]] = {}
    latest: tuple[Tax, ...] | None = None
    alike: list[Decimal] = []
    for line in document.lines:
        if isinstance(line, CommentLine):
            nets.append(nothing)
            continue
        if isinstance(line, PackageLine):
            return None
        taxes = line.taxes
        # Most lines have the taxes of the line before them, which is told quickest by comparing.
        if taxes != latest:
            latest = taxes
            known = seen.get(taxes)
            if known is None:
                if any(it.included for it in taxes):
                    return None
                known = seen[taxes] = by_taxes.setdefault(groups_of(taxes), [])
            alike = known
        net = line_net(line, currency)
        nets.append(net)
        alike.append(net)
    return Amounts(tuple(nets), sums_by_taxes(by_taxes, currency, document.overrides))


def sums_by_taxes(
    nets: Mapping[tuple[Group, ...], Sequence[Decimal]],
    currency: str | None,
    overrides: Sequence[TaxOverride] = (),
) -> Totals:
    """The sums of nets with these taxes on top of them."""
    nothing = rounded(ZERO, currency)
    bases: dict[Group, Decimal] = {}
    sums: list[Decimal] = [nothing]
    for groups, them in nets.items():
        base = total(them)
        sums.append(base)
        for group in groups:
            bases[group] = total([bases[group], base]) if group in bases else base
    net = total(sums)
    taxes: list[TaxTotal] = []
    for group in sorted(bases, key=sort_key):
        base, override = bases[group], override_of(group, overrides)
        amount = product(base, group.rate, _PERCENT) if override is None else override.amount
        taxes.append(tax_total(group, base, rounded(amount, currency), override))
    tax = total([nothing, *(it.amount for it in taxes)])
    return Totals(
        lines=net,
        discount=nothing,
        charge=nothing,
        net=net,
        tax=tax,
        gross=total([net, tax]),
        taxes=tuple(taxes),
    )
