"""Rules about serial numbers, warranties, packages, codes and lowest prices: P28 to P33."""

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from datetime import date
from decimal import Decimal

import msgspec

from domain.amounts.line import line_net
from domain.errors import Violation
from domain.facts.lines import (
    BilledLine,
    CommentLine,
    Component,
    ItemLine,
    ModelLine,
    PackageLine,
    WarrantyLine,
    kind_of,
)
from domain.invoice.checks import serials_twice
from domain.money import ZERO, total
from domain.posting.case import Case, Named
from domain.serial import check_free

_WHOLE = Decimal(100)


def check_goods(case: Case) -> Iterator[Violation]:
    """P28 to P33, in this order."""
    yield from _serials(case)
    yield from _warranties(case)
    yield from _packages(case)
    for named in case.named:
        yield from _obsolete(named)
    if "P32" not in case.asked.overrides:
        yield from _below_minimum(case)


def warn_of_goods(case: Case) -> Iterator[Violation]:
    """P31 and P33: codes that are unknown or out of time; P32 where the caller may go below."""
    for named in case.named:
        yield from _doubtful(named, case.issue_date)
    if "P32" in case.asked.overrides:
        yield from _below_minimum(case)


def remarks(named: Named, day: date) -> Iterator[Violation]:
    """P31 and P33 about one line, while it is written: everything that its code gives to say."""
    yield from _obsolete(named)
    yield from _doubtful(named, day)


def _serials(case: Case) -> Iterator[Violation]:
    """P28: not more serial numbers than pieces, each once, none that is another invoice's."""
    for at, line in case.billed:
        if not isinstance(line, ModelLine):
            continue
        if line.quantity is not None and len(line.serials) > max(line.quantity, ZERO):
            detail = f"{len(line.serials)} serial numbers for {line.quantity} pieces: release some."
            yield Violation("P28", f"{at}/serials", detail)
    yield from serials_twice(case.invoice.lines)
    yield from check_free(case.read, case.invoice_id, case.invoice)


def _warranties(case: Case) -> Iterator[Violation]:
    """P29: a warranty covers a model of this invoice, one of its serials, or a named serial."""
    models = {line.id: line for _, line in case.billed if isinstance(line, ModelLine)}
    for at, line in case.billed:
        if not isinstance(line, WarrantyLine):
            continue
        if not line.covers:
            detail = "Say what the warranty covers: a model line, or a serial number."
            yield Violation("P29", f"{at}/covers", detail)
        for index, covered in enumerate(line.covers):
            pointer = f"{at}/covers/{index}"
            numbers = _numbers(models.get(covered.line_id or ""))
            if covered.line_id is not None and covered.line_id not in models:
                detail = f"{covered.line_id!r} is no model line of this invoice."
                yield Violation("P29", f"{pointer}/lineId", detail)
            elif covered.line_id is None and not covered.serial_number:
                yield Violation("P29", pointer, "Name a model line, a serial number, or both.")
            elif numbers and covered.serial_number and covered.serial_number not in numbers:
                detail = f"Serial number {covered.serial_number!r} is not under that model line."
                yield Violation("P29", f"{pointer}/serialNumber", detail)


def _numbers(line: ModelLine | None) -> set[str]:
    return {it.serial_number for it in line.serials} if line else set()


def _packages(case: Case) -> Iterator[Violation]:
    """P30: a package has components, lines of this invoice, whose parts are the package's price."""
    lines = case.invoice.lines
    packages = {line.id: line for line in lines if isinstance(line, PackageLine)}
    named = Counter(it.line_id for package in packages.values() for it in package.components)
    for index, line in enumerate(lines):
        if isinstance(line, CommentLine):
            continue
        at = f"/lines/{index}"
        if line.package_id is not None:
            yield from _inside_of(line, packages, at)
        if not isinstance(line, PackageLine):
            continue
        members = case.members.get(index)
        if not members:
            detail = "A package consists of other lines of the invoice: name its components."
            yield Violation("P30", f"{at}/components", detail)
            continue
        yield from _components(line, {lines[it].id for it in members}, named, at)
        yield from _parts(line, len(members), at)


