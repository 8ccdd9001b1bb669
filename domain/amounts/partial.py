"""Parts of a posted document: its buckets with some share of each line, from nothing to all."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from domain.amounts.buckets import Bucket, buckets, spreads
from domain.amounts.document import Document, Group, Levy
from domain.amounts.portions import Portion, portions
from domain.amounts.spreading import Spread
from domain.amounts.summing import GroupSum, fixed_taxes, group_sums, summed
from domain.apportionment import allocated, half_up
from domain.facts.invoice_parts import Totals
from domain.money import minor_units, of_minor_units

_NOTHING = Fraction(0)

Shares = Mapping[int, Fraction]
"""How much of each line is meant, by its index: 1 is all of it."""


class Part(msgspec.Struct, frozen=True):
    """What a share of a document comes to: nets, and groups of taxes, by index of the line."""

    nets: dict[int, Decimal]
    groups: dict[int, set[Group]]
    totals: Totals


def part_of(document: Document, shares: Shares, known: Mapping[int, Decimal]) -> Part:
    """What these shares of the lines come to; what all of them come to is the document itself.

    ``known`` are nets of lines that were settled before and stay as they were.
    """
    found = portions(document)
    priced: dict[tuple[Levy, ...], list[Portion]] = {}
    for it in portions(document, shares):
        priced.setdefault(it.levies, []).append(it)
    whole = buckets(document, found)
    spread = spreads(document, found)
    cut = [_cut(it, priced[it.levies], shares, spread) for it in whole]
    nets = _nets(cut)
    for index, amount in known.items():
        more = minor_units(amount, document.currency) - nets.get(index, 0)
        if more and index in nets:
            cut = _with_net(cut, index, more)
            nets[index] += more
    sums = group_sums(cut)
    totals = summed(cut, document, sums, _fixed(document, whole, sums, shares))
    amounts = {index: of_minor_units(net, document.currency) for index, net in nets.items()}
    return Part(amounts, _groups(whole), totals)


def _groups(found: Sequence[Bucket]) -> dict[int, set[Group]]:
    groups: dict[int, set[Group]] = {}
    for bucket in found:
        for portion in bucket.portions:
            groups.setdefault(portion.line, set()).update(it.group for it in bucket.levies)
    return groups


def _nets(found: Sequence[Bucket]) -> dict[int, int]:
    nets: dict[int, int] = {}
    for bucket in found:
        for portion, net in zip(bucket.portions, bucket.nets, strict=True):
            nets[portion.line] = nets.get(portion.line, 0) + net
    return nets


def _cut(
    bucket: Bucket, priced: Sequence[Portion], shares: Shares, spread: tuple[Spread, Spread]
) -> Bucket:
    """The share of a bucket. What is paid is rounded once, and so is the tax inside of it."""
    of = [shares.get(it.line, _NOTHING) for it in bucket.portions]
    nets = [
        new.priced - half_up((old.priced - net) * share)
        for new, old, net, share in zip(priced, bucket.portions, bucket.nets, of, strict=True)
    ]
    off = _fallen(spread[0], bucket.off, bucket.portions, of)
    on_top = _fallen(spread[1], bucket.on_top, bucket.portions, of)
    discount = off - _tax_inside(bucket.off, bucket.discount, off)
    charge = on_top - _tax_inside(bucket.on_top, bucket.charge, on_top)
    paid = sum(it.priced for it in priced) - off + on_top
    tax = paid - (sum(nets) - discount + charge)
    weights = bucket.included if any(bucket.included) else [it.included for it in bucket.levies]
    return Bucket(
        levies=bucket.levies,
        portions=tuple(priced),
        nets=tuple(nets),
        off=off,
        on_top=on_top,
        discount=discount,
        charge=charge,
        included=tuple(allocated(tax, weights)),
    )


def _fallen(
    spread: Spread, whole: int, found: Sequence[Portion], shares: Sequence[Fraction]
) -> int:
    """How much of a bucket's discount or charge falls on these shares.

    What rounding gave to the bucket or took from it goes with the shares as well.
    """
    rounding = whole - spread.on(found)
    return half_up(spread.on(found, shares) + rounding * Fraction(sum(shares), len(shares)))


def _tax_inside(whole: int, net: int, part: int) -> int:
    return half_up(Fraction((whole - net) * part, whole)) if whole else 0


def _with_net(found: Sequence[Bucket], index: int, more: int) -> list[Bucket]:
    """The buckets with so much more net, and price, for the first portion of the line."""
    for at, bucket in enumerate(found):
        for number, portion in enumerate(bucket.portions):
            if portion.line == index:
                nets = list(bucket.nets)
                nets[number] += more
                changed = msgspec.structs.replace(bucket, nets=tuple(nets))
                return [*found[:at], changed, *found[at + 1 :]]
    return [*found]


def _fixed(
    document: Document, whole: Sequence[Bucket], sums: Mapping[Group, GroupSum], shares: Shares
) -> dict[Group, int]:
    """Taxes that were set by hand, in proportion to what they are on."""
    before = group_sums(whole)
    fixed: dict[Group, int] = {}
    for group, amount in fixed_taxes(before, document).items():
        base = before[group].taxed_on_top
        share = Fraction(sums[group].taxed_on_top, base) if base else _mean(whole, group, shares)
        fixed[group] = half_up(amount * share)
    return fixed


def _mean(whole: Sequence[Bucket], group: Group, shares: Shares) -> Fraction:
    of = [
        shares.get(portion.line, _NOTHING)
        for bucket in whole
        if any(it.group == group for it in bucket.levies)
        for portion in bucket.portions
    ]
    return Fraction(sum(of), len(of))
