"""What somebody should look at, though the call succeeds: remarks that posting makes as well."""

from collections.abc import Iterator, Sequence
from datetime import date

from domain.aggregate import Change, Read, fold
from domain.code_entry import entry_of
from domain.customer import CUSTOMER
from domain.facts.invoice import InvoiceDrafted, InvoiceLineAdded, InvoiceTableAssigned
from domain.facts.invoice_parts import TableEntry
from domain.facts.payment import PaymentRecorded
from domain.invoice import INVOICE, Invoice
from domain.posting.case import named_lines
from domain.posting.goods import remarks
from domain.posting.parties import check_customer


def warnings_of(read: Read, changes: Sequence[Change], today: date) -> Iterator[str]:
    """Sentences about what these changes bring: codes that are unknown, obsolete or out of time."""
    for stream, facts in changes:
        if stream.aggregate is INVOICE:
            lines = tuple(it.line for it in facts if isinstance(it, InvoiceLineAdded))
            after = fold(INVOICE, facts, read(INVOICE(stream.id)))
            day = (after and after.issue_date) or today
            for named in named_lines(read, Invoice(lines=lines)):
                yield from (it.detail for it in remarks(named, day))
        for fact in facts:
            if isinstance(fact, InvoiceDrafted) and fact.customer_id is not None:
                customer = read(CUSTOMER(fact.customer_id))
                yield from (it.detail for it in check_customer(fact.customer_id, customer))
            elif isinstance(fact, InvoiceTableAssigned):
                yield from _unknown(read, fact.entry)
            elif isinstance(fact, PaymentRecorded) and fact.deposit:
                yield f"The payment is a deposit: apply {stream.id} once the invoice is posted."


def _unknown(read: Read, entry: TableEntry) -> Iterator[str]:
    if read(entry_of(f"table{entry.table}", entry.code)) is None:
        yield f"There is no {entry.code!r} in table {entry.table} of this book."
