"""Tax code: state, decisions, evolve."""

from collections.abc import Sequence
from datetime import date
from typing import TypeAlias, assert_never

import msgspec

from domain.aggregate import Aggregate, Change, Fact, Read
from domain.changes import differing, named, patched
from domain.errors import AlreadyExists, NotAllowed, RuleBroken, Violation
from domain.facts.lines import Tax
from domain.facts.tax_code import (
    TaxCodeArchived,
    TaxCodeChanged,
    TaxCodeCreated,
    TaxCodeDetails,
    TaxCodeUnarchived,
)
from domain.limits import TAX_RATE
from domain.money import ZERO

# ---------------------------------------------------------------- state


class TaxCode(TaxCodeDetails, frozen=True, kw_only=True):
    """A tax by the code that people use, such as ``STD``."""

    active: bool = True

    def valid_on(self, day: date) -> bool:
        """Whether the code may be used for what is dated so."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)


CATEGORIES = ("S", "Z", "E", "AE", "K", "G", "O", "L", "M")
"""UNCL 5305, as EN 16931 allows: standard, zero, exempt, reverse charge, intra-community, export,
outside the scope, Canary Islands (IGIC), Ceuta and Melilla (IPSI)."""

UNTAXED = frozenset({"Z", "E", "AE", "K", "G", "O"})
"""The categories whose rate is zero."""


def tax_of(code: str, tax_code: TaxCode) -> Tax:
    """The tax that a line gets when it names the code."""
    return Tax(
        code=code,
        rate=tax_code.rate,
        category=tax_code.category,
        included=tax_code.included,
        jurisdiction=tax_code.jurisdiction,
        exemption_code=tax_code.exemption_code,
        exemption_text=tax_code.exemption_text,
    )


# ---------------------------------------------------------------- decisions


def create(read: Read, code: str, created: TaxCodeCreated) -> list[Change]:
    """Create a tax code."""
    if read(TAX_CODE(code)) is not None:
        raise AlreadyExists("tax-code", code)
    _check(created)
    return [(TAX_CODE(code), [created])]


def change(tax_code: TaxCode, to: TaxCodeDetails, fields: Sequence[str]) -> list[Fact]:
    """Change fields; lines that were written before keep the tax that they got."""
    names = differing(tax_code, to, fields)
    _check(patched(tax_code, to, names))
    return [TaxCodeChanged(to=to, fields=names)] if names else []


def archive(tax_code: TaxCode) -> list[Fact]:
    """Offer the tax code no more."""
    if not tax_code.active:
        raise NotAllowed("The tax code is archived already.", actions=("unarchive",))
    return [TaxCodeArchived()]


def unarchive(tax_code: TaxCode) -> list[Fact]:
    """Offer the tax code again."""
    if tax_code.active:
        raise NotAllowed("The tax code is not archived.", actions=("archive",))
    return [TaxCodeUnarchived()]


def _check(details: TaxCodeDetails) -> None:
    violations = []
    if details.category not in CATEGORIES:
        detail = f"The category is one of {', '.join(CATEGORIES)} (UNCL 5305)."
        violations.append(Violation("tax-category", "/category", detail))
    if not TAX_RATE.admits(details.rate):
        detail = f"The rate is in percent, {TAX_RATE}."
        violations.append(Violation("tax-rate", "/rate", detail))
    elif details.category in UNTAXED and details.rate != ZERO:
        detail = f"The rate of category {details.category} is 0."
        violations.append(Violation("tax-rate", "/rate", detail))
    if details.valid_from and details.valid_to and details.valid_to < details.valid_from:
        detail = "validTo cannot be before validFrom."
        violations.append(Violation("tax-validity", "/validTo", detail))
    if violations:
        raise RuleBroken(tuple(violations))


# ---------------------------------------------------------------- evolve

TaxCodeFact: TypeAlias = TaxCodeCreated | TaxCodeChanged | TaxCodeArchived | TaxCodeUnarchived


def evolve(tax_code: TaxCode | None, fact: TaxCodeFact) -> TaxCode | None:
    """The tax code after the fact."""
    if isinstance(fact, TaxCodeCreated):
        return TaxCode(**named(fact))
    if tax_code is None:
        return None
    match fact:
        case TaxCodeChanged():
            return patched(tax_code, fact.to, fact.fields)
        case TaxCodeArchived():
            return msgspec.structs.replace(tax_code, active=False)
        case TaxCodeUnarchived():
            return msgspec.structs.replace(tax_code, active=True)
        case _:
            assert_never(fact)


TAX_CODE: Aggregate[TaxCode] = Aggregate("tax-code", evolve)
