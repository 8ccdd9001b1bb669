"""Decisions that make a new draft from an invoice: a copy, or what an estimate becomes.

Line ids of the copy are given by ``rename``, a function from the old id to the new one that answers
the same whenever it is asked, so that references between lines stay.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec

from domain.aggregate import Change, Fact, Read
from domain.errors import AlreadyExists, NotFound
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_life import InvoiceConverted
from domain.facts.invoice_parts import Header
from domain.facts.lines import (
    CommentLine,
    ItemLine,
    Line,
    MiscLine,
    ModelLine,
    PackageLine,
    WarrantyLine,
)
from domain.invoice.drafting import draft
from domain.invoice.evolve import INVOICE
from domain.invoice.guard import guard
from domain.invoice.state import Invoice

Rename: TypeAlias = Callable[[str], str]

_OF_ITS_TIME = (
    *("issue_date", "accounting_date", "due_date", "exchange_rate", "exchange_date"),
    *("tax_point_date", "tax_point_code"),
)
_OF_ITS_SALE = (
    *("expected_payment_date", "schedule_date", "pickup_date", "period_start", "period_end"),
    *("po_number", "job_status"),
)

_replace = msgspec.structs.replace


def copy(
    read: Read, source_id: str, invoice_id: str, *, rename: Rename, author: str | None = None
) -> list[Change]:
    """Open a draft with the same customer, lines, addresses and table entries.

    Dates, rates, serial numbers, taxes set by hand, notes and files are of the source alone.
    """
    source = _invoice(read, source_id)
    guard(source, "copy")
    _must_be_free(read, invoice_id)
    header = _header(source, without=(*_OF_ITS_TIME, *_OF_ITS_SALE))
    drafted = InvoiceDrafted(**header, author=author, copied_from=source_id)
    return [(INVOICE(invoice_id), _draft(source, drafted, rename))]


def convert(
    read: Read,
    estimate_id: str,
    invoice_id: str,
    *,
    rename: Rename,
    author: str | None = None,
    type_: str = "Sales",
) -> list[Change]:
    """Open the invoice that an estimate becomes, and close the estimate for good.

    It keeps what was agreed: also the dates of delivery, and the files. It is dated anew.

    Raises:
        NotAllowed: It is no estimate, or became an invoice already.
    """
    estimate = _invoice(read, estimate_id)
    guard(estimate, "convert")
    _must_be_free(read, invoice_id)
    header = {**_header(estimate, without=_OF_ITS_TIME), "type": type_}
    drafted = InvoiceDrafted(**header, author=author, copied_from=estimate_id)
    files = [_replace(it, id=rename(it.id)) for it in estimate.attachments]
    overrides = [_replace(it, id=rename(it.id)) for it in estimate.overrides]
    facts = _draft(estimate, drafted, rename)
    more = draft(drafted, overrides=overrides, attachments=files)[1:]
    return [
        (INVOICE(estimate_id), [InvoiceConverted(invoice_id=invoice_id)]),
        (INVOICE(invoice_id), [*facts, *more]),
    ]


def _invoice(read: Read, invoice_id: str) -> Invoice:
    invoice = read(INVOICE(invoice_id))
    if invoice is None:
        raise NotFound("invoice", invoice_id)
    return invoice


def _must_be_free(read: Read, invoice_id: str) -> None:
    if read(INVOICE(invoice_id)) is not None:
        raise AlreadyExists("invoice", invoice_id)


def _header(invoice: Invoice, *, without: tuple[str, ...]) -> dict[str, Any]:
    return {it: getattr(invoice, it) for it in Header.__struct_fields__ if it not in without}


def _draft(source: Invoice, drafted: InvoiceDrafted, rename: Rename) -> list[Fact]:
    return draft(
        drafted,
        _renamed(source.lines, rename),
        addresses=source.addresses,
        tables=[_replace(it, id=rename(it.id)) for it in source.tables],
    )


def _renamed(lines: Sequence[Line], rename: Rename) -> list[Line]:
    """The lines under new ids, with the references between them; without serial numbers."""
    ids = {line.id: rename(line.id) for line in lines}

    def other(id_: str | None) -> str | None:
        return None if id_ is None else ids.get(id_, id_)

    return [_pointing(_replace(line, id=ids[line.id]), other) for line in lines]


def _pointing(line: Line, other: Callable[[str | None], str | None]) -> Line:
    if isinstance(line, CommentLine):
        return _replace(line, after_line_id=other(line.after_line_id))
    line = _replace(line, package_id=other(line.package_id))
    match line:
        case ModelLine():
            return _replace(line, serials=())
        case ItemLine():
            return _replace(line, for_line_id=other(line.for_line_id))
        case MiscLine():
            return _replace(line, applies_to=other(line.applies_to))
        case WarrantyLine():
            covers = tuple(_replace(it, line_id=other(it.line_id)) for it in line.covers)
            return _replace(line, covers=covers)
        case PackageLine():
            parts = tuple(_replace(it, line_id=other(it.line_id)) for it in line.components)
            return _replace(line, components=parts)
        case _:
            return line