def _inside_of(line: BilledLine, packages: Container[str], at: str) -> Iterator[Violation]:
    """What it is inside of is a package on this invoice, and it is none itself."""
    if isinstance(line, PackageLine):
        detail = "A package cannot be inside of another one: put its lines into that one."
        yield Violation("P30", f"{at}/packageId", detail)
    elif line.package_id not in packages:
        detail = f"There is no package {line.package_id!r} on this invoice."
        yield Violation("P30", f"{at}/packageId", detail)


def _components(
    package: PackageLine, members: Container[str], named: Mapping[str, int], at: str
) -> Iterator[Violation]:
    """Each is inside of this package alone. Another package never is, so it is no component."""
    for index, component in enumerate(package.components):
        pointer = f"{at}/components/{index}/lineId"
        if named[component.line_id] > 1:
            yield Violation("P30", pointer, "A line is a component once, of one package.")
        elif component.line_id not in members:
            detail = f"{component.line_id!r} is no line that can be inside of this package."
            yield Violation("P30", pointer, detail)


def _parts(package: PackageLine, members: int, at: str) -> Iterator[Violation]:
    """What is said of all components adds up; of some of them, it leaves something to the rest."""
    said = [it for it in package.components if _is_said(it)]
    if not said:
        return
    every = len(said) == members
    for name, values, whole in (
        ("sharePercent", [it.share_percent for it in said], _WHOLE),
        ("amount", [it.amount for it in said], package.unit_price),
    ):
        parts = [it for it in values if it is not None]
        if not parts or whole is None:
            continue
        alone = len(parts) == len(said)
        together = total(parts)
        wrong = together != whole if every and alone else together > whole
        if wrong or min(parts) < ZERO:
            detail = f"The components come to {together}, the package to {whole}: make them agree."
            yield Violation("P30", f"{at}/components", f"{detail} ({name})")


def _is_said(component: Component) -> bool:
    return component.share_percent is not None or component.amount is not None


# ---------------------------------------------------------------- codes


def _obsolete(named: Named) -> Iterator[Violation]:
    """P31 for charges, P33 for what is sold: it is not obsolete."""
    product, entry = named.product, named.entry
    if (product and product.status == "Obsolete") or (entry and entry.obsolete):
        detail = f"{named.line.code!r} is obsolete and cannot be billed: take another code."
        yield Violation(_code(named), f"{named.at}/code", detail)


def _doubtful(named: Named, day: date) -> Iterator[Violation]:
    yield from _unknown(named)
    yield from _discontinued(named)
    yield from _out_of_time(named, day)


def _unknown(named: Named) -> Iterator[Violation]:
    if named.product is None and named.entry is None:
        detail = f"There is no {kind_of(named.line)} {named.line.code!r} in the master data."
        yield Violation(_code(named), f"{named.at}/code", detail)


def _discontinued(named: Named) -> Iterator[Violation]:
    product = named.product
    if product is not None and (product.status == "Discontinued" or not product.active):
        detail = f"{named.line.code!r} is discontinued: bill it while there is any."
        yield Violation(_code(named), f"{named.at}/code", detail)


def _out_of_time(named: Named, day: date) -> Iterator[Violation]:
    entry = named.entry
    if entry is not None and not entry.within(day):
        begin, end = entry.start_date or "ever", entry.end_date or "on"
        detail = f"{named.line.code!r} is meant for {begin} to {end}, not for {day}."
        yield Violation(_code(named), f"{named.at}/code", detail)


def _code(named: Named) -> str:
    return "P31" if kind_of(named.line) == "misc" else "P33"


def _below_minimum(case: Case) -> Iterator[Violation]:
    """P32: what is left of the price after the discount is not below the lowest price."""
    inside = case.inside
    for at, line in case.billed:
        if not isinstance(line, ModelLine | ItemLine) or line.min_price is None:
            continue
        if line.unit_price is None or at in inside:
            continue
        plain = msgspec.structs.replace(line, charge_amount=None)
        least = msgspec.structs.replace(
            plain, unit_price=line.min_price, discount_percent=None, discount_amount=None
        )
        sold, lowest = (
            line_net(plain, case.invoice.currency),
            line_net(least, case.invoice.currency),
        )
        if sold.copy_abs() < lowest.copy_abs():
            detail = f"The lowest price is {line.min_price}: raise the price or cut the discount."
            yield Violation("P32", f"{at}/unitPrice", detail)
