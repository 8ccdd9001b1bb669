"""Buckets: the portions with equal taxes, and what of the document's discounts is theirs.

Where prices include taxes, what is to be paid for a bucket is fixed: its net is that less taxes.
"""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from domain.amounts.document import Document, Group, Levy, override_of, sort_key
from domain.amounts.portions import Portion
from domain.amounts.spreading import Spread, spread
from domain.apportionment import allocated, apportioned
from domain.money import minor_units

_WHOLE = 100
"""Percent of a net that the net itself is."""


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """Portions with equal taxes. All amounts are in minor units.

    ``nets`` of the portions, ``discount`` and ``charge`` are without tax; ``off`` and ``on_top``
    are that discount and charge as priced. ``included`` is the tax in the price, by levy.
    """

    levies: tuple[Levy, ...]
    portions: tuple[Portion, ...]
    nets: tuple[int, ...]
    off: int
    on_top: int
    discount: int
    charge: int
    included: tuple[int, ...]

    @property
    def lines(self) -> int:
        """What the portions come to without tax."""
        return sum(self.nets)

    @property
    def base(self) -> int:
        """What is taxed."""
        return self.lines - self.discount + self.charge


def spreads(document: Document, found: Sequence[Portion]) -> tuple[Spread, Spread]:
    """How the discount and the charge of the document fall on its portions."""
    currency = document.currency
    return (
        spread(document.discount_percent, document.discount_amount, found, currency),
        spread(document.charge_percent, document.charge_amount, found, currency),
    )


def buckets(document: Document, found: Sequence[Portion]) -> list[Bucket]:
    """The portions by their taxes, in the order of these. Discounts are split without a loss."""
    by_levies: dict[tuple[Levy, ...], list[Portion]] = {}
    for portion in found:
        by_levies.setdefault(portion.levies, []).append(portion)
    keys = sorted(by_levies, key=_order)
    discount, charge = spreads(document, found)
    offs = apportioned([discount.on(by_levies[key]) for key in keys])
    tops = apportioned([charge.on(by_levies[key]) for key in keys])
    priced = [sum(it.priced for it in by_levies[key]) for key in keys]
    paid = [cost - off + top for cost, off, top in zip(priced, offs, tops, strict=True)]
    taxes = [_included(key, it) for key, it in zip(keys, paid, strict=True)]
    shifts = _override_included(document, keys, paid, taxes)
    return [
        _bucket(key, by_levies[key], (offs[at], tops[at]), taxes[at], shifts[at])
        for at, key in enumerate(keys)
    ]


def _bucket(
    levies: tuple[Levy, ...],
    found: list[Portion],
    priced: tuple[int, int],
    taxes: list[int],
    shift: int,
) -> Bucket:
    """``shift`` is how much more tax is in the price than computed, because it was overridden."""
    off, on_top = priced
    nets = _nets(levies, found, shift)
    lines = sum(nets)
    base = sum(it.priced for it in found) - off + on_top - sum(taxes)
    # Nothing of the difference is lost: where there is one of the two, it is all of it.
    charge = on_top - sum(_included(levies, on_top)) if off else base - lines
    return Bucket(
        levies=levies,
        portions=tuple(found),
        nets=tuple(nets),
        off=off,
        on_top=on_top,
        discount=lines + charge - base,
        charge=charge,
        included=tuple(taxes),
    )


def _order(levies: tuple[Levy, ...]) -> list[tuple[object, ...]]:
    return [(sort_key(it.group), it.included) for it in levies]


def _included(levies: Sequence[Levy], paid: int) -> list[int]:
    """The tax that what is paid includes, by levy: rounded once, split by largest remainder."""
    rates = [Fraction(it.group.rate) if it.included else Fraction(0) for it in levies]
    gross = _WHOLE + sum(rates)
    if gross <= 0 or not any(rates):
        return [0] * len(rates)
    return apportioned([Fraction(paid * rate, gross) for rate in rates])


def _nets(levies: Sequence[Levy], found: Sequence[Portion], shift: int) -> list[int]:
    priced = [it.priced for it in found]
    rate = sum((Fraction(it.group.rate) for it in levies if it.included), Fraction(0))
    gross = _WHOLE + rate
    if rate and gross > 0:
        whole = sum(priced) - sum(_included(levies, sum(priced)))
        scale = _WHOLE * gross.denominator
        priced = apportioned([it * scale for it in priced], gross.numerator, whole=whole)
    if not shift:
        return priced
    shifts = allocated(shift, priced)
    return [net - it for net, it in zip(priced, shifts, strict=True)]


def _override_included(
    document: Document,
    keys: Sequence[tuple[Levy, ...]],
    paid: Sequence[int],
    taxes: Sequence[list[int]],
) -> list[int]:
    """Set the taxes inside of prices by hand where so said; how much more it is for each bucket.

    What is paid stays as it is. A group that is partly on top of prices takes it there instead.
    """
    shifts = [0] * len(keys)
    if not document.overrides:
        return shifts
    places: dict[Group, list[tuple[int, int]]] = {}
    on_top: set[Group] = set()
    for at, levies in enumerate(keys):
        for number, levy in enumerate(levies):
            places.setdefault(levy.group, []).append((at, number))
            if not levy.included:
                on_top.add(levy.group)
    for group, where in places.items():
        override = override_of(group, document.overrides)
        if override is None or group in on_top:
            continue
        computed = sum(taxes[at][number] for at, number in where)
        more = minor_units(override.amount, document.currency) - computed
        parts = allocated(more, [paid[at] for at, _ in where])
        for (at, number), part in zip(where, parts, strict=True):
            taxes[at][number] += part
            shifts[at] += part
    return shifts
