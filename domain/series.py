"""Number series: state, decisions, evolve."""

from datetime import date

import msgspec

from domain.aggregate import Aggregate
from domain.facts.series import NumberAssigned

# ---------------------------------------------------------------- state


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A run of document numbers. ``latest`` equals the stream's version: see ``NumberAssigned``."""

    latest: int
    latest_date: date


def sales_series(issue_date: date) -> str:
    """The series of a sales invoice: one a year (VAT Directive 2006/112/EC, article 226(2))."""
    return f"sales-{issue_date.year}"


# ---------------------------------------------------------------- decisions


def assign(series: Series | None, *, document_id: str, dated: date) -> NumberAssigned:
    """Give the document the next number of the series."""
    number = series.latest + 1 if series else 1
    text = f"INV-{dated.year}-{number:06d}"
    return NumberAssigned(number=number, text=text, document_id=document_id, dated=dated)


# ---------------------------------------------------------------- evolve


def evolve(_series: Series | None, fact: NumberAssigned) -> Series:
    """The series after the assignment."""
    return Series(latest=fact.number, latest_date=fact.dated)


SERIES: Aggregate[Series] = Aggregate("series", evolve)
