"""What a new line copies from master data: a known code gives defaults, what was sent wins.

What is copied stays on the line: later changes of the master data do not reach it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from domain.aggregate import Read
from domain.code_entry import CodeEntry, entry_of
from domain.customer import CUSTOMER
from domain.errors import RuleBroken, Violation
from domain.facts.invoice_parts import Header, TableEntry
from domain.facts.lines import CommentLine, Line, Tax, kind_of
from domain.product import PRODUCT, Product
from domain.tax_code import TAX_CODE, tax_of

L = TypeVar("L", bound=Line)

_OF_PRODUCT = (
    *("description", "uom", "brand", "category", "color", "gtin", "weight", "location_code"),
    *("gl_account", "gl_cost_account", "term_months", "provider"),
)
_PRICES = ("unit_price", "list_price", "min_price", "cost")

_TABLES = {"labor": "labor-rates", "misc": "misc", "warranty": "warranties", "comment": "comments"}

_OF_ENTRY = {
    "description": "description",
    "unit_price": "amount",
    "misc_type": "type",
    "reason_code": "reason_code",
    "gl_account": "gl_account",
    "start_date": "start_date",
    "end_date": "end_date",
}
"""Fields of a line, and which field of a code table's entry they come from."""


def taxes_of(read: Read, codes: Sequence[str], *, pointer: str = "/taxes") -> tuple[Tax, ...]:
    """The taxes behind these codes.

    Raises:
        RuleBroken: There is no such tax code, or it is archived; all such codes are named.
    """
    taxes, violations = [], []
    for index, code in enumerate(codes):
        tax_code = read(TAX_CODE(code))
        if tax_code is None or not tax_code.active:
            detail = f"There is no tax code {code!r} in use: create it, or send the tax itself."
            violations.append(Violation("tax-code", f"{pointer}/{index}/code", detail))
        else:
            taxes.append(tax_of(code, tax_code))
    if violations:
        raise RuleBroken(tuple(violations))
    return tuple(taxes)


def completed(read: Read, line: L, *, sent: Collection[str], header: Header) -> L:
    """The line with what its code, the document and the customer give for what was not sent.

    A product's prices are in its own currency: they are of no use to a document in another one.
    """
    product = read(PRODUCT(line.code)) if line.code else None
    entry = _entry(read, line)
    values = {**_copied_from_entry(line, entry), **_copied_from_product(product, header.currency)}
    fresh = {
        name: value
        for name, value in values.items()
        if value is not None and name not in sent and name in line.__struct_fields__
    }
    if not isinstance(line, CommentLine) and "taxes" not in sent:
        fresh["taxes"] = _taxes(read, product, entry, header)
    return msgspec.structs.replace(line, **fresh) if fresh else line


def completed_entry(read: Read, entry: TableEntry, *, sent: Collection[str]) -> TableEntry:
    """The entry of table 1 or 2 with what its code gives for what was not sent."""
    known = read(entry_of(f"table{entry.table}", entry.code))
    if known is None:
        return entry
    values = {
        "description": known.description,
        "table_type": known.type,
        "amount": known.amount,
        "effective_from": known.start_date,
        "effective_to": known.end_date,
    }
    fresh = {name: it for name, it in values.items() if it is not None and name not in sent}
    return msgspec.structs.replace(entry, **fresh) if fresh else entry


def _entry(read: Read, line: Line) -> CodeEntry | None:
    table = _TABLES.get(kind_of(line))
    return read(entry_of(table, line.code)) if table and line.code else None


def _copied_from_product(product: Product | None, currency: str | None) -> Mapping[str, Any]:
    """What the product says; not its prices, where they are in another currency."""
    if product is None:
        return {}
    foreign = None not in {product.currency, currency} and product.currency != currency
    names = _OF_PRODUCT if foreign else (*_OF_PRODUCT, *_PRICES)
    return {name: getattr(product, name) for name in names}


def _copied_from_entry(line: Line, entry: CodeEntry | None) -> Mapping[str, Any]:
    if entry is None:
        return {}
    if isinstance(line, CommentLine):
        return {"description": entry.text or entry.description}
    return {name: getattr(entry, source) for name, source in _OF_ENTRY.items()}


def _taxes(
    read: Read, product: Product | None, entry: CodeEntry | None, header: Header
) -> tuple[Tax, ...]:
    """What is sold knows its tax best, then the document, then the customer."""
    if product is not None and product.taxes:
        return product.taxes
    named = (product and product.tax_code) or (entry and entry.tax_code)
    if not named:
        if header.taxes:
            return header.taxes
        customer = read(CUSTOMER(header.customer_id)) if header.customer_id else None
        named = customer.tax_code if customer else None
    tax_code = read(TAX_CODE(named)) if named else None
    return (tax_of(named, tax_code),) if named and tax_code and tax_code.active else ()
