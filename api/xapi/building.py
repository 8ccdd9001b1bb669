"""What rows become in the domain, with what master data give for what was not sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from api.xapi.invoice_rows import Invoice as InvoiceRow
from api.xapi.part_rows import InvoicePayment
from api.xapi.references import Lines
from api.xapi.rows import Billed, Numbered, Resolve, Row, values_of
from domain.aggregate import Read
from domain.book_settings import settings_of
from domain.customer import CUSTOMER
from domain.defaults import completed, completed_entry, taxes_of
from domain.errors import RuleBroken, Violation
from domain.facts.invoice_parts import Header, TableEntry
from domain.facts.lines import Line, MiscLine, Tax
from domain.facts.payment import PaymentRecorded
from domain.money import ZERO, negative
from domain.tax_code import UNTAXED

R = TypeVar("R", bound=msgspec.Struct)

_replace = msgspec.structs.replace


class Building:
    """One call, while the domain's values are made of its rows.

    What is wrong is gathered in ``violations``, so that one answer tells all of it.
    """

    def __init__(self, read: Read, lines: Lines) -> None:
        self.read = read
        self.lines = lines
        self.violations: list[Violation] = []

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Gather what is refused inside, as standing at this place of the body."""
        try:
            yield
        except RuleBroken as refusal:
            self.violations += [
                _replace(it, pointer=place + it.pointer) for it in refusal.violations
            ]

    def check(self) -> None:
        """Refuse when anything is wrong so far."""
        if self.violations:
            raise RuleBroken(tuple(self.violations))

    # ------------------------------------------------------------ rows

    def part(self, row: Row, of: type[R], place: str = "", **more: Any) -> R:
        """The struct of the domain that the row says; ``more`` are fields that no row has."""
        return of(**values_of(row, self.resolver(place), of), **more)

    def line(self, row: Numbered, id_: str, header: Header, place: str = "") -> Line:
        """The line, completed by its code, the document and the customer."""
        values = values_of(row, self.resolver(place))
        if isinstance(row, Billed):
            taxes = self._taxes(row, place)
            values |= {"taxes": taxes} if taxes is not None else {}
        made: Line = row.OF(id=id_, **values)  # type: ignore[assignment]  # rows of lines say so
        line = completed(self.read, made, sent=values, header=header)
        return _unsigned(line) if isinstance(line, MiscLine) else line

    def header(self, row: InvoiceRow, of: type[R], **more: Any) -> R:
        """The header, with the taxes that new lines get."""
        taxes: tuple[Tax, ...] = ()
        with self.at(""):
            taxes = _of_codes(self.read, row)
        if row.tax2_percentage is not None:
            taxes = tuple(
                _replace(it, rate=Decimal(row.tax2_percentage)) if it.code == row.tax2_code else it
                for it in taxes
            )
        estimate = {"type": "Estimate"} if row.is_estimate else {}
        values = {**values_of(row, self.resolver(""), of), **estimate, **more}
        return of(**values, taxes=taxes)

    def entry(self, row: Row, id_: str, table: int) -> TableEntry:
        """The entry of a code table, completed by what the table has under its code."""
        values = values_of(row, self.resolver(""))
        made = TableEntry(id=id_, table=table, **values)
        return completed_entry(self.read, made, sent=values)

    def payment(self, row: InvoicePayment, header: Header, today: date) -> PaymentRecorded:
        """The money that came in, of the invoice's customer and in its currency unless it says so.

        Raises:
            RuleBroken: It is unknown who pays, or in which currency.
        """
        customer = self.read(CUSTOMER(header.customer_id)) if header.customer_id else None
        usual = header.currency or (customer and customer.currency)
        currency = row.currency or usual or settings_of(self.read).base_currency
        violations = []
        if header.customer_id is None:
            detail = "Say who pays: set the invoice's billToCode first."
            violations.append(Violation("P04", "/billToCode", detail))
        if currency is None:
            detail = "Say the currency: set it here or on the invoice."
            violations.append(Violation("P07", "/currency", detail))
        if violations:
            raise RuleBroken(tuple(violations))
        said = {"customer_id": header.customer_id, "currency": currency, "received_on": today}
        values = values_of(row, self.resolver(""))
        return PaymentRecorded(**{**said, **values})

    # ------------------------------------------------------------ references and taxes

    def resolver(self, place: str) -> Resolve:
        """Finds the lines that a row at this place refers to."""

        def resolve(ref: str, key: str) -> str:
            found = [ref]
            with self.at(place):
                found.append(self.lines.line(ref, f"/{key}"))
            return found[-1]

        return resolve

    def _taxes(self, row: Billed, place: str) -> tuple[Tax, ...] | None:
        """The taxes that the row says; ``None`` when it says nothing of them."""
        named = row.tax1_code or row.tax2_code or row.tax3_code
        rated = row.tax_rate is not None or row.tax_category is not None
        if named and rated:
            detail = "Say the taxes by their codes, or one by category and rate: not both."
            self.violations.append(Violation("tax-ambiguous", f"{place}/ratePct", detail))
            return None
        with self.at(place):
            if named:
                return _of_codes(self.read, row)
            if rated:
                return (_of_rate(row),)
        return None


def _of_codes(read: Read, row: Billed | InvoiceRow) -> tuple[Tax, ...]:
    """The taxes behind tax1Code to tax3Code, each included in the price or not as the row says."""
    found: list[Tax] = []
    violations: list[Violation] = []
    for number in (1, 2, 3):
        code = getattr(row, f"tax{number}_code")
        if code is None:
            continue
        try:
            (tax,) = taxes_of(read, [code])
        except RuleBroken as refusal:
            at = f"/tax{number}Code"
            violations += [_replace(it, pointer=at) for it in refusal.violations]
            continue
        included = getattr(row, f"tax{number}_included", None)
        found.append(tax if included is None else _replace(tax, included=included))
    if violations:
        raise RuleBroken(tuple(violations))
    return tuple(found)


def _of_rate(row: Billed) -> Tax:
    """The one tax that a category and a rate mean; one of them may be left out."""
    rate = None if row.tax_rate is None else Decimal(row.tax_rate)
    category = row.tax_category or ("S" if rate else "Z")
    if rate is None and category not in UNTAXED:
        detail = f"Say the rate of category {category}, in percent."
        raise RuleBroken((Violation("tax-rate", "/ratePct", detail),))
    return Tax(
        rate=rate or ZERO,
        category=category,
        included=row.tax1_included,
        exemption_code=row.exemption_code,
        exemption_text=row.exemption_text,
    )


def _unsigned(line: MiscLine) -> MiscLine:
    """A credit: a price is never below zero (EN 16931, BR-27), so its sign goes to the quantity."""
    if line.unit_price is None or line.unit_price >= ZERO or line.quantity is None:
        return line
    return _replace(line, unit_price=negative(line.unit_price), quantity=negative(line.quantity))
