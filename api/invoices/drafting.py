"""From the body of a new draft to the decision that opens it."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from api.caller import Caller
from api.invoice_schemas import InvoiceIn
from api.invoices.new_lines import NewLine, completed_lines, new_lines, taxes_by_codes
from api.invoices.showing import with_serials
from domain import invoice as decisions
from domain.aggregate import Change, Read, Stream
from domain.code_entry import entry_of
from domain.customer import CUSTOMER
from domain.defaults import completed_entry
from domain.facts.invoice import InvoiceDrafted
from domain.facts.invoice_parts import Address, Note, TableEntry, TaxOverride
from domain.facts.lines import kind_of
from domain.posting.case import CODE_TABLES
from domain.product import PRODUCT
from store.ids import new_id


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A draft as it was sent, under ids of its own: its decision may be taken several times."""

    id: str
    header: InvoiceDrafted
    tax_codes: tuple[str, ...] | None
    lines: tuple[NewLine, ...]
    addresses: tuple[Address, ...]
    notes: tuple[Note, ...]
    tables: tuple[tuple[TableEntry, frozenset[str]], ...]
    overrides: tuple[TaxOverride, ...]

    @classmethod
    def of(cls, data: InvoiceIn, author: str) -> "Draft":
        """The draft that this body means. ``author`` opens it.

        Raises:
            RuleBroken: Lines have fields that lines of their kind do not have.
        """
        return cls(
            id=new_id("inv"),
            header=data.header(author),
            tax_codes=tuple(data.tax_codes) if isinstance(data.tax_codes, list) else None,
            lines=new_lines(data.lines),
            addresses=tuple(it.address(it.kind) for it in data.addresses),
            notes=tuple(it.note(author) for it in data.notes),
            tables=tuple(it.entry() for it in data.tables),
            overrides=tuple(it.override() for it in data.tax_overrides),
        )

    def decide(self, read: Read) -> Sequence[Change]:
        """Open the draft, with what master data give. Raises ``RuleBroken``."""
        header = self.header
        if self.tax_codes is not None:
            taxes = taxes_by_codes(read, self.tax_codes, "")
            header = msgspec.structs.replace(header, taxes=taxes)
        facts = decisions.draft(
            header,
            completed_lines(read, self.lines, header),
            addresses=self.addresses,
            notes=self.notes,
            tables=[completed_entry(read, it, sent=sent) for it, sent in self.tables],
            overrides=self.overrides,
        )
        return with_serials(read, self.id, facts)

    async def warm(self, caller: Caller) -> None:
        """Have what the decision looks at in memory: one question instead of one for each code."""
        await caller.books.warm(caller.book_id, [*self._streams()])

    def _streams(self) -> Iterator[Stream[Any]]:
        if self.header.customer_id:
            yield CUSTOMER(self.header.customer_id)
        for it in self.lines:
            if it.line.code:
                yield PRODUCT(it.line.code)
                table = CODE_TABLES.get(kind_of(it.line))
                if table is not None:
                    yield entry_of(table, it.line.code)
