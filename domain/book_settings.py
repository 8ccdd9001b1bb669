"""Settings of a book: state, decisions, evolve. A book has them from the start: the defaults."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from zoneinfo import available_timezones

from domain.aggregate import Aggregate, Fact, Read
from domain.changes import differing, patched
from domain.errors import RuleBroken, Violation
from domain.facts.settings import BookSettings, SeriesRule, SettingsChanged
from domain.limits import beyond
from domain.money import EXPONENTS, ZERO
from domain.series import format_problem, rules_problems

# ---------------------------------------------------------------- state

BOOK = "book"
"""The id of the one stream of this kind in a book."""

DEFAULTS = BookSettings()

CREDIT_CHECKS = ("refuse", "warn", "off")
SERIES_TYPES = ("Sales", "Service", "Warranty", "Credit")


def settings_of(read: Read) -> BookSettings:
    """The settings of the book, or the defaults while nobody has changed any."""
    return read(SETTINGS(BOOK)) or DEFAULTS


# ---------------------------------------------------------------- decisions


def change(settings: BookSettings, to: BookSettings, fields: Sequence[str]) -> list[Fact]:
    """Change settings. What is so already is no change, and makes no fact.

    Raises:
        RuleBroken: A value makes no sense; all such values are named.
    """
    names = differing(settings, to, fields)
    violations = tuple(_violations(settings, patched(settings, to, names)))
    if violations:
        raise RuleBroken(violations)
    return [SettingsChanged(to=to, fields=names)] if names else []


def _violations(before: BookSettings, after: BookSettings) -> Iterator[Violation]:
    if before.base_currency and after.base_currency != before.base_currency:
        detail = (
            f"The book is kept in {before.base_currency}, which cannot change: amounts of the past "
            "were converted to it. Open another book."
        )
        yield Violation("settings-base-currency", "/baseCurrency", detail)
    named = [("/baseCurrency", after.base_currency), *_each("/currencies", after.currencies)]
    for pointer, currency in named:
        if currency is not None and currency not in EXPONENTS:
            detail = f"{currency!r} is not a currency of ISO 4217 that is in use."
            yield Violation("settings-currency", pointer, detail)
    if after.time_zone not in available_timezones():
        detail = f"{after.time_zone!r} is not a time zone of the IANA database, such as UTC."
        yield Violation("settings-time-zone", "/timeZone", detail)
    if after.credit_check not in CREDIT_CHECKS:
        detail = f"creditCheck is one of {', '.join(CREDIT_CHECKS)}."
        yield Violation("settings-credit-check", "/creditCheck", detail)
    yield from beyond(after)
    yield from _limit_violations(after)
    yield from _series_violations(after.series)


def _each(pointer: str, values: Sequence[str]) -> list[tuple[str, str | None]]:
    return [(f"{pointer}/{index}", value) for index, value in enumerate(values)]


def _limit_violations(after: BookSettings) -> Iterator[Violation]:
    limits: tuple[tuple[str, Decimal | int | None], ...] = (
        ("/approvalLimit", after.approval_limit),
        ("/smallDifference", after.small_difference),
        ("/paymentDays", after.payment_days),
        ("/daysAhead", after.days_ahead),
        ("/duplicateDays", after.duplicate_days),
    )
    for pointer, limit in limits:
        finite = not isinstance(limit, Decimal) or limit.is_finite()
        if limit is not None and finite and limit < ZERO:
            yield Violation("settings-limit", pointer, "It cannot be below zero.")


def _series_violations(rules: Sequence[SeriesRule]) -> Iterator[Violation]:
    seen = set()
    for index, rule in enumerate(rules):
        at = f"/series/{index}"
        if rule.type not in SERIES_TYPES:
            detail = f"type is one of {', '.join(SERIES_TYPES)}."
            yield Violation("settings-series", f"{at}/type", detail)
        if (rule.type, rule.branch) in seen:
            detail = "There is a rule for this type and branch already: keep one of them."
            yield Violation("settings-series", at, detail)
        seen.add((rule.type, rule.branch))
        problem = format_problem(rule.format)
        if problem:
            yield Violation("settings-series", f"{at}/format", problem)
    for index, problem in rules_problems(rules):
        yield Violation("settings-series", f"/series/{index}/format", problem)


# ---------------------------------------------------------------- evolve


def evolve(settings: BookSettings | None, fact: SettingsChanged) -> BookSettings:
    """The settings after the change."""
    return patched(settings or DEFAULTS, fact.to, fact.fields)


SETTINGS: Aggregate[BookSettings] = Aggregate("settings", evolve)
