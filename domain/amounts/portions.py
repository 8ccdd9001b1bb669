"""Portions: what of each line is taxed alike.

A line is one portion. A package without taxes of its own has one for each of its components, and
what is inside of a package counts through it only. Comments count nothing.
"""

from collections.abc import Mapping
from fractions import Fraction

import msgspec

from domain.amounts.document import UNTAXED, Document, Levy, group_of, sort_key
from domain.amounts.line import line_fraction, line_net
from domain.amounts.packages import billed_lines, package_fractions, package_members
from domain.apportionment import apportioned, half_up
from domain.facts.lines import CommentLine, Line, PackageLine, Tax
from domain.money import digits_of, minor_units

_WHOLE = Fraction(1)


class Portion(msgspec.Struct, frozen=True):
    """So many minor units of the line at this index, as it is priced, taxes included."""

    line: int
    levies: tuple[Levy, ...]
    priced: int


def portions(document: Document, shares: Mapping[int, Fraction] | None = None) -> list[Portion]:
    """The portions of all lines that are billed; with ``shares`` by index, so much of them only."""
    lines = document.lines
    members = package_members(lines)
    known: dict[tuple[Tax, ...], tuple[Levy, ...]] = {}
    found: list[Portion] = []
    for index, line in billed_lines(lines).items():
        share = _WHOLE if shares is None else shares.get(index, Fraction(0))
        priced = _priced(line, share, document.currency)
        parts = [(line.taxes, priced)]
        if index in members and not line.taxes:
            parts = _parts(line, [lines[it] for it in members[index]], priced)
        for taxes, part in parts:
            levies = known.get(taxes)
            if levies is None:
                levies = known[taxes] = _levies(taxes, document)
            found.append(Portion(index, levies, part))
    return found


def _priced(line: Line, share: Fraction, currency: str | None) -> int:
    if share == _WHOLE:
        return minor_units(line_net(line, currency), currency)
    return half_up(line_fraction(line) * share * 10 ** digits_of(currency))


def _parts(package: Line, members: list[Line], priced: int) -> list[tuple[tuple[Tax, ...], int]]:
    assert isinstance(package, PackageLine)
    billed = [it for it in members if not isinstance(it, CommentLine)]
    fractions = package_fractions(package, billed)
    split = apportioned([priced * it for it in fractions])
    return [(it.taxes, part) for it, part in zip(billed, split, strict=True)]


def _levies(taxes: tuple[Tax, ...], document: Document) -> tuple[Levy, ...]:
    """The taxes in one order, so that it does not matter which is named first."""
    if not taxes:
        return (Levy(UNTAXED, included=False),)
    levies = [
        Levy(group_of(it), document.price_includes_tax if it.included is None else it.included)
        for it in taxes
    ]
    return tuple(sorted(levies, key=lambda it: (sort_key(it.group), it.included)))
