"""Code tables: entries that documents name by their code. State, decisions, evolve."""

from collections.abc import Sequence
from datetime import date
from typing import TypeAlias, assert_never

from domain.aggregate import Aggregate, Change, Fact, Read, Stream
from domain.changes import differing, named, patched
from domain.errors import AlreadyExists, NotFound, RuleBroken, Violation
from domain.facts.code_entry import CodeChanged, CodeCreated, CodeDetails, CodeRemoved
from domain.limits import PRICE, beyond

# ---------------------------------------------------------------- state

TABLES = {
    "branches": "Places of business",
    "comments": "Texts that are printed on documents",
    "departments": "Departments",
    "job-statuses": "How far a job is",
    "labor-rates": "Prices of an hour of work",
    "locations": "Where goods are kept",
    "misc": "Misc charges and credits",
    "payment-methods": "How money comes in",
    "reason-codes": "Why a credit note was written",
    "referrals": "Where a sale came from",
    "salespeople": "Who sold",
    "table1": "The book's own first table",
    "table2": "The book's own second table",
    "technicians": "Who works",
    "terminals": "Tills and terminals",
    "terms": "When and how is to be paid; the amount is the days until then",
    "warranties": "Extended warranties",
}
"""The code tables that every book has, and what their entries are."""


class CodeEntry(CodeDetails, frozen=True, kw_only=True):
    """An entry of a code table."""

    def within(self, day: date) -> bool:
        """Whether the day lies inside of the entry's dates."""
        begun = self.start_date is None or self.start_date <= day
        return begun and (self.end_date is None or day <= self.end_date)


def entry_of(table: str, code: str) -> Stream[CodeEntry]:
    """The entry's stream. Raises ``NotFound`` when there is no such table."""
    if table not in TABLES:
        raise NotFound("code table", table)
    return CODE_ENTRY(f"{table}/{code}")


# ---------------------------------------------------------------- decisions


def create(read: Read, table: str, code: str, created: CodeCreated) -> list[Change]:
    """Add an entry to a table. The code of a removed entry may be used again."""
    stream = entry_of(table, code)
    if read(stream) is not None:
        raise AlreadyExists(f"code of table {table}", code)
    _check(created)
    return [(stream, [created])]


def change(entry: CodeEntry, to: CodeDetails, fields: Sequence[str]) -> list[Fact]:
    """Change fields; documents keep what they copied."""
    names = differing(entry, to, fields)
    _check(patched(entry, to, names))
    return [CodeChanged(to=to, fields=names)] if names else []


def remove(_entry: CodeEntry) -> list[Fact]:
    """Take the entry off its table."""
    return [CodeRemoved()]


def _check(details: CodeDetails) -> None:
    violations = [*beyond(details, amount=PRICE)]
    start, end = details.start_date, details.end_date
    if start and end and end < start:
        detail = f"endDate cannot be before startDate {start}."
        violations.append(Violation("code-dates", "/endDate", detail))
    if violations:
        raise RuleBroken(tuple(violations))


# ---------------------------------------------------------------- evolve

CodeFact: TypeAlias = CodeCreated | CodeChanged | CodeRemoved


def evolve(entry: CodeEntry | None, fact: CodeFact) -> CodeEntry | None:
    """The entry after the fact; ``None`` once it is removed."""
    if isinstance(fact, CodeCreated):
        return CodeEntry(**named(fact))
    if entry is None:
        return None
    match fact:
        case CodeChanged():
            return patched(entry, fact.to, fact.fields)
        case CodeRemoved():
            return None
        case _:
            assert_never(fact)


CODE_ENTRY: Aggregate[CodeEntry] = Aggregate("code", evolve)
