"""Rows as they come from the database."""

from decimal import Decimal
from typing import Any

from asyncpg import Record

from domain.money import rounded


def with_digits(row: Record) -> dict[str, Any]:
    """A row of amounts with the digits of its ``currency``: sums of nothing come as a bare 0."""
    currency = row["currency"]
    return {
        name: rounded(value, currency) if isinstance(value, Decimal) else value
        for name, value in row.items()
    }
