"""What the rules of posting look at: an invoice as it would be posted, and all that bears on it."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from domain.aggregate import Read
from domain.amounts.packages import package_members
from domain.book_settings import settings_of
from domain.code_entry import CodeEntry, entry_of
from domain.customer import CUSTOMER, Customer
from domain.facts.invoice_parts import Totals
from domain.facts.lines import BilledLine, CommentLine, kind_of
from domain.facts.settings import BookSettings
from domain.invoice import Invoice
from domain.invoice_totals import amounts
from domain.product import PRODUCT, Product
from domain.series import SERIES, Numbering, Series, numbering

ON_ACCOUNT = "AR"
"""The terms by which the customer owes until the due date. No terms mean these."""

CODE_TABLES = {"labor": "labor-rates", "misc": "misc", "warranty": "warranties"}
"""The code table in which a line of this kind finds its code; the others name products."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What comes with the command.

    ``expected_total``: the gross total that the client believes in (P52). ``similar``: numbers or
    ids of documents that may be the same sale, as the caller found them (P62). ``overrides``: the
    codes of rules (P32, P60) that the caller is allowed to break; they become warnings.
    """

    today: date
    expected_total: Decimal | None = None
    similar: tuple[str, ...] = ()
    overrides: frozenset[str] = frozenset()


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A line with a code, and what master data say about the code."""

    at: str
    line: BilledLine
    product: Product | None
    entry: CodeEntry | None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that is to be posted.

    ``draft`` is as it was written; in ``invoice`` the dates that follow from others are filled in.
    ``members`` are the indexes of the lines inside of each package, by the package's own index.
    """

    invoice_id: str
    draft: Invoice
    invoice: Invoice
    issue_date: date
    accounting_date: date
    due_date: date
    customer: Customer | None
    settings: BookSettings
    numbering: Numbering
    series: Series | None
    totals: Totals
    nets: tuple[Decimal, ...]
    members: dict[int, tuple[int, ...]]
    named: tuple[Named, ...]
    asked: Asked
    read: Read

    @property
    def terms(self) -> str:
        """How it is to be paid: as the invoice says, else as its customer usually pays."""
        usual = self.customer.terms if self.customer else None
        return self.invoice.terms or usual or ON_ACCOUNT

    @property
    def billed(self) -> Iterator[tuple[str, BilledLine]]:
        """Every line that is no comment, with the JSON Pointer to it."""
        return _billed(self.invoice)

    @property
    def inside(self) -> frozenset[str]:
        """The pointers to the lines inside of packages, which have their price from there."""
        return frozenset(f"/lines/{index}" for them in self.members.values() for index in them)

    @property
    def base_gross(self) -> Decimal | None:
        """The gross total in the book's currency; ``None`` while there is no rate for it."""
        if self.totals.base is not None:
            return self.totals.base.gross
        same = self.settings.base_currency in {None, self.invoice.currency}
        return self.totals.gross if same else None


def case_of(read: Read, invoice_id: str, draft: Invoice, asked: Asked) -> Case:
    """Read all that the rules look at."""
    settings = settings_of(read)
    customer = read(CUSTOMER(draft.customer_id)) if draft.customer_id else None
    issue_date = draft.issue_date or asked.today
    due_date = draft.due_date or _due(read, issue_date, draft, customer, settings)
    accounting_date = draft.accounting_date or issue_date
    invoice = msgspec.structs.replace(
        draft, issue_date=issue_date, accounting_date=accounting_date, due_date=due_date
    )
    sums = amounts(invoice, base_currency=settings.base_currency)
    chosen = numbering(settings, invoice.type, invoice.branch, issue_date)
    return Case(
        invoice_id=invoice_id,
        draft=draft,
        invoice=invoice,
        issue_date=issue_date,
        accounting_date=accounting_date,
        due_date=due_date,
        customer=customer,
        settings=settings,
        numbering=chosen,
        series=read(SERIES(chosen.series)),
        totals=sums.totals,
        nets=sums.nets,
        members=package_members(invoice.lines),
        named=tuple(named_lines(read, invoice)),
        asked=asked,
        read=read,
    )


def _due(
    read: Read,
    issue_date: date,
    draft: Invoice,
    customer: Customer | None,
    settings: BookSettings,
) -> date:
    """Days after the issue date, but never past the last date there is: a draft may name any."""
    days = settings.payment_days
    terms = read(entry_of("terms", draft.terms)) if draft.terms else None
    if terms is not None and terms.amount is not None:
        days = int(terms.amount)
    elif customer is not None and customer.payment_days is not None:
        days = customer.payment_days
    return issue_date + timedelta(days=min(max(days, 0), (date.max - issue_date).days))


def _billed(invoice: Invoice) -> Iterator[tuple[str, BilledLine]]:
    for index, line in enumerate(invoice.lines):
        if not isinstance(line, CommentLine):
            yield f"/lines/{index}", line


def named_lines(read: Read, invoice: Invoice) -> Iterator[Named]:
    """The lines with a code. Each code is looked up once, however many lines name it."""
    known: dict[tuple[str, str], tuple[Product | None, CodeEntry | None]] = {}
    for at, line in _billed(invoice):
        if line.code is None:
            continue
        kind = kind_of(line)
        if (kind, line.code) not in known:
            table = CODE_TABLES.get(kind)
            entry = read(entry_of(table, line.code)) if table else None
            known[kind, line.code] = read(PRODUCT(line.code)), entry
        product, entry = known[kind, line.code]
        yield Named(at=at, line=line, product=product, entry=entry)
