"""Number series: state, decisions, evolve.

Numbers are given when a document is posted and never before, one series a type, branch and year,
so that none is missing and none is given twice (VAT Directive 2006/112/EC, article 226(2)).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase

import msgspec

from domain.aggregate import Aggregate
from domain.errors import Violation
from domain.facts.series import NumberAssigned
from domain.facts.settings import BookSettings, SeriesRule

# ---------------------------------------------------------------- state


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A run of document numbers. ``latest`` equals the stream's version: see ``NumberAssigned``."""

    latest: int
    latest_date: date


class Numbering(msgspec.Struct, frozen=True, kw_only=True):
    """Which series a document takes its number from, and how the number is written there."""

    series: str
    format: str
    branch: str | None = None


SALES_RULE = SeriesRule(type="Sales", format="INV-{year}-{number:06}")
CREDIT_RULE = SeriesRule(type="Credit", format="CRN-{year}-{number:06}")

_PLACEHOLDER = re.compile(r"\{(year|branch|number(?::0([1-9]|1[0-2]))?)\}")
_LONGEST = 60


# ---------------------------------------------------------------- decisions


def numbering(settings: BookSettings, type_: str, branch: str | None, dated: date) -> Numbering:
    """The numbering of a document of this type (an invoice type, or Credit) of a branch.

    The rule for the branch goes before the one for all branches. Invoices of a type without a rule
    are numbered among those of type Sales. A format that prints the branch counts every branch.
    """
    rule = _rule(settings, type_, branch)
    counted = branch if rule.branch is not None or "{branch}" in rule.format else None
    parts = [rule.type, counted, str(dated.year) if rule.yearly else None]
    return Numbering(
        series="-".join(part.lower() for part in parts if part),
        format=rule.format,
        branch=branch,
    )


def _rule(settings: BookSettings, type_: str, branch: str | None) -> SeriesRule:
    rules = {(rule.type, rule.branch): rule for rule in settings.series}
    default = CREDIT_RULE if type_ == CREDIT_RULE.type else SALES_RULE
    for key in ((type_, branch), (type_, None), (default.type, branch), (default.type, None)):
        if key in rules:
            return rules[key]
    return default


def format_problem(text: str) -> str | None:
    """What is wrong with the format of a series, as a sentence; ``None`` when it can be used."""
    placeholders = [match[0] for match in _PLACEHOLDER.finditer(text)]
    numbers = [it for it in placeholders if it.startswith("{number")]
    around = _PLACEHOLDER.sub("", text)
    if len(text) > _LONGEST:
        return f"A format has at most {_LONGEST} characters."
    if "{" in around or "}" in around:
        return "Use {year}, {branch} and {number}, or {number:06} for at least six digits."
    if len(numbers) != 1:
        return "Write {number} once, or {number:06} for at least six digits."
    if len(set(placeholders)) != len(placeholders):
        return "Write each of {year} and {branch} once at most."
    if not re.fullmatch(r"[A-Za-z0-9 ./_#-]*", around) or text != text.strip():
        return "Besides, use letters, digits, hyphens and . / _ # only, no space at either end."
    if re.search(r"[A-Za-z0-9}]\{branch\}|\{branch\}[A-Za-z0-9{]", text):
        return "Separate {branch} from what stands beside it, for instance by a hyphen."
    return _number_problem(text)


def _number_problem(text: str) -> str | None:
    """Digits beside an unpadded number would make 1 and 11 of two series the same text."""
    before, after = re.split(r"\{number[^}]*\}", text, maxsplit=1)
    if before[-1:].isdigit() or after[:1].isdigit() or after.startswith("{"):
        return "Separate {number} from other digits, for instance by a hyphen."
    return None


def rules_problems(rules: Sequence[SeriesRule]) -> Iterator[tuple[int, str]]:
    """Place and problem of every rule by which a number could be given twice in the book.

    A number identifies its document among all series, so no two of them may print the same text.
    """
    types = {rule.type for rule in rules if rule.branch is None}
    defaults = [it for it in (SALES_RULE, CREDIT_RULE) if it.type not in types]
    for index, rule in enumerate(rules):
        if rule.yearly and "{year}" not in rule.format:
            yield index, "A series that begins anew each year prints {year}; or set yearly false."
        if any(_alike(rule, other) for other in (*rules[:index], *defaults)):
            yield index, "Another series prints the same numbers: begin them with other letters."


def _alike(rule: SeriesRule, other: SeriesRule) -> bool:
    shapes = _shape(rule), _shape(other)
    one_series = rule.type == other.type and any("*" in shape for shape in shapes)
    return not one_series and (fnmatchcase(*shapes) or fnmatchcase(*reversed(shapes)))


def _shape(rule: SeriesRule) -> str:
    """The format with 0 for any digits and * for any branch: numbers of one text have one shape."""
    branch = rule.branch or "*"
    text = re.sub(r"\{(?:year|number)[^}]*\}", "0", rule.format).replace("{branch}", branch)
    return re.sub(r"[0-9]+", "0", text)


def check_series(
    series: Series | None, dated: date, *, pointer: str = "/issueDate"
) -> Iterator[Violation]:
    """P12: dates rise with the numbers of a series."""
    if series is not None and dated < series.latest_date:
        detail = (
            f"The latest number of this series is dated {series.latest_date}; numbers and dates "
            "rise together, so the issue date cannot be earlier."
        )
        yield Violation("P12", pointer, detail)


def check_branch(chosen: Numbering, *, pointer: str = "/branch") -> Iterator[Violation]:
    """P12: a series that prints the branch needs one."""
    if "{branch}" in chosen.format and not chosen.branch:
        detail = f"Numbers are written {chosen.format}: set the branch."
        yield Violation("P12", pointer, detail)


def assign(
    series: Series | None, *, document_id: str, dated: date, numbering: Numbering | None = None
) -> NumberAssigned:
    """Give the document the next number of the series."""
    number = series.latest + 1 if series else 1
    format_ = numbering.format if numbering else SALES_RULE.format
    branch = (numbering.branch if numbering else None) or ""
    text = _PLACEHOLDER.sub(lambda found: _printed(found, number, branch, dated), format_)
    return NumberAssigned(number=number, text=text, document_id=document_id, dated=dated)


def _printed(found: re.Match[str], number: int, branch: str, dated: date) -> str:
    name = found[1]
    if name == "year":
        return f"{dated.year:04d}"
    return branch if name == "branch" else str(number).zfill(int(found[2] or 1))


# ---------------------------------------------------------------- evolve


def evolve(_series: Series | None, fact: NumberAssigned) -> Series:
    """The series after the assignment."""
    return Series(latest=fact.number, latest_date=fact.dated)


SERIES: Aggregate[Series] = Aggregate("series", evolve)
