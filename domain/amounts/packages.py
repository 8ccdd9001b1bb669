"""Packages: lines that have one price together, which is split over them for tax.

A line is in the package that its ``package_id`` names, or else in the first one that lists it as a
component. A package is never inside of another one.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from domain.facts.lines import BilledLine, CommentLine, Component, Line, PackageLine
from domain.money import ZERO, product

_ONE = Decimal(1)


def billed_lines(lines: Sequence[Line]) -> dict[int, BilledLine]:
    """The lines that count themselves, by index: no comments, and nothing inside of a package."""
    inside = {index for them in package_members(lines).values() for index in them}
    return {
        index: line
        for index, line in enumerate(lines)
        if not isinstance(line, CommentLine) and index not in inside
    }


def package_members(lines: Sequence[Line]) -> dict[int, tuple[int, ...]]:
    """The indexes of the lines inside of each package, by the package's own index."""
    packages = {it.id: index for index, it in enumerate(lines) if isinstance(it, PackageLine)}
    if not packages:
        return {}
    listed: dict[str, int] = {}
    for index in packages.values():
        package = lines[index]
        assert isinstance(package, PackageLine)
        for component in package.components:
            listed.setdefault(component.line_id, index)
    members: dict[int, tuple[int, ...]] = {}
    for index, line in enumerate(lines):
        if isinstance(line, CommentLine | PackageLine):
            continue
        by = packages.get(line.package_id or "", listed.get(line.id))
        if by is not None:
            members[by] = (*members.get(by, ()), index)
    return members


def package_fractions(package: PackageLine, members: Sequence[BilledLine]) -> list[Fraction]:
    """Which part of the package's price is each member's; together they are 1.

    A component has its percentage, or its amount of the package's unit price. The others share
    what is left by their list prices (their own prices, where there is none). Where percentages
    and amounts are all there is and do not add up, they are taken in proportion.
    """
    components = {it.line_id: it for it in package.components}
    given = [_given(components.get(it.id), package.unit_price) for it in members]
    left = 1 - sum(it for it in given if it is not None)
    weights = [
        Fraction(0) if it is not None else Fraction(_worth(member))
        for it, member in zip(given, members, strict=True)
    ]
    if None in given and not any(weights):
        weights = [Fraction(it is None) for it in given]
    whole = sum(weights)
    rest = Fraction(max(left, Fraction(0)), whole) if whole else Fraction(0)
    fractions = [
        weight * rest if it is None else it for it, weight in zip(given, weights, strict=True)
    ]
    together = sum(fractions)
    if not together:
        return [Fraction(1, len(fractions))] * len(fractions)
    return [Fraction(it, together) for it in fractions]


def _given(component: Component | None, unit_price: Decimal | None) -> Fraction | None:
    if component is None:
        return None
    if component.share_percent is not None:
        return Fraction(Fraction(component.share_percent), 100)
    if component.amount is not None and unit_price:
        return Fraction(Fraction(component.amount), Fraction(unit_price))
    return None


def _worth(line: BilledLine) -> Decimal:
    """What the line would weigh by its list price, or else by its own."""
    price = getattr(line, "list_price", None) or line.unit_price or ZERO
    quantity = _ONE if line.quantity is None else line.quantity
    return product(quantity, price).copy_abs()
