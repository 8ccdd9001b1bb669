"""Tables as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

import msgspec

MEDIA_TYPE = "text/csv"

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_of(item: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> bytes:
    """A head line with the names on the wire, and a line for each row. Text is UTF-8."""
    fields = msgspec.structs.fields(item)
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([field.encode_name for field in fields])
    for row in rows:
        lines.writerow([_cell(getattr(row, field.name)) for field in fields])
    return text.getvalue().encode()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return format(value, "f")
        case datetime() | date():
            return value.isoformat()
        case str():
            return _harmless(value)
        case _:
            return str(value)


def _harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula (CWE-1236): such a one gets an apostrophe."""
    risky = text.lstrip(" \u00a0").startswith(_FORMULA) and not _NUMBER.fullmatch(text)
    return f"'{text}" if risky else text
