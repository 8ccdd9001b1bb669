"""A flat sales file: CSV with one row for each line of an invoice, as shop systems export it.

What cannot be understood as a whole is refused. A row that is wrong rejects only its invoice. What
stands in a row is held to the bounds of the HTTP API: no file brings in what no client could send.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from api.line_schemas import LineIn
from api.wire import CODE_PATTERN, Patch, ShortText
from daybook.sales.countries import country_code
from daybook.sales.dates import DateFormat, UnclearDates, date_of, detect
from domain.money import product, rounded, total

COLUMNS = tuple(
    "InvoiceNo StockCode Description Quantity InvoiceDate UnitPrice CustomerID Country".split()
)
_BAD_ROW = "bad-row"
_CODE = re.compile(CODE_PATTERN)
_MAX_CODE = 64
_SHOWN = 60
_EXPECTED = {
    "code": ("StockCode", "is no code: 1 to 64 visible characters without '/' or '\\'"),
    "description": ("Description", "is no line of at most 200 printable characters"),
    "quantity": ("Quantity", "is no number such as 6, -1 or 2.5 (at most 6 decimals)"),
    "unitPrice": ("UnitPrice", "is no price such as 2.55 (at most 6 decimals, no sign but -)"),
}


class Malformed(Exception):
    """The file cannot be understood. The message says where, why and what to do."""


class Fault(NamedTuple):
    """Why an invoice of the file cannot be imported: a stable code, and a sentence."""

    code: str
    detail: str


class SalesInvoice(msgspec.Struct, kw_only=True):
    """The rows of one invoice. ``at`` are the lines of the file on which its ``lines`` stand.

    ``faults`` says what is wrong with the rows; then the rest may be incomplete.
    """

    number: str
    issue_date: date | None = None
    customer_id: str | None = None
    country: str | None = None
    lines: list[LineIn] = []
    at: list[int] = []
    faults: list[Fault] = []

    @property
    def is_cancellation(self) -> bool:
        """Whether its number marks it as the cancellation of another invoice."""
        return self.number[:1] in {"C", "c"}

    def net(self, currency: str) -> Decimal:
        """The sum of the lines without tax, each rounded once."""
        amounts = [
            product(Decimal(line.quantity), Decimal(line.unit_price))
            for line in self.lines
            if line.quantity and line.unit_price
        ]
        return total(rounded(amount, currency) for amount in amounts)


class SalesFile(NamedTuple):
    """The invoices of a file, by date and then as they stand there, and its count of rows."""

    invoices: list[SalesInvoice]
    rows: int


class _SoldLine(LineIn, kw_only=True):
    """A line of a file: its description stands on one line, as in the table it comes from."""

    description: Patch[ShortText] = UNSET


class _Row(NamedTuple):
    """A row under the names of its columns, and the line of the file on which it ends."""

    at: int
    cells: Mapping[str, str]
    uneven: bool


def read_sales(content: bytes, *, date_format: DateFormat | None = None) -> SalesFile:
    """Read a file; without a ``date_format``, its dates must tell it.

    Raises:
        Malformed: It is no UTF-8, no CSV, lacks columns, or leaves its dates open.
    """
    rows = list(_rows(_text(content)))
    if date_format is None:
        try:
            date_format = detect({row.cells["InvoiceDate"]: None for row in rows})
        except UnclearDates as unclear:
            raise Malformed(str(unclear)) from unclear
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        groups.setdefault(row.cells["InvoiceNo"], []).append(row)
    invoices = [_invoice(number, group, date_format) for number, group in groups.items()]
    invoices.sort(key=lambda invoice: invoice.issue_date or date.min)
    return SalesFile(invoices, len(rows))


def is_code(text: str) -> bool:
    """Whether this can be the code of a customer."""
    return len(text) <= _MAX_CODE and _CODE.match(text) is not None


# ---------------------------------------------------------------- rows


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Malformed(
            f"Line {line} is not UTF-8 (byte 0x{content[error.start]:02x}). Save the file as "
            "UTF-8, for example with: iconv -f LATIN1 -t UTF-8."
        ) from error


def _rows(text: str) -> Iterator[_Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        _check_header(names)
        for cells in reader:
            if not any(cells):
                continue
            stripped = [cell.strip() for cell in cells]
            uneven = len(cells) != len(names)
            stripped += [""] * (len(names) - len(cells))
            yield _Row(reader.line_num, dict(zip(names, stripped, strict=False)), uneven)
    except csv.Error as error:
        raise Malformed(
            f"Line {reader.line_num} is no CSV: {error}. A quotation mark may be missing there or "
            "above."
        ) from error


def _check_header(names: Sequence[str]) -> None:
    if lacking := [name for name in COLUMNS if name not in names]:
        raise Malformed(
            f"Line 1 must name the columns, separated by commas; {', '.join(lacking)} "
            f"{'is' if len(lacking) == 1 else 'are'} missing. It reads: "
            f"{_shown(','.join(names))}"
        )
    if repeated := [name for name in COLUMNS if names.count(name) > 1]:
        raise Malformed(f"Line 1 names {', '.join(repeated)} more than once; which one counts?")


# ---------------------------------------------------------------- one invoice


def _invoice(number: str, rows: Sequence[_Row], date_format: DateFormat) -> SalesInvoice:
    dates = {date_of(row.cells["InvoiceDate"], date_format) for row in rows}
    customers = {row.cells["CustomerID"] for row in rows} - {""}
    faults = [*_number_faults(number, rows), *_buyer_faults(customers)]
    lines = []
    for row in rows:
        line = _line(row)
        if isinstance(line, Fault):
            faults.append(line)
        else:
            lines.append(line)
        if date_of(row.cells["InvoiceDate"], date_format) is None:
            shown = _shown(row.cells["InvoiceDate"])
            detail = f"Line {row.at}: InvoiceDate {shown} is no date ({date_format})."
            faults.append(Fault(_BAD_ROW, detail))
    if len(dates - {None}) > 1:
        days = " and ".join(str(day) for day in sorted(day for day in dates if day)[:2])
        faults.append(Fault("mixed-dates", f"Its rows are dated {days}: an invoice has one date."))
    return SalesInvoice(
        number=number,
        issue_date=min((day for day in dates if day), default=None),
        customer_id=min(customers, default=None),
        country=next((code for row in rows if (code := country_code(row.cells["Country"]))), None),
        lines=lines,
        at=[row.at for row in rows],
        faults=faults,
    )


def _number_faults(number: str, rows: Sequence[_Row]) -> Iterator[Fault]:
    if not number:
        yield Fault(_BAD_ROW, f"Line {rows[0].at} names no invoice (InvoiceNo is empty).")
        return
    try:
        msgspec.convert(number, ShortText)
    except msgspec.ValidationError:
        detail = f"Line {rows[0].at}: InvoiceNo {_shown(number)} {_EXPECTED['description'][1]}."
        yield Fault(_BAD_ROW, detail)


def _buyer_faults(customers: set[str]) -> Iterator[Fault]:
    if len(customers) > 1:
        names = " and ".join(_shown(name) for name in sorted(customers)[:2])
        yield Fault("mixed-customers", f"Its rows name the customers {names}: one buys.")
    for customer in sorted(customers):
        if not is_code(customer):
            detail = f"CustomerID {_shown(customer)} {_EXPECTED['code'][1]}."
            yield Fault(_BAD_ROW, detail)


def _line(row: _Row) -> LineIn | Fault:
    if row.uneven:
        return Fault(_BAD_ROW, f"Line {row.at} has not as many fields as line 1 has columns.")
    cells = row.cells
    values = {
        "code": cells["StockCode"] or None,
        # A question mark is what people type when they do not know what was sold.
        "description": cells["Description"] if cells["Description"].strip("? ") else None,
        "quantity": cells["Quantity"] or None,
        "unitPrice": cells["UnitPrice"] or None,
    }
    try:
        return msgspec.convert(values, _SoldLine)
    except msgspec.ValidationError as error:
        column, expected = _EXPECTED[str(error).rpartition("$.")[2].rstrip("`")]
        return Fault(_BAD_ROW, f"Line {row.at}: {column} {_shown(cells[column])} {expected}.")


def _shown(text: str) -> str:
    """The text as it is told to people: quoted, on one line, not too long."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
